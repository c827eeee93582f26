"""One page of a list, its counts, and what waits for each reviewer. What a person may not see is
not found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import HANDED, Roster, acts, reviewers_after
from store.domain.deadlines import weekday_of
from store.domain.lifecycle import Act
from store.domain.lists.query import PAGE_SIZE, Cursor, ListQuery, Page, Scope, Sort, is_about_due
from store.domain.policy import Policy
from store.domain.request import Audience, HandOver, People, Request, Status
from store.domain.workspace import Posted
from store.engine.columns import in_list
from store.engine.database import (
    AnyRow,
    AnySelect,
    Database,
    Reading,
    ask,
    execute,
    plan_for_values,
)
from store.lists import statements
from store.lists.shape import shape_of, values_of
from store.snapshots import FACTS, bare
from store.tables import CALLS, OPEN, UNREVIEWED, AssignmentRow, CardRow, RequestRow

_BY_HAND: tuple[Any, ...] = (
    AssignmentRow.reviewer,
    AssignmentRow.handed_by,
    AssignmentRow.handed_at,
    AssignmentRow.seat,
)
"""What says of an assignment whether it was handed over, beside its stage."""
Waiting = tuple[tuple[Request, ...], int]
"""What somebody has yet to decide, as far as it was asked for, and how many there are in all."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page and the people it names."""

    page: Page
    people: People


async def listing(
    db: Database, query: ListQuery, *, asker: str, policy: Policy, now: datetime | None = None
) -> Listing:
    """One page of what the asker may see; with `now`, what is overdue, what they may do then, and
    where their own card of each stands.
    """
    async with db.snapshot() as session:
        return await page(session, query, asker=asker, policy=policy, now=now)


async def page(
    session: AsyncSession,
    query: ListQuery,
    *,
    asker: str,
    policy: Policy,
    now: datetime | None = None,
) -> Listing:
    """The same, of a moment of which more is read."""
    found, submitters = await _page(session, query, asker, policy, now)
    if now and found.requests:
        cards = _cards(session, found.requests, asker)
        requests = await _as_given(session, found.requests, asker)
        if any(r.terms.target_hours for r in requests) or is_about_due(query.filter, query.sort):
            mine = await people.zone(session, asker, policy)
            requests = tuple(
                replace(r, due_day=weekday_of(r.due_at, now, mine)) if r.due_at else r
                for r in requests
            )
        found = replace(
            found,
            requests=requests,
            acts=await _acts(session, requests, asker, policy, now),
            cards=await cards,
        )
    named = {*query.filter.submitters, *(r.tester for r in found.requests if r.tester)}
    named |= {each.by for request in found.requests for each in request.handed}
    return Listing(found, {**submitters, **await people.known(session, named - submitters.keys())})


async def every(
    session: AsyncSession, query: ListQuery, *, policy: Policy, now: datetime
) -> Listing:
    """One page of a list for a reader that sees every request and is nobody: an API key."""
    found, submitters = await _page(session, query, "", policy, now, is_nobody=True)
    return Listing(found, submitters)


async def counts_by_status(
    session: AsyncSession, scope: Scope, *, asker: str, roster: Roster
) -> dict[Status, int]:
    """How many requests of each status the asker may see there, each capped like a total."""
    query, seats = ListQuery(scope), roster.places_of(asker)
    shape = shape_of(query, oversees=roster.oversees(asker), seats=seats)
    statement = statements.counts_by_status(shape)
    values = values_of(query, asker, seats, zone=_ANY_ZONE)
    (counts,) = await ask(session, statement, values)
    return dict(zip(Status, counts, strict=True))


async def zone_for(
    session: AsyncSession, query: ListQuery, *, asker: str, policy: Policy
) -> ZoneInfo:
    """Where the days of the list begin; it is looked up only if the list names any."""
    return await people.zone(session, asker, policy) if query.filter.names_days else _ANY_ZONE


