"""The read path: rows in, snapshots out. What a person may not see is not found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, or_, true, tuple_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.sqltypes import UTCDateTime

from store import people, precedents
from store.database import Database
from store.domain.access import Allowed, Denial, Refused, Roster, bounds, may
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.query import (
    COUNT_LIMIT,
    PAGE_SIZE,
    Cursor,
    Filter,
    ListQuery,
    Page,
    Scope,
    Sort,
    searchable,
)
from store.domain.request import People, Request, Status
from store.snapshots import snapshots
from store.tables import AssignmentRow, RequestRow

_REF = re.compile(r"mp-?0*(\d{1,18})", re.IGNORECASE)


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
        roster = await people.roster(session, policy, only={asker})
        found = await page(session, query, asker=asker, roster=roster)
        named = set().union(*(request.people() for request in found.requests))
        named.update(query.filter.submitters)
        return Listing(found, await people.known(session, named))


async def page(session: AsyncSession, query: ListQuery, *, asker: str, roster: Roster) -> Page:
    """One page of what the asker may see, with its capped counts."""
    wanted = and_(_visible(query.scope, asker, roster), *_matching(query.filter))
    backwards = query.cursor is not None and query.cursor.backwards
    rows = await _rows(session, wanted, query)
    if backwards and len(rows) <= PAGE_SIZE:  # the beginning is near: show the first page whole
        return await page(session, query.at(None), asker=asker, roster=roster)
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if backwards:
        rows.reverse()
    first = query.cursor.first if query.cursor else 1
    whole = rows if not (query.cursor or more) else None
    total, under_review = await _counts(session, wanted, query.filter, whole)
    return Page(
        requests=await snapshots(session, rows),
        total=total,
        under_review=under_review,
        first=first,
        previous=_cursor(query.sort, rows[0], first=max(1, first - PAGE_SIZE), backwards=True)
        if rows and query.cursor
        else None,
        next=_cursor(query.sort, rows[-1], first=first + len(rows))
        if rows and (more or backwards)
        else None,
    )


def visible(query: ListQuery, *, asker: str, roster: Roster) -> Any:
    """All of a list that the asker may see, in its order, whatever its page."""
    wanted = and_(_visible(query.scope, asker, roster), *_matching(query.filter))
    order = _order(query.sort, backwards=False)
    if query.sort.by_completion:
        order.insert(0, col(RequestRow.completed_on).is_(None))
    return select(RequestRow).where(wanted).order_by(*order)


async def waiting_on(
    session: AsyncSession, reviewer: str, *, limit: int, overdue_at: datetime | None = None
) -> tuple[tuple[Request, ...], int]:
    """What this reviewer has yet to decide, oldest first, and how many there are in all.

    With `overdue_at`, only what was to be reminded of by that moment.
    """
    waiting = and_(col(AssignmentRow.reviewer) == reviewer, col(AssignmentRow.waits))
    if overdue_at:
        waiting = and_(waiting, col(AssignmentRow.remind_at) <= overdue_at)
    oldest = (
        select(RequestRow)
        .join(AssignmentRow, col(AssignmentRow.request_id) == RequestRow.id)
        .where(waiting)
        .order_by(col(AssignmentRow.created_at), col(AssignmentRow.request_id))
        .limit(limit)
    )
    rows = (await session.exec(oldest)).all()
    counted = select(func.count()).select_from(AssignmentRow).where(waiting)
    total = (await session.exec(counted)).one()
    return await snapshots(session, rows), total


def _open() -> ColumnElement[bool]:
    return col(RequestRow.status) == Status.UNDER_REVIEW.value


def _assigned_to(reviewer: str) -> ColumnElement[bool]:
    mine = select(AssignmentRow.request_id).where(AssignmentRow.reviewer == reviewer)
    return col(RequestRow.id).in_(mine)


def _visible(scope: Scope, asker: str, roster: Roster) -> ColumnElement[bool]:
    own = col(RequestRow.submitted_by) == asker
    if scope is Scope.MINE:
        return own
    if scope is Scope.APPROVALS:
        return _assigned_to(asker)
    return true() if roster.oversees(asker) else or_(own, _assigned_to(asker))


def _matching(chosen: Filter) -> list[ColumnElement[bool]]:
    parts: list[tuple[Any, tuple[str, ...]]] = [
        (RequestRow.status, chosen.statuses),
        (RequestRow.environment, chosen.environments),
        (RequestRow.category, chosen.categories),
        (RequestRow.submitted_by, chosen.submitters),
    ]
    conditions = [col(column).in_([str(v) for v in values]) for column, values in parts if values]
    return conditions + [_word(word) for word in chosen.words.split()]


def _word(word: str) -> ColumnElement[bool]:
    """A word is part of the mini program's name or id, or names the request itself (MP-12)."""
    if ref := _REF.fullmatch(word):
        return col(RequestRow.id) == int(ref[1])
    return col(RequestRow.search_text).contains(searchable(word), autoescape=True)


