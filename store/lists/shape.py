"""The shape of a list: all that its SQL depends on. Lists that differ only in values share a
statement.

What must stay true: who sees what is said once, here, by the sources of a list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from store.domain.access import CALLED
from store.domain.lists.query import Days, Filter, ListQuery, Scope, Waits, searchable
from store.domain.request import Status
from store.domain.request_number import exactly
from store.engine.columns import pattern_of

_UTC = ZoneInfo("UTC")


class Source(Enum):
    """Whose requests: everybody's, those the asker submitted, was asked to review, or decided.

    Of who is named in rules alone: those they were asked to review at a stage that is still theirs
    (SEATED), and those they were or will be (INVOLVED); and those they were called to (CALLED).
    """

    ALL = auto()
    OWN = auto()
    GIVEN = auto()
    DECIDED = auto()
    SEATED = auto()
    INVOLVED = auto()
    CALLED = auto()


class Statuses(Enum):
    """Which statuses a filter allows: any, only Under Review, it and others, only ended ones."""

    ANY = auto()
    OPEN = auto()
    MIXED = auto()
    ENDED = auto()


class Leg(NamedTuple):
    """A part of a list that one index has in order: from its beginning, or from `past` a cursor.

    By Completed On there are two, because what is not completed comes last in both directions.
    """

    completed: bool | None
    past: bool


class Bound(NamedTuple):
    """Where the days of a filter begin (`is_first`), or what comes after them, in a column."""

    column: str
    is_first: bool

    @property
    def parameter(self) -> str:
        """What its statement calls the moment."""
        return f"{self.column}_{'from' if self.is_first else 'before'}"


@dataclass(frozen=True, slots=True)
class Shape:
    """`narrowed` are the columns a filter names, each with whether it allows several values;
    `bounds` are those of its days;
    `words` says of each word whether it is the number of a request; `order` is the column that
    orders it; `legs` are in the order in which the page is read, and `descending` says whether what
    comes next is older.
    """

    sources: tuple[Source, ...]
    statuses: Statuses
    narrowed: tuple[tuple[str, bool], ...]
    bounds: tuple[Bound, ...]
    words: tuple[bool, ...]
    overdue: bool
    waits: Waits | None
    order: str
    legs: tuple[Leg, ...]
    descending: bool

    @property
    def of_a_role(self) -> bool:
        """Whether it is for somebody who holds a role, and less than this for anybody else."""
        return self.sources in {(Source.ALL,), (Source.GIVEN,)}


def shape_of(query: ListQuery, *, oversees: bool, seats: Sequence[str] = ()) -> Shape:
    """The shape of this page of a list, for somebody who sees every request or only some.

    `seats` are theirs by the policy (`Roster.places_of`).
    """
    statuses = _statuses(query.filter)
    backwards = query.cursor is not None and query.cursor.backwards
    return Shape(
        sources=_sources(query.scope, oversees=oversees, seats=seats),
        statuses=statuses,
        narrowed=tuple((name, len(given) > 1) for name, given in _narrowed(query.filter).items()),
        bounds=tuple(_bounds(query.filter, _UTC)),
        words=tuple(_number(word) is not None for word in query.filter.words.split()),
        overdue=bool(query.filter.due),
        waits=query.filter.waits[0] if len(set(query.filter.waits)) == 1 else None,
        order=query.sort.column,
        legs=_legs(query, statuses),
        descending=query.sort.descending != backwards,
    )


def values_of(
    query: ListQuery,
    asker: str,
    seats: Sequence[str] = (),
    *,
    zone: ZoneInfo,
    now: datetime | None = None,
) -> dict[str, Any]:
    """What the parameters of its statements stand for; `seats` are the asker's by the policy, and
    their days those of `zone`. `now` is when what is overdue is so.
    """
    values: dict[str, Any] = {
        "asker": asker,
        "seats": list(seats),
        "now": now,
        "status": list(map(str, query.filter.statuses)),
    }
    for name, given in _narrowed(query.filter).items():
        values[name] = list(given) if len(given) > 1 else given[0]
    values |= {bound.parameter: moment for bound, moment in _bounds(query.filter, zone).items()}
    for number, word in enumerate(query.filter.words.split()):
        ref, text = _number(word), searchable(word)
        values |= {f"word{number}": text, f"pattern{number}": pattern_of(text)}
        values |= {f"ref{number}": ref} if ref else {}
    if query.cursor:
        values |= {"at": query.cursor.at, "id": query.cursor.id}
    return values


def _number(word: str) -> int | None:
    """The request a word of a search names; without MP it is part of a mini program's id."""
    found = exactly(word)
    return found.number if found and found.named else None


def _sources(scope: Scope, *, oversees: bool, seats: Sequence[str]) -> tuple[Source, ...]:
    """Who holds no role, or none any more, sees their own requests and those they decided or were
    called to.
    """
    seated = any(seat != CALLED for seat in seats)
    if scope is Scope.MINE:
        return (Source.OWN,)
    if scope is Scope.APPROVALS:
        if oversees:
            return (Source.GIVEN,)
        return (Source.SEATED, Source.DECIDED) if seated else (Source.DECIDED,)
    if oversees:
        return (Source.ALL,)
    more = {Source.INVOLVED: seated, Source.CALLED: CALLED in seats}
    return (Source.OWN, Source.DECIDED, *(source for source, given in more.items() if given))


def _statuses(chosen: Filter) -> Statuses:
    if not chosen.statuses:
        return Statuses.ANY
    if Status.UNDER_REVIEW not in chosen.statuses:
        return Statuses.ENDED
    return Statuses.OPEN if set(chosen.statuses) == {Status.UNDER_REVIEW} else Statuses.MIXED


def _narrowed(chosen: Filter) -> dict[str, Sequence[str]]:
    """What a filter allows of the columns of a request; of its status see `Statuses`."""
    parts: dict[str, Sequence[str]] = {
        "environment": [value.value for value in chosen.environments],
        "category": [value.value for value in chosen.categories],
        "submitted_by": chosen.submitters,
        "platform_answer": [value.value for value in chosen.sent],
        "stage_key": chosen.stages,
    }
    return {name: given for name, given in parts.items() if given}


def _bounds(chosen: Filter, zone: ZoneInfo) -> dict[Bound, datetime]:
    """The ends of its days that are not open."""
    ends = {
        Bound(column, is_first): moment
        for column, days in (("created_at", chosen.created), ("completed_on", chosen.completed))
        for is_first, moment in zip((True, False), days.bounds(zone), strict=True)
    }
    return {bound: moment for bound, moment in ends.items() if moment}


def _legs(query: ListQuery, statuses: Statuses) -> tuple[Leg, ...]:
    """What lies past the cursor."""
    cursor = query.cursor
    if not query.sort.by_completion:
        return (Leg(None, past=cursor is not None),)
    in_rest = cursor is not None and cursor.at is None
    completed, rest = Leg(True, past=cursor is not None and not in_rest), Leg(False, past=in_rest)
    if statuses is Statuses.OPEN:  # of which none is completed
        return (rest,)
    if statuses is Statuses.ENDED or query.filter.completed != Days():
        return (completed,)  # what has not ended is not completed, and has no day
    if cursor is None:
        return completed, rest
    if in_rest:
        return (rest, completed) if cursor.backwards else (rest,)
    return (completed,) if cursor.backwards else (completed, rest)
