"""Processes that say in one line where they listen, and what they weigh."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # Slack's own example of a signing secret


@dataclass(frozen=True, slots=True)
class Listening:
    """A process that is up; `seconds` is how long that took."""

    process: Process
    said: str
    seconds: float

    @property
    def resident_mb(self) -> float:
        """What it holds in memory now."""
        return _status_mb(self.process.pid, "VmRSS")


@asynccontextmanager
async def listening(module: str, *words: str, env: Mapping[str, str]) -> AsyncIterator[Listening]:
    """Run `python -m module` until the end of the block."""
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *words), env=os.environ | dict(env), stdout=PIPE
    )
    assert process.stdout, "asked for above"
    try:
        said = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        assert said, f"{module} ended before it said where it listens"
        yield Listening(process, said, time.perf_counter() - begun)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ran to its end."""

    seconds: float
    peak_mb: float


async def finished(
    module: str, *words: str, given: bytes = b"", env: Mapping[str, str] = MappingProxyType({})
) -> Finished:
    """Run `python -m module` to its end, or until cancelled; `given` goes to its stdin."""
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *words),
        env=os.environ | dict(env),
        stdin=PIPE,
        stdout=DEVNULL,
    )
    assert process.stdin, "asked for above"
    peak = 0.0
    try:
        process.stdin.write(given)
        await process.stdin.drain()
        process.stdin.close()
        waiting = asyncio.ensure_future(process.wait())
        while not waiting.done():
            peak = max(peak, _status_mb(process.pid, "VmHWM"))
            await asyncio.wait([waiting], timeout=0.05)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{module} ended with {process.returncode}"
    return Finished(time.perf_counter() - begun, peak)


def _status_mb(pid: int, name: str) -> float:
    """From /proc; 0 once the process is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = [line for line in status.splitlines() if line.startswith(name)]
    return int(found[0].split()[1]) / 1024 if found else 0.0
