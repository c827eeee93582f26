"""The queue: what a reviewer decides one after the other, in the order of the moment it was begun.

What is overdue then comes first, then Production, then the oldest; what somebody else is testing
comes last. A queue is known by the list it
was started from and the place it has come to, never by the requests in it, so that it fits in a
view and what others decide meanwhile drops out by itself.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from store.domain.lists.query import ListQuery

_PLACE = re.compile(r"([0-7])\.([0-9]{1,18})\.([1-9][0-9]{0,9})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a request stands in the order; the smaller one comes first.

    `rank` adds up 4 for what somebody else is testing, 2 for what is not overdue, 1 for what is not
    for Production.
    """

    rank: int
    created_at: datetime
    id: int

    def encode(self) -> str:
        """As a view carries it: `1.1795140840000000.128`."""
        return f"{self.rank}.{micros(self.created_at)}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read that back; None for anything we did not write."""
        found = _PLACE.fullmatch(text)
        at = moment(found[2]) if found else None
        return cls(int(found[1]), at, int(found[3])) if found and at else None


@dataclass(frozen=True, slots=True)
class Queue:
    """Which list it goes through, when this round was started (aware UTC), and how far it has come.

    `passed` have been shown, `skipped` of them without a decision; `is_last_round` is when those
    come once more. `place` is that of the one shown last; None before the first. `apart` is the
    number of one that was opened by itself before the round; left out until there is a place.
    """

    query: ListQuery
    started: datetime
    passed: int = 0
    skipped: int = 0
    is_last_round: bool = False
    place: Place | None = None
    apart: int | None = None

    def past(self, *, skipped: bool) -> "Queue":
        """The queue once what is shown has been decided or skipped; what was apart counts not."""
        passed = self.passed + (self.place is not None)
        return replace(self, passed=passed, skipped=self.skipped + skipped)

    def once_more(self, now: datetime) -> "Queue":
        """The round of what was skipped, from the top."""
        return Queue(self.query, now, is_last_round=True)


def micros(at: datetime) -> int:
    """A moment as a whole number, since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(text: str) -> datetime | None:
    """Read that back; None for what no calendar holds."""
    try:
        return _EPOCH + timedelta(microseconds=int(text))
    except (ValueError, OverflowError):
        return None