async def _rows(
    session: AsyncSession, wanted: ColumnElement[bool], query: ListQuery
) -> list[RequestRow]:
    """One more than a page, in the order asked for (backwards: in the opposite one)."""
    backwards = query.cursor is not None and query.cursor.backwards
    order = _order(query.sort, backwards=backwards)
    rows: list[RequestRow] = []
    for leg in _legs(query.sort, query.cursor):
        chosen = select(RequestRow).where(wanted, leg).order_by(*order)
        rows += (await session.exec(chosen.limit(PAGE_SIZE + 1 - len(rows)))).all()
        if len(rows) > PAGE_SIZE:
            break
    return rows


def _order(sort: Sort, *, backwards: bool) -> list[Any]:
    """Within a leg."""
    at, id_ = col(_column(sort)), col(RequestRow.id)
    falling = sort.descending != backwards
    return [at.desc(), id_.desc()] if falling else [at.asc(), id_.asc()]


def _legs(sort: Sort, cursor: Cursor | None) -> list[ColumnElement[bool]]:
    """What lies past the cursor, in the order of travel, in parts that one index each can walk.

    By completion there are two: without a completion comes last in both directions of the sort.
    """
    at = col(_column(sort))
    if not sort.by_completion:
        return [_beyond(sort, cursor) if cursor else true()]
    completed, rest = at.is_not(None), at.is_(None)
    if cursor is None:
        return [completed, rest]
    if cursor.at is None:
        tail = and_(rest, _beyond(sort, cursor))
        return [tail, completed] if cursor.backwards else [tail]
    head = and_(completed, _beyond(sort, cursor))
    return [head] if cursor.backwards else [head, rest]


def _beyond(sort: Sort, cursor: Cursor) -> ColumnElement[bool]:
    """Past the cursor within its leg; as a comparison of rows, which an index answers at once."""
    place, here = [col(RequestRow.id)], [literal(cursor.id)]
    if cursor.at is not None:
        at = col(_column(sort))
        place, here = [at, *place], [literal(cursor.at, UTCDateTime()), *here]
    before, after = tuple_(*place), tuple_(*here)
    return before < after if sort.descending != cursor.backwards else before > after


def _column(sort: Sort) -> Any:
    return RequestRow.completed_on if sort.by_completion else RequestRow.created_at


def _cursor(sort: Sort, row: RequestRow, *, first: int, backwards: bool = False) -> Cursor:
    at = row.completed_on if sort.by_completion else row.created_at
    return Cursor(at=at, id=row.id, backwards=backwards, first=first)


async def _counts(
    session: AsyncSession,
    wanted: ColumnElement[bool],
    chosen: Filter,
    whole: Sequence[RequestRow] | None,
) -> tuple[int, int]:
    """How many there are and how many of them are Under Review, each capped.

    `whole` is the list itself, where it fits on a page. Else both come from one pass, as long as
    there are not so many that it ends early.
    """
    if whole is not None:
        return len(whole), sum(row.status == Status.UNDER_REVIEW.value for row in whole)
    some = select(col(RequestRow.status)).where(wanted).limit(COUNT_LIMIT + 1).subquery()
    waiting = func.sum(case((some.c.status == Status.UNDER_REVIEW.value, 1), else_=0))
    total, under_review = (await session.exec(select(func.count(), waiting))).one()
    if total <= COUNT_LIMIT or chosen.statuses == (Status.UNDER_REVIEW,):
        return total, under_review or 0
    return total, await _open_among(session, wanted, chosen)


async def _open_among(session: AsyncSession, wanted: ColumnElement[bool], chosen: Filter) -> int:
    if chosen.statuses and Status.UNDER_REVIEW not in chosen.statuses:
        return 0
    some = select(RequestRow.id).where(wanted, _open()).limit(COUNT_LIMIT + 1).subquery()
    return (await session.exec(select(func.count()).select_from(some))).one()