def visible(
    query: ListQuery, *, asker: str, roster: Roster, zone: ZoneInfo, now: datetime
) -> Select[RequestRow]:
    """All of a list that the asker may see, in its order, whatever its page; days as in `zone`."""
    seats = roster.places_of(asker)
    shape = shape_of(query.at(None), oversees=roster.oversees(asker), seats=seats)
    return statements.whole(shape).params(**values_of(query, asker, seats, zone=zone, now=now))


async def left_with(session: AsyncSession, reviewer: str, *, limit: int) -> Waiting:
    """What is open of what this person was given to review, whether or not they may decide it."""
    return (await _first_of_each(session, _GIVEN, [reviewer], limit))[0]


async def unreviewed(session: AsyncSession, *, limit: int) -> tuple[Request, ...]:
    """The first of what was approved in an emergency and no other admin has looked at since."""
    rows = await execute(session, _UNREVIEWED, {"limit": limit})
    return tuple(map(bare, rows.all()))


async def unreviewed_by(
    session: AsyncSession, readers: Sequence[str], policy: Policy, limit: int
) -> list[tuple[Request, ...]]:
    """Of the first of those, what is each of these people's to review.

    There is hardly ever any, so who reviews them is asked last.
    """
    found = await unreviewed(session, limit=limit)
    roster = await people.roster(session, policy) if found else Roster()
    theirs = [(each, reviewers_after(each.decided_by, roster)) for each in found]
    return [tuple(each for each, users in theirs if reader in users) for reader in readers]


async def called_to(session: AsyncSession, user: str, *, limit: int) -> Waiting:
    """The first of what is open of what this person was called to, and how much there is."""
    rows = (await execute(session, _CALLED_TO, {"user": user, "limit": limit})).all()
    return tuple(map(bare, rows)), rows[0].total if rows else 0


async def stuck(session: AsyncSession, *, limit: int) -> tuple[Request, ...]:
    """The first of what is open at a stage at which nobody who was asked may decide any more."""
    rows = await execute(session, _STUCK, {"limit": limit})
    return tuple(map(bare, rows.all()))


async def waiting_on_each(
    session: AsyncSession,
    reviewers: Sequence[str],
    limit: int,
    reminded_by: datetime | None = None,
    since: datetime | None = None,
    reserved: Sequence[int] = (),
) -> list[Waiting]:
    """What each of them has yet to decide, in one query.

    The oldest come first; without their reviewers and votes, but with whom they stand in for. With
    `reminded_by`, only what was to be reminded of by that moment, and not yet at `since`; of what
    is `reserved` who tests it is reminded alone.
    """
    if not reminded_by:
        return await _first_of_each(session, _WAITING, reviewers, limit)
    asked = {"moment": reminded_by, "since": since or _LONG_AGO, "reserved": list(reserved)}
    return await _first_of_each(session, _REMINDED, reviewers, limit, **asked)


@dataclass(frozen=True, slots=True)
class Morning:
    """What waits for a reviewer, as a digest says it: the oldest of what is overdue and of what is
    new, and how many there are of each and in all. Without their reviewers and votes.
    """

    overdue: tuple[Request, ...] = ()
    new: tuple[Request, ...] = ()
    overdue_count: int = 0
    new_count: int = 0
    total: int = 0


async def mornings(
    session: AsyncSession, reviewers: Sequence[str], limit: int, at: datetime, since: datetime
) -> list[Morning]:
    """What each of them has yet to decide, in one query; overdue at a moment, else new `since`."""
    asked = {"reviewers": reviewers, "limit": limit, "moment": at, "since": since}
    found: dict[str, dict[int, list[AnyRow]]] = {reviewer: {} for reviewer in reviewers}
    for row in await execute(session, _MORNINGS, asked):
        found[row.reviewer].setdefault(row.part, []).append(row)
    return [_morning(found[reviewer]) for reviewer in reviewers]


