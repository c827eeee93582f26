"""Claims messages that are due: which may be sent now, and when the next one may.

What blocks is read first, because it is few rows: paused lanes, used-up allowances, and messages
that are being sent. Every other statement leaves that out, walks an index and stops early.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Label, Select
from sqlalchemy.orm import aliased
from sqlmodel import bindparam, case, col, func, literal_column, null, select, tuple_, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.columns import in_list
from store.engine.database import AnyRow, Database, advisory_lock, execute
from store.messages import rate_limits
from store.messages.outbox import LEASE, Claimed, Kind, Rank
from store.messages.rate_limits import Allowance, Method
from store.tables import LaneRow, OutboxRow, OutboxState


async def claim_due(
    db: Database, *, owner: str, now: datetime, limit: int = 20, pace: timedelta = timedelta()
) -> list[Claimed]:
    """Claim up to `limit` due messages, at most one a lane, the most urgent first.

    `pace` is the time between two posts in one channel, from which follows what Slack allows the
    workspace. Without it nothing is limited.
    """
    async with db.transaction() as session:
        # 1. One claim at a time: two could take the same lane, or spend the same allowance.
        await advisory_lock(session, "claims")
        # 2. What blocks. A message whose sender died, so that its lease is over, blocks no longer.
        blockers = await _blockers(session, pace, now)
        if blockers.expired:
            await execute(session, _GIVE_BACK, {"expired": blockers.expired, "now": now})
            blockers = await _blockers(session, pace, now)
        # 3. The first due message of each free lane, as far as the allowances go.
        due = (
            await execute(session, _unlocked(blockers.used_up), blockers.values | {"limit": limit})
        ).all()
        allowed = blockers.allowance.allowed([row.lane for row in due])
        picked = {row.id: row.lane for row, may in zip(due, allowed, strict=True) if may}
        if not picked:
            return []
        # 4. They are ours until the lease ends.
        await rate_limits.spend(session, blockers.allowance, list(picked.values()))
        lease = {"picked": list(picked), "until": now + LEASE, "by": owner}
        rows = (await execute(session, _LEASE, lease)).all()
        return [_claimed(row) for row in sorted(rows, key=lambda row: (row.rank, row.id))]


async def next_due(
    db: Database, *, now: datetime, pace: timedelta = timedelta()
) -> timedelta | None:
    """How long until something can be claimed; None when nothing is owed.

    A message behind one that is being sent counts from the end of that one's lease.
    """
    async with db.snapshot() as session:
        blockers = await _blockers(session, pace, now)
        due = _due(blockers.used_up)
        if blockers.expired or (await execute(session, due, blockers.values | {"limit": 1})).all():
            return timedelta()
        times = (await execute(session, _next_times(blockers.used_up), blockers.values)).scalars()
        moments = [moment for moment in times if moment]
        pending = (await execute(session, _PENDING_METHODS)).one()
    moments += [
        blockers.allowance.available_at(method)
        for method in blockers.used_up
        if getattr(pending, method)
    ]
    moments += blockers.leases.values()
    return max(min(moments) - now, timedelta()) if moments else None


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
    def used_up(self) -> tuple[Method, ...]:
        return self.allowance.used_up

    @property
    def values(self) -> dict[str, Any]:
        """What the parameters of the statements below stand for."""
        busy = list(self.leases)
        return {"now": self.now, "busy": busy, "blocked": [*self.paused, *busy]}


async def _blockers(session: AsyncSession, pace: timedelta, now: datetime) -> _Blockers:
    rows = (await execute(session, _BLOCKERS, {"now": now})).all()
    paused = {row.lane: row.until for row in rows if row.id is None}
    leases = {row.lane: row.until for row in rows if row.id is not None}
    expired = [row.id for row in rows if row.id is not None and row.until <= now]
    return _Blockers(now, rate_limits.allowance(paused, pace, now=now), paused, leases, expired)


def _claimed(row: AnyRow) -> Claimed:
    named = dict(zip(_FIELDS, row[1:], strict=True))
    return Claimed(**named | {"kind": Kind(row.kind)})


# Hot, all below: a claim follows every commit that owes a message, and every few messages sent.

_KINDS: list[ColumnElement[str]] = [literal_column(f"'{kind.value}'") for kind in Kind]
"""A newer replica may owe others, and sends them."""


def _is(state: OutboxState, table: type[OutboxRow] = OutboxRow) -> ColumnElement[bool]:
    """Spelled out: a partial index serves no parameter."""
    return col(table.state) == literal_column(f"'{state}'")


def _due_now(table: type[OutboxRow] = OutboxRow) -> ColumnElement[bool]:
    is_due = _is(OutboxState.PENDING, table) & (col(table.due_at) <= bindparam("now"))
    return is_due & col(table.kind).in_(_KINDS)


def _not_of(lane: str, used_up: Sequence[Method]) -> list[ColumnElement[bool]]:
    """Lanes of methods that may be called."""
    return [~col(lane).startswith(f"{method.value}:") for method in used_up]


def _callable(used_up: Sequence[Method]) -> list[ColumnElement[bool]]:
    """Messages of methods that may be called; only answers belong to none."""
    answers = [col(OutboxRow.rank) == Rank.ANSWER] if len(used_up) == len(Method) else []
    return [*_not_of(OutboxRow.lane, used_up), *answers]


@cache
def _due(used_up: Sequence[Method]) -> Select[int, str]:
    """The first due message of every lane that is not blocked, and its lane.

    The most urgent rows are walked, until enough are found that are the first of their lane.
    """
    ahead = aliased(OutboxRow)
    first_of_lane = ~(
        select(ahead.id)
        .where(
            _due_now(ahead),
            col(ahead.lane) == OutboxRow.lane,
            tuple_(ahead.rank, ahead.id) < tuple_(OutboxRow.rank, OutboxRow.id),
        )
        .exists()
    )
    return (
        select(OutboxRow.id, OutboxRow.lane)
        .where(
            _due_now(),
            ~in_list(col(OutboxRow.lane), "blocked"),
            *_callable(used_up),
            first_of_lane,
        )
        .order_by(col(OutboxRow.rank), col(OutboxRow.id))
        .limit(bindparam("limit"))
    )


@cache
def _unlocked(used_up: Sequence[Method]) -> Select[int, str]:
    """The same, without those that another transaction is changing at this moment."""
    return _due(used_up).with_for_update(skip_locked=True, of=OutboxRow)


@cache
def _next_times(used_up: Sequence[Method]) -> CompoundSelect[datetime]:
    """When the first pause ends of a lane with something due; when the next message is due."""
    not_busy = ~in_list(col(LaneRow.lane), "busy")
    waiting = select(OutboxRow.id).where(_due_now(), OutboxRow.lane == LaneRow.lane)
    pause_ends = select(func.min(LaneRow.free_at)).where(
        LaneRow.free_at > bindparam("now"),
        not_busy,
        *_not_of(LaneRow.lane, used_up),
        waiting.exists(),
    )
    paused_longer = col(LaneRow.free_at) > OutboxRow.due_at
    due = (
        select(func.min(case((paused_longer, LaneRow.free_at), else_=OutboxRow.due_at)))
        .select_from(OutboxRow)
        .join(LaneRow, col(LaneRow.lane) == OutboxRow.lane, isouter=True)
        .where(
            _is(OutboxState.PENDING),
            OutboxRow.due_at > bindparam("now"),
            ~in_list(col(OutboxRow.lane), "busy"),
            *_callable(used_up),
        )
    )
    return pause_ends.union_all(due)


def _any_pending(method: Method) -> Label[bool]:
    """A range, so that an index finds one: `:` is followed by `;`."""
    lane = col(OutboxRow.lane)
    found = select(OutboxRow.id).where(
        _is(OutboxState.PENDING), lane >= f"{method.value}:", lane < f"{method.value};"
    )
    return found.exists().label(method.value)


_PENDING_METHODS = select(*map(_any_pending, Method))
_FIELDS = tuple(field.name for field in fields(Claimed))
_BLOCKERS: CompoundSelect[*tuple[Any, ...]] = (
    select(null().label("id"), LaneRow.lane, col(LaneRow.free_at).label("until"))
    .where(LaneRow.free_at > bindparam("now"))
    .union_all(
        select(OutboxRow.id, OutboxRow.lane, OutboxRow.lease_until).where(_is(OutboxState.SENDING))
    )
)
_GIVE_BACK = (
    update(OutboxRow)
    .where(
        in_list(col(OutboxRow.id), "expired"),
        _is(OutboxState.SENDING),
        col(OutboxRow.lease_until) <= bindparam("now"),
    )
    .values(state=OutboxState.PENDING, doubtful=True, lease_until=None)
)
_LEASE = (
    update(OutboxRow)
    .where(in_list(col(OutboxRow.id), "picked"), _is(OutboxState.PENDING))
    .values(
        state=OutboxState.SENDING,
        attempts=OutboxRow.attempts + 1,
        lease_until=bindparam("until"),
        lease_owner=bindparam("by"),
    )
    .returning(col(OutboxRow.rank), *(getattr(OutboxRow, name) for name in _FIELDS))
)
