"""The read path: rows in, snapshots out. What a person may not see is not found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store import pages, people, precedents
from store.database import Database, execute, plan_for_values
from store.domain.access import Allowed, Denial, Refused, Roster, bounds, may
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.query import PAGE_SIZE, Cursor, ListQuery, Page, Scope, Sort
from store.domain.request import People, Request, Status
from store.shapes import Shape, shape_of, values_of
from store.snapshots import FACTS, bare, snapshots
from store.tables import OPEN, AssignmentRow, RequestRow


async def find(session: AsyncSession, request_id: int) -> Request | None:
    """The request as it is now, whoever asks; None where there is none."""
    if not 0 < request_id < 2**63:
        return None
    row = await session.get(RequestRow, request_id, populate_existing=True)
    return (await snapshots(session, [row]))[0] if row else None


async def one(session: AsyncSession, request_id: int) -> Request:
    """The request as it is now. Raises LookupError where there is none."""
    request = await find(session, request_id)
    if request is None:
        raise LookupError(f"there is no request {request_id}")
    return request


async def in_context(
    session: AsyncSession, request_id: int, *, only_of: str | None = None
) -> Request:
    """The request with what others and its history add, for a card or the details.

    `only_of` is `access.bounds` of who reads it. Raises LookupError where there is none.
    """
    return await precedents.in_context(session, await one(session, request_id), only_of=only_of)


Waiting = tuple[tuple[Request, ...], int]
"""What somebody has yet to decide, as far as it was asked for, and how many there are in all."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as one person may see it: what they may do now, and who is named in it."""

    request: Request
    acts: frozenset[Act]
    people: People


async def look(db: Database, request_id: int, *, viewer: str, policy: Policy) -> Seen | Refused:
    """What this person sees of a request; Refused where they may not see it."""
    async with db.snapshot() as session:
        request = await find(session, request_id)
        if request is None:
            return Refused(Denial.UNKNOWN, request_id)
        roster = await people.roster(session, policy, only={viewer})
        allowed = {
            act
            for act in Act
            if may(viewer, act, request, roster, own_requests=policy.own_requests) == Allowed()
        }
        if Act.SEE not in allowed:
            return Refused(Denial.UNKNOWN, request_id)
        only_of = bounds(viewer, roster)
        request = await precedents.in_context(session, request, only_of=only_of)
        return Seen(request, frozenset(allowed), await people.known(session, request.people()))


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
    counted = (await execute(session, pages.standings(shape), values_of(query, asker))).one()
    return dict(zip(Status, counted, strict=True))


def visible(query: ListQuery, *, asker: str, roster: Roster) -> Any:
    """All of a list that the asker may see, in its order, whatever its page."""
    shape = shape_of(query.at(None), oversees=roster.oversees(asker))
    return pages.whole(shape).params(**values_of(query, asker))


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
    rows = (await execute(session, pages.page(shape), values)).all()
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
    total, under_review = (await execute(session, pages.counts(shape), values)).one()
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
