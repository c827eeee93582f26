"""Claims messages that are due: which may be sent now, and when the next one may.

What blocks is read first, because it is few rows: paused lanes, used-up allowances, and messages
that are being sent. What may be sent is then found for each method by itself, so that what waits
for one limit holds up nothing of another.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Label
from sqlalchemy.orm import aliased
from sqlmodel import bindparam, col, func, literal_column, null, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.asking import Answer
from store.engine.columns import in_list
from store.engine.database import (
    CHUNK,
    AnyRow,
    AnySelect,
    Database,
    Reading,
    ask,
    execute,
    immediate_sender,
    poll_advisory_lock,
    send_after_commit,
)
from store.messages import rate_limits
from store.messages.outbox import LANDS_WITHIN, LEASE, Claimed, Kind, Owed, Rank
from store.messages.rate_limits import LONGEST_REST, Allowance, Method
from store.tables import LaneRow, OutboxRow, OutboxState

LONG = timedelta(minutes=10)
"""After so long in its order a message moves up into the next one."""
WINDOW = 200
"""How many of a method's messages a claim looks at, the most urgent first, before it looks for the
first of every lane. Measured with 20,000 that wait: one way is slow where a single lane holds most
of them, the other where each has a lane of its own."""


async def claim_due(
    db: Database,
    *,
    owner: str,
    now: datetime,
    limit: int = 20,
    pace: timedelta = timedelta(),
    before: int | None = None,
) -> list[Claimed]:
    """Claim up to `limit` due messages, at most one a lane, the most urgent first; with `before`
    only those that go before this rank: smaller numbers go first.

    `pace` is the time between two posts in one channel, from which follows what Slack allows the
    workspace. Without it nothing is limited.
    """
    async with db.transaction() as session:
        # 1. One claim at a time: two could take the same lane, or spend the same allowance. What
        #    blocks is read under that lock.
        blockers = await poll_advisory_lock(
            session, "claims", lambda: _blockers(session, pace, now)
        )
        # 2. A message whose sender died, so that its lease is over, blocks no longer.
        if blockers.expired:
            given_back = {"expired": blockers.expired, "landed": now + LANDS_WITHIN}
            ask(session, _GIVE_BACK, blockers.values | given_back)
            blockers = await _blockers(session, pace, now)
        # 3. The first due message of each free lane, as far as the allowances go.
        picked = await _sendable(session, blockers, limit)
        picked = [row for row in picked if before is None or row.rank < before]
        if not picked:
            return []
        # 4. They are ours until the lease ends.
        lease = {"picked": [row.id for row in picked], "until": now + LEASE, "by": owner}
        rows = await ask(session, _LEASE, lease)
        await rate_limits.spend(session, blockers.allowance, [row.lane for row in rows])
        return [_claimed(row) for row in sorted(rows, key=lambda row: (row.rank, row.id))]


def take_at_once(session: AsyncSession, messages: Sequence[Owed], *, now: datetime) -> None:
    """Claim these in the transaction that owes them, if this process sends: it does right after the
    commit. A process that ends in between has claimed them like any other.

    Each has to be alone on its lane and in no allowance (`Owed.is_alone`). One that is being sent
    stays with its sender; it is owed once more.
    """
    sender = immediate_sender(session)
    owner = sender.owner if sender and messages else None
    if owner:
        lease = {"keys": [each.key for each in messages], "until": now + LEASE, "by": owner}

        def send(taken: Answer) -> None:
            send_after_commit(session, [_claimed(row) for row in taken.rows])

        ask(session, _TAKE, lease).then(send)


async def next_due(
    db: Database, *, now: datetime, pace: timedelta = timedelta()
) -> timedelta | None:
    """How long until something can be claimed; None when nothing is owed.

    A message behind one that is being sent counts from the end of that one's lease.
    """
    async with db.snapshot() as session:
        blockers = await _blockers(session, pace, now)
        if blockers.expired or await _sendable(session, blockers, 1):
            return timedelta()
        times, methods = ask(session, _NEXT_TIMES, blockers.values), ask(session, _PENDING_METHODS)
        moments = [moment for (moment,) in await times if moment]
        (pending,) = await methods
    moments += [
        blockers.allowance.available_at(method)
        for method in blockers.allowance.used_up
        if getattr(pending, method)
    ]
    moments += blockers.leases.values()
    return max(min(moments) - now, timedelta()) if moments else None


async def allowance(session: AsyncSession, pace: timedelta, *, now: datetime) -> Allowance:
    """How many calls of each method may be made now."""
    return (await _blockers(session, pace, now)).allowance


async def has_spare(
    session: AsyncSession, method: Method, *, now: datetime, pace: timedelta
) -> bool:
    """Whether more than half of a minute's calls is left, and nothing waits to use it already."""
    blockers = await _blockers(session, pace, now)
    waiting = _ANY_SPARE.where(col(OutboxRow.method) == method.value)
    return (
        blockers.allowance.remaining(method, spare=True) >= 1
        and (await execute(session, waiting)).first() is None
    )


