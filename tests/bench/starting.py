"""From the start of the process to its first answer, and what it then holds in memory, idle."""

import asyncio
import json
import tempfile
from pathlib import Path

from tests.bench.places import Place
from tests.bench.processes import SECRET, Listening, listening
from tests.bench.table import Line
from tests.bench.timing import Taken

_POLICY = '[workspace]\nadmins = ["U00000"]\nreviewers = ["U00001"]\n'
_SETTLED_SECONDS = 1.0


async def measure(place: Place, *, rounds: int) -> list[Line]:
    """By turns; where there are several rounds, the first only fills the disk's cache."""
    ours: list[tuple[float, float]] = []
    floor: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        policy = Path(folder) / "policy.toml"
        policy.write_text(_POLICY, encoding="utf-8")
        async with listening("tests.bench.slack", env={}) as slack:
            env = json.loads(slack.said) | {
                "SLACK_SIGNING_SECRET": SECRET,
                "DATABASE_URL": place.url,
                "POLICY_FILE": str(policy),
            }
            for _ in range(rounds + 1 if rounds > 1 else 1):
                ours.append(await _started("tests.bench.serving_bot", env))
                floor.append(await _started("tests.bench.serving_bare", env))
    return _lines(place.database, ours[-rounds:], floor[-rounds:])


async def _started(module: str, env: dict[str, str]) -> tuple[float, float]:
    async with listening(module, env=env) as server:
        return server.seconds, await _idle_mb(server)


async def _idle_mb(server: Listening) -> float:
    await asyncio.sleep(_SETTLED_SECONDS)  # what starting needed has been given back by then
    return server.resident_mb


def _lines(
    database: str, ours: list[tuple[float, float]], floor: list[tuple[float, float]]
) -> list[Line]:
    start = [Taken(tuple(seconds for seconds, _ in taken)) for taken in (ours, floor)]
    weight = [Taken(tuple(mb for _, mb in taken)) for taken in (ours, floor)]
    return [
        Line("start to ready", database, *start, aim=1.5),
        Line("idle memory", database, *weight, aim=1.3, megabytes=True),
    ]
