"""When new requests for one reader are too many for a card each. Pure.

A few within any QUIET are cards at once. What would be more than those is gathered into one
message, which grows until none has come for QUIET. Then a new count begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from store.domain.request import Audience, Environment

QUIET = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Count:
    """When the requests came that one reader got within QUIET, the oldest first.

    `burst` is the message that they are gathered into, by its number; None while each is a card.
    Then only when the last came counts.
    """

    came: tuple[datetime, ...] = ()
    burst: int | None = None


def counted(before: Count, new: int, now: datetime) -> Count:
    """The count with so many more that are owed together; a clock that was wrong holds up none."""
    recent = tuple(at for at in before.came if abs(now - at) < QUIET)
    if before.burst is not None and recent:
        return replace(before, came=(max(*recent, now),))
    return Count((*recent, *[now] * new))


def gathers(count: Count, most: int) -> bool:
    """Whether those that came last are gathered; `most` are cards."""
    return count.burst is not None or len(count.came) > most


def gathered(count: Count, burst: int) -> Count:
    """The count once its requests are gathered into that message."""
    return Count(count.came[-1:], burst)


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