async def move_up(db: Database, *, now: datetime) -> int:
    """Move what has waited LONG in its order to the end of the next one; how many.

    Nothing moves before a clicked copy, an answer or the other copies of a decided request: there
    somebody is looking. What is only sent out of spare allowance stays where it is.
    """
    total = 0
    for rank in _RISING:
        asked = {"rank": rank.value, "up": rank.value - 1, "now": now, "long_ago": now - LONG}
        moved = CHUNK
        while moved == CHUNK:
            async with db.transaction() as session:
                moved = (await execute(session, _MOVE_UP, asked)).rowcount
            total += moved
    return total


@dataclass(frozen=True, slots=True)
class _Blockers:
    """What may not be claimed now: the methods whose allowance is used up, the lanes with a message
    being sent (until when its lease runs), the paused lanes. `expired` are messages, by id.
    """

    now: datetime
    allowance: Allowance
    paused: Mapping[str, datetime]
    leases: Mapping[str, datetime]
    expired: Sequence[int]

    @property
    def values(self) -> dict[str, Any]:
        """What the parameters of the statements below stand for."""
        busy = list(self.leases)
        return {
            "now": self.now,
            "beyond": self.now + LONGEST_REST,
            "busy": busy,
            "blocked": [*self.paused, *busy],
        }


def _blockers(session: AsyncSession, pace: timedelta, now: datetime) -> Reading[_Blockers]:
    """What blocks now, asked for now."""

    def read(rows: Sequence[AnyRow]) -> _Blockers:
        beyond = now + LONGEST_REST  # as a clock that was wrong would write
        shared = [row for row in rows if row.lane in rate_limits.SHARED]
        paused = {row.lane: row.until for row in rows if row.id is None and row.until <= beyond}
        leases = {row.lane: row.until for row in rows if row.id is not None}
        expired = [row.id for row in rows if row.id and not now < row.until <= beyond]
        return _Blockers(now, rate_limits.allowance(shared, pace, now=now), paused, leases, expired)

    return Reading(read, ask(session, _BLOCKERS, {"now": now}))


async def _sendable(session: AsyncSession, blockers: _Blockers, limit: int) -> list[AnyRow]:
    """Up to `limit` messages that may be sent now, the most urgent first.

    1. Look at the most urgent messages of each method that may be called, and take the first one
       of each lane that is not blocked.
    2. Where a method has more messages, and these are in too few lanes, look at every lane.
    3. Take of each method as many as its allowance has room for.
    """
    room, blocked = blockers.allowance, {*blockers.paused, *blockers.leases}
    open_ = tuple(method for method in _METHODS if method not in room.used_up)
    rows = await ask(session, _most_urgent(open_), blockers.values)
    heads = list(_first_of_lanes(rows, blocked))
    looked, found = (Counter(row.method for row in some) for some in (rows, heads))
    if any(
        looked[method] == WINDOW and found[method] < min(limit, room.remaining(method))
        for method in open_
    ):
        values = blockers.values | {"methods": open_, "limit": limit}
        heads = list(await ask(session, _OF_EVERY_LANE, values))

    taken: Counter[str] = Counter()
    picked: list[AnyRow] = []
    for row in sorted(heads, key=attrgetter("rank")):  # those of one rank stay in their order
        if taken[row.method] < room.remaining(row.method, spare=row.rank == Rank.SPARE):
            taken[row.method] += 1
            picked.append(row)
    return picked[:limit]


