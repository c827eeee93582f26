"""What a list shows: which requests, in what order, which page of them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from store.domain.lifecycle import Act
from store.domain.request import Category, Environment, PlatformAnswer, Request, Status
from store.domain.typed_text import folded
from store.domain.workspace import Posted

PAGE_SIZE = 10
COUNT_LIMIT = 1000
"""Counts above this are shown as "1,000+": counting further costs and tells nobody more."""
A_DAY = timedelta(days=1)


class Scope(StrEnum):
    """Whose requests: the platform's two tabs, and everything the asker may see."""

    MINE = "mine"
    APPROVALS = "approvals"
    ALL = "list"

    @property
    def label(self) -> str:
        """The platform's name of the tab."""
        return _SCOPE_LABELS[self]


_SCOPE_LABELS = {
    Scope.MINE: "My Requests",
    Scope.APPROVALS: "My Approvals",
    Scope.ALL: "All requests",
}


class Sort(StrEnum):
    """The platform's two sortable columns, both ways, and what is due first or last.

    Without a completion comes last; by what is due there is only what is open, see `statuses_due`.
    """

    NEWEST = "-created"
    OLDEST = "created"
    COMPLETED_LAST = "-completed"
    COMPLETED_FIRST = "completed"
    DUE_FIRST = "due"
    DUE_LAST = "-due"

    @property
    def descending(self) -> bool:
        """Newest first."""
        return self.value.startswith("-")

    @property
    def column(self) -> str:
        """The column that orders the list."""
        return _COLUMNS[self.value.removeprefix("-")]

    @property
    def label(self) -> str:
        """As a form offers it, and a heading says it."""
        return _SORT_LABELS[self]

    @property
    def by_completion(self) -> bool:
        """Whether Completed On orders the list."""
        return self.column == "completed_on"


_SORT_LABELS = {
    Sort.NEWEST: "Created At, newest first",
    Sort.OLDEST: "Created At, oldest first",
    Sort.COMPLETED_LAST: "Completed On, newest first",
    Sort.COMPLETED_FIRST: "Completed On, oldest first",
    Sort.DUE_FIRST: "Due first",
    Sort.DUE_LAST: "Due last",
}
_COLUMNS = {"created": "created_at", "completed": "completed_on", "due": "due_at"}


class Due(StrEnum):
    """What a list may be asked for by when requests are due."""

    OVERDUE = "overdue"

    @property
    def label(self) -> str:
        """As a form offers it."""
        return self.value.capitalize()


class Waits(StrEnum):
    """Who has the word on a request: its submitter, who was asked something, or its reviewers."""

    SUBMITTER = "submitter"
    REVIEWERS = "reviewers"

    @property
    def label(self) -> str:
        """As a form offers it."""
        return self.value.capitalize()


def default_sort(scope: Scope) -> Sort:
    """Newest first; but My Approvals is a to-do list, so the oldest comes first there."""
    return Sort.OLDEST if scope is Scope.APPROVALS else Sort.NEWEST


@dataclass(frozen=True, slots=True)
class Days:
    """From the first to the last, both included; without one, that end is open."""

    first: date | None = None
    last: date | None = None

    def bounds(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """When they begin, and when what comes after them begins, in UTC."""
        after = self.last + A_DAY if self.last else None
        return _midnight(self.first, zone), _midnight(after, zone)


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time.min, zone).astimezone(UTC) if day else None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests; an empty part means all. `words` is a mini program name or id, or MP-12.

    `stages` are names of stages that rules of the policy give, folded: where a request is, or where
    its review ended. `created` and `completed` are days where the asker is.
    """

    statuses: tuple[Status, ...] = ()
    environments: tuple[Environment, ...] = ()
    categories: tuple[Category, ...] = ()
    submitters: tuple[str, ...] = ()
    words: str = ""
    sent: tuple[PlatformAnswer, ...] = ()
    stages: tuple[str, ...] = ()
    created: Days = Days()
    completed: Days = Days()
    due: tuple[Due, ...] = ()
    waits: tuple[Waits, ...] = ()

    @property
    def names_days(self) -> bool:
        """Whether it depends on where a day begins."""
        return (self.created, self.completed) != (Days(), Days())


def sort_of(filter: Filter, chosen: Sort) -> Sort:
    """The order of a list: what was completed on some days by that date, the same way round. By the
    other one it would look through everything for a page.
    """
    if filter.completed == Days() or chosen not in {Sort.NEWEST, Sort.OLDEST}:
        return chosen
    return Sort.COMPLETED_LAST if chosen.descending else Sort.COMPLETED_FIRST


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: just after (or, backwards, just before) this place in the order.

    `first` is the number of the page's first request, counted from 1, only for "11 to 20 of 37".
    """

    at: datetime | None
    id: int
    backwards: bool = False
    first: int = 1


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One page of one list."""

    scope: Scope = Scope.MINE
    filter: Filter = field(default_factory=Filter)
    sort: Sort = Sort.NEWEST
    cursor: Cursor | None = None

    def at(self, cursor: Cursor | None) -> "ListQuery":
        """The same list at another page."""
        return replace(self, cursor=cursor)


@dataclass(frozen=True, slots=True)
class Page:
    """What came back. Totals are capped at COUNT_LIMIT + 1, which means "more than the limit".

    `acts` is what the asker may do with each, by its id, and `cards` where their own copy of it
    stands, if one was posted; both where that was asked for.
    """

    requests: tuple[Request, ...]
    total: int
    under_review: int
    first: int = 1
    previous: Cursor | None = None
    next: Cursor | None = None
    acts: Mapping[int, AbstractSet[Act]] = field(default_factory=dict)
    cards: Mapping[int, Posted] = field(default_factory=dict)


def is_about_open(filter: Filter, sort: Sort) -> bool:
    """Whether a list is of what is due, or of whom something waits for: of what is open alone."""
    return is_about_due(filter, sort) or bool(filter.waits)


def is_about_due(filter: Filter, sort: Sort) -> bool:
    """Whether a list is of what is due: then of what is open alone, since nothing else is due."""
    return bool(filter.due) or sort in {Sort.DUE_FIRST, Sort.DUE_LAST}


def searchable(*texts: str) -> str:
    """Text as the search compares it."""
    return folded(" ".join(texts))
