"""One page of a list, its counts, and what waits for each reviewer. What a person may not see is
not found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import Roster
from store.domain.lists.query import PAGE_SIZE, Cursor, ListQuery, Page, Scope, Sort
from store.domain.policy import Policy
from store.domain.request import People, Request, Status
from store.engine.database import Database, execute, plan_for_values
from store.lists import statements
from store.lists.shape import Shape, shape_of, values_of
from store.snapshots import FACTS, bare
from store.tables import OPEN, AssignmentRow, RequestRow

Waiting = tuple[tuple[Request, ...], int]
"""What somebody has yet to decide, as far as it was asked for, and how many there are in all."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page and the people it names."""

    page: Page
    people: People


async def listing(db: Database, query: ListQuery, *, asker: str, policy: Policy) -> Listing:
    """One page of what the asker may see."""
    async with db.snapshot() as session:
        return await page(session, query, asker=asker, policy=policy)


async def page(session: AsyncSession, query: ListQuery, *, asker: str, policy: Policy) -> Listing:
    """The same, of a moment of which more is read."""
    found, submitters = await _page(session, query, asker, policy)
    filtered = set(query.filter.submitters) - submitters.keys()
    return Listing(found, {**submitters, **await people.known(session, filtered)})


async def standings(
    session: AsyncSession, scope: Scope, *, asker: str, roster: Roster
) -> dict[Status, int]:
    """How many requests of each status the asker may see there, each capped like a total."""
    query = ListQuery(scope)
    shape = shape_of(query, oversees=roster.oversees(asker))
    counted = (await execute(session, statements.standings(shape), values_of(query, asker))).one()
    return dict(zip(Status, counted, strict=True))


def visible(query: ListQuery, *, asker: str, roster: Roster) -> Any:
    """All of a list that the asker may see, in its order, whatever its page."""
    shape = shape_of(query.at(None), oversees=roster.oversees(asker))
    return statements.whole(shape).params(**values_of(query, asker))


async def waiting_on(
    session: AsyncSession, reviewer: str, *, limit: int, overdue_at: datetime | None = None
) -> Waiting:
    """What this reviewer has yet to decide; see `waiting_on_each`."""
    return (await waiting_on_each(session, [reviewer], limit, overdue_at))[0]


async def waiting_on_each(
    session: AsyncSession, reviewers: Sequence[str], limit: int, overdue_at: datetime | None = None
) -> list[Waiting]:
    """What each of them has yet to decide, in one question.

    The oldest come first; without their reviewers and votes. With `overdue_at`, only what was to
    be reminded of by that moment.
    """
    asked = {"reviewers": reviewers, "limit": limit, "moment": overdue_at}
    found: dict[str, list[Any]] = {reviewer: [] for reviewer in reviewers}
    for row in await execute(session, _OVERDUE if overdue_at else _WAITING, asked):
        found[row.reviewer].append(row)
    return [
        (tuple(map(bare, rows)), rows[0].total if rows else 0)
        for rows in (found[reviewer] for reviewer in reviewers)
    ]


async def _page(
    session: AsyncSession, query: ListQuery, asker: str, policy: Policy, *, oversees: bool = True
) -> tuple[Page, People]:
    """The page with its capped counts, and who submitted what is on it.

    It is asked for as by somebody who sees every request, and comes with whether they do; for who
    does not, again.
    """
    shape, values = shape_of(query, oversees=oversees), _values(query, asker, policy)
    if not all(shape.words):  # of which some are in every name and some in none
        await plan_for_values(session)
    rows = (await execute(session, statements.page(shape), values)).all()
    found_some = rows or query.cursor  # else nobody would find any
    if found_some and shape.sees_all and not await _oversees(session, rows, asker, policy):
        return await _page(session, query, asker, policy, oversees=False)
    more, backwards = len(rows) > PAGE_SIZE, query.cursor is not None and query.cursor.backwards
    if backwards and not more:  # the beginning is near: show the first page whole
        return await _page(session, query.at(None), asker, policy, oversees=oversees)
    rows = rows[:PAGE_SIZE][:: -1 if backwards else 1]
    total, under_review = await _counts(
        session, shape, values, rows, whole=not (query.cursor or more)
    )
    first = query.cursor.first if query.cursor else 1
    page = Page(
        requests=tuple(map(bare, rows)),
        total=total,
        under_review=under_review,
        first=first,
        previous=_cursor(query.sort, rows[0], max(1, first - PAGE_SIZE), backwards=True)
        if rows and query.cursor
        else None,
        next=_cursor(query.sort, rows[-1], first + len(rows))
        if rows and (more or backwards)
        else None,
    )
    return page, {row.user_id: people.snapshot(row) for row in rows if row.user_id}


async def _oversees(session: AsyncSession, rows: Sequence[Any], asker: str, policy: Policy) -> bool:
    if rows:
        return bool(rows[0].oversees)
    return (await people.roster(session, policy, only={asker})).oversees(asker)


def _values(query: ListQuery, asker: str, policy: Policy) -> dict[str, Any]:
    named = policy.roster({}).oversees(asker)
    return values_of(query, asker) | {"named": named, "groups": sorted(policy.groups)}


async def _counts(
    session: AsyncSession,
    shape: Shape,
    values: Mapping[str, Any],
    rows: Sequence[Any],
    *,
    whole: bool,
) -> tuple[int, int]:
    """Of the whole list, which may be these rows and no more."""
    if whole:
        return len(rows), sum(row.status == Status.UNDER_REVIEW.value for row in rows)
    if rows and not shape.words:
        return rows[0].total, rows[0].under_review
    total, under_review = (await execute(session, statements.counts(shape), values)).one()
    return total, under_review


def _cursor(sort: Sort, row: Any, first: int, *, backwards: bool = False) -> Cursor:
    at = row.completed_on if sort.by_completion else row.created_at
    return Cursor(at=at, id=row.id, backwards=backwards, first=first)


def _waiting(*wanted: Any) -> Any:
    """The first of each reviewer, with how many there are."""
    reviewer, id_ = col(AssignmentRow.reviewer), col(AssignmentRow.request_id)
    order = (col(AssignmentRow.created_at), id_)
    place = func.row_number().over(partition_by=reviewer, order_by=order).label("place")
    total = func.count().over(partition_by=reviewer).label("total")
    all_ = select(reviewer, id_, place, total).where(
        reviewer.in_(bindparam("reviewers", expanding=True)),
        OPEN,
        col(AssignmentRow.waits),
        *wanted,
    )
    found = all_.subquery()
    first = select(*FACTS, found.c.reviewer, found.c.total).where(
        col(RequestRow.id) == found.c.request_id, found.c.place <= bindparam("limit")
    )
    return first.order_by(found.c.reviewer, found.c.place)


_WAITING = _waiting()
_OVERDUE = _waiting(col(AssignmentRow.remind_at) <= bindparam("moment"))