def _morning(parts: Mapping[int, Sequence[AnyRow]]) -> Morning:
    overdue, new = parts.get(_LATE, ()), parts.get(_NEW, ())
    return Morning(
        overdue=tuple(map(_waiting_row, overdue)),
        new=tuple(map(_waiting_row, new)),
        overdue_count=overdue[0].count_of_part if overdue else 0,
        new_count=new[0].count_of_part if new else 0,
        total=next((rows[0].total for rows in parts.values()), 0),
    )


async def own_cards(
    session: AsyncSession, wanted: Sequence[tuple[str, tuple[int, ...]]]
) -> list[dict[int, Posted]]:
    """Where each reader's own copies of these requests stand, in one query."""
    asked = {
        "ids": sorted({id_ for _, ids in wanted for id_ in ids}),
        "readers": [reader for reader, _ in wanted],
    }
    found: dict[str, dict[int, Posted]] = {reader: {} for reader, _ in wanted}
    for row in await ask(session, _OWN_CARDS, asked):
        found[row.recipient][row.request_id] = Posted(row.channel, row.ts)
    return [found[reader] for reader, _ in wanted]


async def _first_of_each(
    session: AsyncSession, statement: AnySelect, reviewers: Sequence[str], limit: int, **more: Any
) -> list[Waiting]:
    asked = {"reviewers": reviewers, "limit": limit, **more}
    found: dict[str, list[AnyRow]] = {reviewer: [] for reviewer in reviewers}
    for row in await execute(session, statement, asked):
        found[row.reviewer].append(row)
    return [
        (
            tuple(map(_waiting_row, rows)),
            rows[0].total if rows else 0,
        )
        for rows in (found[reviewer] for reviewer in reviewers)
    ]


def _waiting_row(row: AnyRow) -> Request:
    return replace(bare(row), for_whom=row.for_whom, handed=_handed(row))


async def _page(
    session: AsyncSession,
    query: ListQuery,
    asker: str,
    policy: Policy,
    now: datetime | None,
    *,
    oversees: bool = True,
    seats: Sequence[str] = (),
    is_nobody: bool = False,
) -> tuple[Page, People]:
    """The page with its capped counts, and who submitted what is on it."""
    shape = shape_of(query, oversees=oversees, seats=seats)
    zone = await zone_for(session, query, asker=asker, policy=policy)
    values = values_of(query, asker, seats, zone=zone, now=now) | {
        "named": is_nobody or policy.roster({}).oversees(asker),
        "groups": sorted(policy.overseeing_groups),
    }
    # A word to search for may be in every name or in none; so may days hold every request or none.
    if shape.bounds or not all(shape.words):
        await plan_for_values(session)
    rows = await ask(session, statements.page(shape), values)
    # 1. It was asked for as by somebody who holds a role, and each row says whether they do. For
    #    somebody who does not, it is asked for once more. Where no row says so the roster does, but
    #    for an empty list of all requests, in which nobody would find any.
    asked = rows or query.cursor or query.scope is Scope.APPROVALS
    if shape.of_a_role and not is_nobody and asked and not (rows and rows[0].oversees):
        roster = await people.roster(session, policy, only={asker})
        if not roster.oversees(asker):
            seats = roster.places_of(asker)
            return await _page(session, query, asker, policy, now, oversees=False, seats=seats)
    # 2. Going backwards, a short page is the beginning of the list: show the first page whole.
    more, backwards = len(rows) > PAGE_SIZE, query.cursor is not None and query.cursor.backwards
    if backwards and not more:
        start, is_whose = query.at(None), {"oversees": oversees, "is_nobody": is_nobody}
        return await _page(session, start, asker, policy, now, seats=seats, **is_whose)
    rows = rows[:PAGE_SIZE][:: -1 if backwards else 1]
    # 3. The counts: of the rows, if they are the whole list; else from the rows; a search, which
    #    reads its text only once, counts apart.
    if not (query.cursor or more):
        total = len(rows)
        under_review = sum(row.status == Status.UNDER_REVIEW.value for row in rows)
    elif rows and not shape.words:
        total, under_review = rows[0].total, rows[0].under_review
    else:
        ((total, under_review),) = await ask(session, statements.counts(shape), values)
    # 4. Where the pages before and after begin.
    first = query.cursor.first if query.cursor else 1
    previous = following = None
    if rows and query.cursor:
        previous = _cursor(query.sort, rows[0], max(1, first - PAGE_SIZE), backwards=True)
    if rows and (more or backwards):
        following = _cursor(query.sort, rows[-1], first + len(rows))
    found = Page(tuple(map(bare, rows)), total, under_review, first, previous, following)
    return found, {row.user_id: people.snapshot(row) for row in rows if row.user_id}


