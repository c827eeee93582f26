"""What needs one person now, as Home begins with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from store.domain.draft import Draft
from store.domain.request import Person, Request

MOST = 10
"""How many of each kind are read, and one more: they are "10+"."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests wait, capped like a total, and since when the oldest of them does."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """`asked` are their own requests about which somebody has asked, with the questions; `answers`
    for whose answers to their questions they wait, and for how many. `rejected` were not submitted
    again yet; `approved` are releases that are not live; `others` is for admins: what waits for
    anybody, and `busiest` for whom most of it.
    """

    draft: Draft | None = None
    asked: tuple[Request, ...] = ()
    answers: tuple[tuple[str, int], ...] = ()
    rejected: tuple[Request, ...] = ()
    approved: tuple[Request, ...] = ()
    waiting: Waiting = Waiting()
    others: Waiting = Waiting()
    busiest: tuple[tuple[str, int], ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
