"""Whether everybody was answered in the time that Slack waits, while there were bots to answer.

A payload that meets a bot that is killed, frozen or deaf has no answer: Slack says so to the
person. Nothing else excuses one that is late: no held row, no database that starts anew, no Slack
that fails.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

SLACK_WAITS = 3.0
_PULSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody waited from then to then, by the monotonic clock, for an answer to this."""

    what: str
    began: float
    ended: float
    answered: bool

    @property
    def seconds(self) -> float:
        """How long."""
        return self.ended - self.began


@dataclass
class Answers:
    """How long each waited, when bots were away, and by how much this machine was late."""

    waits: list[Wait] = field(default_factory=list)
    absences: list[tuple[float, float]] = field(default_factory=list)
    lags: list[tuple[float, float]] = field(default_factory=list)
    """When a pulse came, and by how many seconds too late: the bots were held up as long."""

    @contextmanager
    def away(self) -> Iterator[None]:
        """In this block a bot is not there to answer."""
        began = monotonic()
        try:
            yield
        finally:
            self.absences.append((began, monotonic()))

    async def watch(self, until: asyncio.Event) -> None:
        """Notice how busy the machine is."""
        while not until.is_set():
            began = monotonic()
            with suppress(TimeoutError):
                async with asyncio.timeout(_PULSE_SECONDS):
                    await until.wait()
            self.lags.append((monotonic(), monotonic() - began - _PULSE_SECONDS))

    def late(self) -> Iterator[str]:
        """Who was not answered in time although every bot was there."""
        for wait in self.waits:
            away = any(
                began <= wait.ended and wait.began <= ended for began, ended in self.absences
            )
            if away or (wait.answered and wait.seconds <= SLACK_WAITS + 2 * self._lag(wait)):
                continue
            how = "answered after" if wait.answered else "not answered in"
            yield f"{wait.what} was {how} {wait.seconds:.1f} s"

    def _lag(self, wait: Wait) -> float:
        inside = (lag for at, lag in self.lags if wait.began <= at <= wait.ended + _PULSE_SECONDS)
        return sum(inside)