async def _acts(
    session: AsyncSession, requests: Sequence[Request], asker: str, policy: Policy, now: datetime
) -> dict[int, frozenset[Act]]:
    """What the asker may do with each of these."""
    rules = await people.rules(session, policy, only={asker})
    return {each.id: acts(asker, each, rules, now) for each in requests}


async def _as_given(
    session: AsyncSession, requests: Sequence[Request], asker: str
) -> tuple[Request, ...]:
    """These requests; of who reviews what, only that the asker does, or whom they stand in for."""
    ids = [request.id for request in requests if request.is_open]
    asked = {"ids": ids, "reviewer": asker}
    theirs = {row.request_id: row for row in (await ask(session, _REVIEWED, asked) if ids else ())}
    return tuple(_given(each, theirs[each.id]) if each.id in theirs else each for each in requests)


def _given(request: Request, row: AnyRow) -> Request:
    return replace(request, reviewers=(row.for_whom or row.reviewer,), handed=_handed(row))


def _handed(row: AnyRow) -> tuple[HandOver, ...]:
    """Whether the request of this assignment was handed to its reviewer."""
    if not row.handed_by:
        return ()
    as_guest = row.seat == HANDED
    return (HandOver(row.stage, row.reviewer, row.handed_by, row.handed_at, as_guest),)


def _cards(
    session: AsyncSession, requests: Sequence[Request], asker: str
) -> Reading[Mapping[int, Posted]]:
    """Where the asker's own copies stand; of two the one by which they decide."""
    asked = {"ids": [request.id for request in requests], "readers": [asker]}

    def read(rows: Sequence[AnyRow]) -> Mapping[int, Posted]:
        return {row.request_id: Posted(row.channel, row.ts) for row in rows}

    return Reading(read, ask(session, _OWN_CARDS, asked))


def _cursor(sort: Sort, row: AnyRow, first: int, *, backwards: bool = False) -> Cursor:
    return Cursor(at=getattr(row, sort.column), id=row.id, backwards=backwards, first=first)


def _by_hand(of: Subquery) -> list[ColumnElement[Any]]:
    return [of.c.reviewer, of.c.handed_by, of.c.handed_at, of.c.seat]


def _waiting(*wanted: ColumnElement[bool]) -> AnySelect:
    """The first of each reviewer, with how many there are."""
    reviewer, id_ = col(AssignmentRow.reviewer), col(AssignmentRow.request_id)
    order = (col(AssignmentRow.created_at), id_)
    place = func.row_number().over(partition_by=reviewer, order_by=order).label("place")
    total = func.count().over(partition_by=reviewer).label("total")
    found = (
        select(*_BY_HAND, id_, col(AssignmentRow.for_whom), place, total)
        .where(in_list(reviewer, "reviewers"), OPEN, *wanted)
        .subquery()
    )
    return (
        select(*FACTS, *_by_hand(found), found.c.for_whom, found.c.total)
        .where(col(RequestRow.id) == found.c.request_id, found.c.place <= bindparam("limit"))
        .order_by(found.c.reviewer, found.c.place)
    )