def _first_of_lanes(rows: Iterable[AnyRow], blocked: AbstractSet[str]) -> Iterator[AnyRow]:
    seen = set(blocked)
    for row in rows:
        if row.is_due and row.lane not in seen:
            seen.add(row.lane)
            yield row


def _claimed(row: AnyRow) -> Claimed:
    named = dict(zip(_FIELDS, row[1:], strict=True))
    return Claimed(**named | {"kind": Kind(row.kind)})


# Hot, all below: a claim follows every commit that owes a message, and every few messages sent.

_METHODS = ("", *(method.value for method in Method))
"""Whose allowance a message takes from; answers by response URL are counted nowhere."""
_RISING = (Rank.OUTCOME, Rank.HOME, Rank.REST)
_KINDS: list[ColumnElement[str]] = [literal_column(f"'{kind.value}'") for kind in Kind]
"""A newer replica may owe others, and sends them."""


def _is(state: OutboxState, table: type[OutboxRow] = OutboxRow) -> ColumnElement[bool]:
    """Spelled out: a partial index serves no parameter."""
    return col(table.state) == literal_column(f"'{state}'")


def _is_due(table: type[OutboxRow] = OutboxRow) -> ColumnElement[bool]:
    """Its time has come, or it is so far ahead that a clock was wrong when it was written."""
    due_at = col(table.due_at)
    is_time = or_(due_at <= bindparam("now"), due_at > bindparam("beyond"))
    return is_time & col(table.kind).in_(_KINDS)


_IN_ORDER = (col(OutboxRow.rank), col(OutboxRow.queued_at), col(OutboxRow.id))


@cache
def _most_urgent(methods: tuple[str, ...]) -> CompoundSelect[*tuple[Any, ...]]:
    """The WINDOW most urgent messages of each of these methods, due or not."""
    windows = [
        select(OutboxRow.id, OutboxRow.lane, OutboxRow.method, OutboxRow.rank)
        .add_columns(_is_due().label("is_due"))
        .where(_is(OutboxState.PENDING), col(OutboxRow.method) == method)
        .order_by(*_IN_ORDER)
        .limit(WINDOW)
        .subquery()
        for method in methods
    ]
    first, *rest = (select(*window.c) for window in windows)
    all_: CompoundSelect[*tuple[Any, ...]] = first.union_all(*rest)
    return all_


def _of_every_lane() -> AnySelect:
    """The first due message of every lane that is not blocked, `limit` of each method.

    From each lane one step of the index leads to the next one, and another to its first message.
    """
    pending = _is(OutboxState.PENDING)
    lanes = select(func.min(OutboxRow.lane).label("lane")).where(pending).cte(recursive=True)
    next_lane = select(func.min(OutboxRow.lane)).where(pending, OutboxRow.lane > lanes.c.lane)
    lanes = lanes.union_all(select(next_lane.scalar_subquery()).where(lanes.c.lane.is_not(None)))
    ahead = aliased(OutboxRow)
    first = (
        select(ahead.id)
        .where(_is(OutboxState.PENDING, ahead), ahead.lane == lanes.c.lane, _is_due(ahead))
        .order_by(col(ahead.rank), col(ahead.queued_at), col(ahead.id))
        .limit(1)
        .scalar_subquery()
    )
    place = func.row_number().over(partition_by=col(OutboxRow.method), order_by=_IN_ORDER)
    heads = (
        select(OutboxRow.id, OutboxRow.lane, OutboxRow.method, OutboxRow.rank)
        .add_columns(place.label("place"))
        .select_from(lanes)
        .join(OutboxRow, col(OutboxRow.id) == first)
        .where(~in_list(lanes.c.lane, "blocked"), in_list(col(OutboxRow.method), "methods"))
        .subquery()
    )
    return (
        select(heads.c.id, heads.c.lane, heads.c.method, heads.c.rank)
        .where(heads.c.place <= bindparam("limit"))
        .order_by(heads.c.place)
    )


