"""ExportLoop of everything, made as the bot makes them, beside the bare cursor and library.

The floor writes the same columns: rows straight from the driver, details decoded, the same number
of cells. For XLSX the library is fed such rows from memory, again and again the same 2,000.
"""

import asyncio
import tempfile
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.exports.make import Order
from store import exports
from store.domain.export import Format
from store.domain.lists.query import ListQuery, Scope
from tests.bench.places import POLICY, Place
from tests.bench.processes import Finished, finished
from tests.bench.table import Line
from tests.bench.timing import Taken

_AIMS = {Format.CSV: 2.0, Format.XLSX: 1.3}
PEAK_MB, BLOCKED = 150, 0.05
TICK = 0.005
"""How often the event loop is looked at, in seconds."""
SCHEDULED = Path("/proc/thread-self/schedstat")
ZONE = "Asia/Manila"


@dataclass(frozen=True, slots=True)
class Watched:
    """A process that ran to its end, and the longest that the event loop was held meanwhile.

    `starved` is how much of that it was ready and had no processor: what others took, we did not.
    """

    ended: Finished
    held: float
    starved: float


async def measure(many: Place, *, rounds: int) -> list[Line]:
    """CSV and XLSX by turns with their floors, and how long the event loop was held beside each."""
    lines = []
    for format, aim in _AIMS.items():
        ours: list[Watched] = []
        floor: list[Watched] = []
        for _ in range(rounds):
            ours.append(await _ours(many, format))
            floor.append(await _floor(many, format))
        work = f"export of {many.count:,} requests as {format.value.upper()}"
        lines += [_making(work, many, ours, floor, aim), _holding(work, many, ours, floor)]
    return lines


def _making(work: str, many: Place, ours: list[Watched], floor: list[Watched], aim: float) -> Line:
    seconds = [Taken(tuple(one.ended.seconds for one in runs)) for runs in (ours, floor)]
    peak = max(one.ended.peak_mb for one in ours)
    return Line(
        work, many.database, seconds[0], seconds[1], aim=aim, peak_mb=peak, peak_aim=PEAK_MB
    )


def _holding(work: str, many: Place, ours: list[Watched], floor: list[Watched]) -> Line:
    """The longest of all rounds; the floor is an idle loop beside the bare export."""
    longest = max(ours, key=lambda one: one.held)
    idle = Taken((max(one.held for one in floor),))
    note = f"{longest.starved * 1000:.0f} ms of it without a processor"
    held = Taken((longest.held,))
    return Line(f"{work}: event loop held", many.database, held, idle, limit=BLOCKED, note=note)


async def _ours(many: Place, format: Format) -> Watched:
    """Have the file made as the bot does."""
    now = datetime.now(UTC)
    async with many.store() as db:
        await exports.ask(db, ListQuery(Scope.ALL), format, asker="U00000", now=now)
        export = await exports.claim(db, owner="bench", now=now)
        assert export, "it was just asked for"
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            path = Path(folder) / "file"
            order = Order(database_url=many.url, policy=POLICY, path=path, zone=ZONE)
            told = f"{order.model_dump_json()}\n".encode()
            made = await _watched(finished("bot.exports", str(export.id), given=told))
        await exports.finish(db, export, now=now, rows=many.count)
    return made


async def _floor(many: Place, format: Format) -> Watched:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = str(Path(folder) / "file")
        return await _watched(finished("tests.bench.bare_export", many.url, format.value, path))


async def _watched(run: Coroutine[Any, Any, Finished]) -> Watched:
    making, held, starved = asyncio.ensure_future(run), 0.0, 0.0
    while not making.done():
        begun, waited = time.perf_counter(), _waited()
        await asyncio.sleep(TICK)
        longer = time.perf_counter() - begun - TICK
        if longer > held:
            held, starved = longer, _waited() - waited
    return Watched(await making, held, starved)


def _waited() -> float:
    """Seconds this thread has been ready and without a processor, as the kernel counts them."""
    return int(SCHEDULED.read_text().split()[1]) / 1e9 if SCHEDULED.exists() else 0.0