# Hot: for every page of a list that somebody looks at.
_REVIEWED: AnySelect = select(
    col(AssignmentRow.request_id), col(AssignmentRow.stage), col(AssignmentRow.for_whom), *_BY_HAND
).where(
    in_list(col(AssignmentRow.request_id), "ids"),
    col(AssignmentRow.reviewer) == bindparam("reviewer"),
    col(AssignmentRow.waits).is_(True),
)
_OWN_CARDS = (
    select(col(CardRow.recipient), col(CardRow.request_id), col(CardRow.channel), col(CardRow.ts))
    .where(
        in_list(col(CardRow.request_id), "ids"),
        in_list(col(CardRow.recipient), "readers"),
        col(CardRow.ts).is_not(None),
    )
    .order_by((col(CardRow.audience) == Audience.REVIEWER.value).asc())
)
# Hot: for every digest and reminder of a morning.
_WAITS = col(AssignmentRow.waits).is_(True)
_GIVEN = _waiting()
_WAITING = _waiting(_WAITS)
_remind_at = col(AssignmentRow.remind_at)
CONCERNED = or_(
    ~in_list(col(AssignmentRow.request_id), "reserved"),
    exists().where(
        col(RequestRow.id) == AssignmentRow.request_id,
        col(RequestRow.tester) == AssignmentRow.reviewer,
    ),
)
"""Of the assignments of what is reserved, those of who tests it."""
_REMINDED = _waiting(
    *(_WAITS, _remind_at <= bindparam("moment"), _remind_at > bindparam("since"), CONCERNED)
)
_LATE, _NEW, _REST = range(3)
_ANY_ZONE = ZoneInfo("UTC")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _parted() -> AnySelect:
    """The first of what is overdue and of what is new, of each reviewer, with how many there are;
    of the rest one row, since it counts too.
    """
    reviewer, id_ = col(AssignmentRow.reviewer), col(AssignmentRow.request_id)
    came = col(AssignmentRow.created_at)
    late, new = col(AssignmentRow.due_at) <= bindparam("moment"), came > bindparam("since")
    given = (
        select(
            *(*_BY_HAND, id_, came, col(AssignmentRow.for_whom)),
            case((late, _LATE), (new, _NEW), else_=_REST).label("part"),
        )
        .where(in_list(reviewer, "reviewers"), OPEN, _WAITS)
        .subquery()
    )
    part = (given.c.reviewer, given.c.part)
    order = (given.c.created_at, given.c.request_id)
    found = select(
        *_by_hand(given),
        given.c.request_id,
        given.c.for_whom,
        given.c.part,
        func.row_number().over(partition_by=part, order_by=order).label("place"),
        func.count().over(partition_by=part).label("count_of_part"),
        func.count().over(partition_by=given.c.reviewer).label("total"),
    ).subquery()
    shown = case((found.c.part == _REST, 1), else_=bindparam("limit"))
    return (
        select(
            *FACTS,
            *(*_by_hand(found), found.c.for_whom),
            *(found.c.part, found.c.count_of_part, found.c.total),
        )
        .where(col(RequestRow.id) == found.c.request_id, found.c.place <= shown)
        .order_by(found.c.reviewer, found.c.part, found.c.place)
    )


_MORNINGS = _parted()
_UNREVIEWED: AnySelect = (
    select(*FACTS)
    .where(UNREVIEWED)
    .order_by(col(RequestRow.completed_on), col(RequestRow.id))
    .limit(bindparam("limit"))
)
_CALLED_TO: AnySelect = (
    select(*FACTS, func.count().over().label("total"))
    .join(CardRow, col(CardRow.request_id) == RequestRow.id)
    .where(CALLS, col(CardRow.recipient) == bindparam("user"), text(f"request.{OPEN}"))
    .order_by(col(RequestRow.escalated_at), col(RequestRow.id))
    .limit(bindparam("limit"))
)
_STUCK: AnySelect = (
    select(*FACTS)
    .where(
        text(f"request.{OPEN}"),
        col(RequestRow.stage_key).is_not(None),
        ~exists().where(col(AssignmentRow.request_id) == RequestRow.id, _WAITS),
    )
    .order_by(col(RequestRow.id))
    .limit(bindparam("limit"))
)
