"""How a figure is taken: rounds of ours and the floor by turns, medians of them, and the spread."""

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], Awaitable[object]]
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of each round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one, in seconds."""
        return statistics.median(self.rounds)

    @property
    def spread(self) -> float:
        """How far the rounds lie apart, as a share of the middle one."""
        return (max(self.rounds) - min(self.rounds)) / self.median if self.median else 0.0


async def by_turns(*works: Work, rounds: int = ROUNDS, times: int = 1) -> list[Taken]:
    """Each work `times` times a round, by turns, after one round that does not count."""
    found: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for taken, work in zip(found, works, strict=True):
            seconds = await _seconds(work, times)
            if number:
                taken.append(seconds / times)
    return [Taken(tuple(taken)) for taken in found]


async def _seconds(work: Work, times: int) -> float:
    gc.collect()
    begun = time.perf_counter()
    for _ in range(times):
        await work()
    return time.perf_counter() - begun


def p99(seconds: Sequence[float]) -> float:
    """The slowest of a hundred."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.99))]