def _next_times() -> CompoundSelect[datetime]:
    """When the first pause ends of a lane with something due; when the next message is due."""
    waiting = select(OutboxRow.id).where(
        _is(OutboxState.PENDING), OutboxRow.lane == LaneRow.lane, _is_due()
    )
    pause_ends = select(func.min(LaneRow.free_at)).where(
        LaneRow.free_at > bindparam("now"),
        LaneRow.free_at <= bindparam("beyond"),
        ~in_list(col(LaneRow.lane), "busy"),
        waiting.exists(),
    )
    next_one = select(func.min(OutboxRow.due_at)).where(
        _is(OutboxState.PENDING), OutboxRow.due_at > bindparam("now")
    )
    return pause_ends.union_all(next_one)


def _any_pending(method: Method) -> Label[bool]:
    found = select(OutboxRow.id).where(_is(OutboxState.PENDING), OutboxRow.method == method.value)
    return found.exists().label(method.value)


_OF_EVERY_LANE = _of_every_lane()
_NEXT_TIMES = _next_times()
_PENDING_METHODS = select(*map(_any_pending, Method))
_ANY_SPARE: AnySelect = (
    select(OutboxRow.id)
    .where(_is(OutboxState.PENDING), OutboxRow.rank == literal_column(str(Rank.SPARE.value)))
    .limit(1)
)
_FIELDS = tuple(field.name for field in fields(Claimed))
_BLOCKERS: CompoundSelect[*tuple[Any, ...]] = (
    select(null().label("id"), LaneRow.lane, col(LaneRow.free_at).label("until"))
    .add_columns(col(LaneRow.per_minute), col(LaneRow.learned_at))
    .where(or_(LaneRow.free_at > bindparam("now"), col(LaneRow.lane).in_(rate_limits.SHARED)))
    .union_all(
        select(OutboxRow.id, OutboxRow.lane, OutboxRow.lease_until)
        .add_columns(null(), null())
        .where(_is(OutboxState.SENDING))
    )
)
_GIVE_BACK = (
    update(OutboxRow)
    .where(
        in_list(col(OutboxRow.id), "expired"),
        _is(OutboxState.SENDING),
        or_(
            col(OutboxRow.lease_until) <= bindparam("now"),
            col(OutboxRow.lease_until) > bindparam("beyond"),
        ),
    )
    .values(
        state=OutboxState.PENDING,
        doubtful=True,
        may_land_until=bindparam("landed"),
        lease_until=None,
    )
)
_UNLOCKED = (
    select(OutboxRow.id)
    .where(in_list(col(OutboxRow.id), "picked"), _is(OutboxState.PENDING))
    .with_for_update(skip_locked=True)  # those that another transaction is changing come later
)
_LEASING = (
    update(OutboxRow)
    .values(
        state=OutboxState.SENDING,
        attempts=OutboxRow.attempts + 1,
        lease_until=bindparam("until"),
        lease_owner=bindparam("by"),
    )
    .returning(col(OutboxRow.rank), *(getattr(OutboxRow, name) for name in _FIELDS))
)
_LEASE = _LEASING.where(col(OutboxRow.id).in_(_UNLOCKED))
_TAKE = _LEASING.where(in_list(col(OutboxRow.key), "keys"), _is(OutboxState.PENDING))
_LONG_THERE = (
    select(OutboxRow.id)
    .where(
        _is(OutboxState.PENDING),
        col(OutboxRow.method).in_([literal_column(f"'{method}'") for method in _METHODS]),
        OutboxRow.rank == bindparam("rank"),
        OutboxRow.queued_at <= bindparam("long_ago"),
    )
    .limit(CHUNK)
    .with_for_update(skip_locked=True)
)
_MOVE_UP = (
    update(OutboxRow)
    .where(col(OutboxRow.id).in_(_LONG_THERE))
    .values(rank=bindparam("up"), queued_at=bindparam("now"))
)
