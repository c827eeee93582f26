"""When new requests for one reader are too many for a card each. Pure.

The first few within QUIET are cards at once. What comes after them, or more than those together, is
gathered into one message; it grows until none has come for QUIET. Then a new count begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from store.domain.request import Audience, Environment

QUIET = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Count:
    """How many requests one reader has got since a moment, and when the last came.

    `burst` is the message that they are gathered into, by its number; None while each is a card.
    """

    since: datetime
    last_at: datetime
    requests: int = 0
    burst: int | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether what comes now begins a new one; a clock that was wrong holds up none."""
        begun = self.since if self.burst is None else self.last_at
        return abs(now - begun) >= QUIET


def counted(before: Count | None, new: int, now: datetime) -> Count:
    """The count with so many more that are owed together."""
    count = Count(now, now) if before is None or before.is_over(now) else before
    return replace(count, last_at=max(count.last_at, now), requests=count.requests + new)


def gathers(count: Count, most: int) -> bool:
    """Whether those that came last are gathered; `most` are cards."""
    return count.burst is not None or count.requests > most


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many gathered requests that wait for their reader, the first of them since a moment.

    `for_whom` is in whose place the reader decides them.
    """

    environment: Environment
    for_whom: str | None
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Burst:
    """The one message: to whom, of how many requests, what of them still waits, and where it is in
    Slack once it was sent.
    """

    id: int
    recipient: str
    audience: Audience
    total: int
    waiting: Sequence[Waiting]
    channel: str | None = None
    ts: str | None = None
