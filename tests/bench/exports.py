"""Downloads of everything, made as the bot makes them, beside the bare cursor and library.

The floor writes the same columns: rows straight from the driver, details decoded, the same number
of cells. For XLSX the library is fed such rows from memory, again and again the same 2,000.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.export.making import Order
from store import exports
from store.domain.export import Format
from store.domain.query import ListQuery, Scope
from tests.bench.places import POLICY, Place
from tests.bench.processes import Finished, finished
from tests.bench.table import Line
from tests.bench.timing import Taken

_AIMS = {Format.CSV: 2.0, Format.XLSX: 1.3}
PEAK_MB, BLOCKED = 150, 0.05
ZONE = "Asia/Manila"


async def measure(many: Place, *, rounds: int) -> list[Line]:
    """CSV and XLSX by turns with their floors, and how long the event loop was held meanwhile."""
    lines = []
    for format, aim in _AIMS.items():
        ours: list[Finished] = []
        floor: list[Finished] = []
        blocked = 0.0
        for _ in range(rounds):
            blocked = max(blocked, await _ours(many, format, ours))
            floor.append(await _floor(many, format))
        taken = [Taken(tuple(one.seconds for one in runs)) for runs in (ours, floor)]
        work = f"export of {many.count:,} requests as {format.value.upper()}"
        peak = max(one.peak_mb for one in ours)
        lines.append(Line(work, many.database, *taken, aim=aim, peak_mb=peak, peak_aim=PEAK_MB))
        held = Taken((blocked,))
        lines.append(Line(f"{work}: event loop held", many.database, held, limit=BLOCKED))
    return lines


async def _ours(many: Place, format: Format, runs: list[Finished]) -> float:
    """Have the file made; the longest that anything else had to wait meanwhile."""
    now = datetime.now(UTC)
    async with many.store() as db:
        await exports.ask(db, ListQuery(Scope.ALL), format, asker="U00000", now=now)
        export = await exports.claim(db, owner="bench", now=now)
        assert export, "it was just asked for"
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            path = Path(folder) / "file"
            order = Order(database_url=many.url, policy=POLICY, path=path, zone=ZONE)
            told = f"{order.model_dump_json()}\n".encode()
            making = asyncio.ensure_future(finished("bot.export", str(export.id), given=told))
            blocked = await _longest_hold(making)
            runs.append(await making)
        await exports.finish(db, export, now=now, rows=many.count)
    return blocked


async def _longest_hold(making: "asyncio.Future[Finished]") -> float:
    longest = 0.0
    while not making.done():
        begun = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, time.perf_counter() - begun - 0.005)
    return longest


async def _floor(many: Place, format: Format) -> Finished:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = str(Path(folder) / "file")
        return await finished("tests.bench.bare_export", many.url, format.value, path)
