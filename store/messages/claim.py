"""Taking messages that are owed: which may go out now, and when the next one may.

What stands in the way is few rows and read first: the lanes that rest and those with a message
under way. With it each look walks an index and stops early, however much is owed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, case, func, literal_column, null, select, tuple_, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.database import Database, execute, hold
from store.messages import rate_limits
from store.messages.outbox import LEASE, Claimed, Kind, Rank
from store.messages.rate_limits import Allowance, Method
from store.tables import OutboxState, metadata

OUTBOX, LANE = metadata.tables["outbox"], metadata.tables["lane"]
_KINDS: list[Any] = [literal_column(f"'{kind.value}'") for kind in Kind]
"""A newer replica may owe others, and sends them."""


async def take(
    db: Database, *, owner: str, now: datetime, limit: int = 20, pace: timedelta = timedelta()
) -> list[Claimed]:
    """Take up to `limit` due messages, at most one a lane, the most urgent first.

    With `pace`, the time between two posts in a channel, no more than Slack allows the workspace.
    """
    async with db.transaction() as session:
        await hold(session, "claims")  # else two could take one lane, or one allowance
        way = await _way(session, pace, now)
        if way.expired:
            await _give_back(session, way.expired, now)
            way = await _way(session, pace, now)
        due = (await execute(session, _free(way.closed), way.asked | {"limit": limit})).all()
        within = way.allowance.within([row.lane for row in due])
        picked = {row.id: row.lane for row, allowed in zip(due, within, strict=True) if allowed}
        if not picked:
            return []
        await rate_limits.spend(session, way.allowance, list(picked.values()))
        values = {"picked": list(picked), "until": now + LEASE, "by": owner}
        rows = (await execute(session, _TAKE, values)).all()
        return [_claimed(row) for row in sorted(rows, key=lambda row: (row.rank, row.id))]


async def next_due(
    db: Database, *, now: datetime, pace: timedelta = timedelta()
) -> timedelta | None:
    """How long until something could be sent; None when nothing is owed.

    What waits behind a message under way counts from the end of that message's lease.
    """
    async with db.snapshot() as session:
        way = await _way(session, pace, now)
        if (
            way.expired
            or (await execute(session, _due(way.closed), way.asked | {"limit": 1})).all()
        ):
            return timedelta()
        found = (await execute(session, _moments(way.closed), way.asked)).scalars().all()
        waiting = (await execute(session, _WAITING)).one()
    opening = [way.allowance.opens_at(method) for method in way.closed if getattr(waiting, method)]
    moments = [moment for moment in (*found, *opening, *way.sending.values()) if moment]
    return max(min(moments) - now, timedelta()) if moments else None


@dataclass(frozen=True, slots=True)
class _Way:
    """What stands in the way: of each lane that rests until when, of each message its lease."""

    now: datetime
    allowance: Allowance
    resting: Mapping[str, datetime]
    sending: Mapping[str, datetime]
    expired: Sequence[int]

    @property
    def closed(self) -> tuple[Method, ...]:
        return self.allowance.closed

    @property
    def asked(self) -> dict[str, Any]:
        """What the statements below are given."""
        busy = list(self.sending)
        return {"now": self.now, "busy": busy, "blocked": [*self.resting, *busy]}


async def _way(session: AsyncSession, pace: timedelta, now: datetime) -> _Way:
    rows = (await execute(session, _IN_THE_WAY, {"now": now})).all()
    resting = {row.lane: row.until for row in rows if row.id is None}
    sending = {row.lane: row.until for row in rows if row.id is not None}
    expired = [row.id for row in rows if row.id is not None and row.until <= now]
    return _Way(now, rate_limits.allowance(resting, pace, now=now), resting, sending, expired)


async def _give_back(session: AsyncSession, expired: Sequence[int], now: datetime) -> None:
    """A sender that died with a message in hand may have sent it."""
    await execute(session, _GIVE_BACK, {"expired": expired, "now": now})


def _claimed(row: Any) -> Claimed:
    named = dict(zip(_FIELDS, row[1:], strict=True))
    return Claimed(**named | {"kind": Kind(row.kind)})


def _is(state: OutboxState, table: Any = OUTBOX) -> Any:
    """Spelled out: a partial index serves only a state that is known beforehand."""
    return table.c.state == literal_column(f"'{state}'")


def _due_now(table: Any = OUTBOX) -> Any:
    return (
        _is(OutboxState.PENDING, table)
        & (table.c.due_at <= bindparam("now"))
        & table.c.kind.in_(_KINDS)
    )


def _open(lane: Any, closed: Sequence[Method]) -> list[Any]:
    """Lanes of methods that may be called."""
    return [~lane.startswith(f"{method.value}:") for method in closed]


def _callable(closed: Sequence[Method]) -> list[Any]:
    """Messages of methods that may be called; of no method at all are answers alone."""
    first = [OUTBOX.c.rank == Rank.ANSWER] if len(closed) == len(Method) else []
    return [*_open(OUTBOX.c.lane, closed), *first]


@cache
def _due(closed: Sequence[Method]) -> Any:
    """The first row of every lane that is free, due, and has nothing under way; with its lane.

    The most urgent rows are walked until enough are found that none in their lane goes before.
    """
    ahead = OUTBOX.alias()
    before = select(ahead.c.id).where(
        _due_now(ahead),
        ahead.c.lane == OUTBOX.c.lane,
        tuple_(ahead.c.rank, ahead.c.id) < tuple_(OUTBOX.c.rank, OUTBOX.c.id),
    )
    rows = select(OUTBOX.c.id, OUTBOX.c.lane).where(
        _due_now(),
        OUTBOX.c.lane.not_in(bindparam("blocked", expanding=True)),
        *_callable(closed),
        ~before.exists(),
    )
    return rows.order_by(OUTBOX.c.rank, OUTBOX.c.id).limit(bindparam("limit"))


@cache
def _free(closed: Sequence[Method]) -> Any:
    """The same, without those that somebody is changing at this moment."""
    return _due(closed).with_for_update(skip_locked=True, of=OUTBOX)


@cache
def _moments(closed: Sequence[Method]) -> Any:
    """When a lane with something due has rested, and when the first of the others is due."""
    waiting = select(OUTBOX.c.id).where(_due_now(), OUTBOX.c.lane == LANE.c.lane)
    rested = select(func.min(LANE.c.free_at)).where(
        LANE.c.free_at > bindparam("now"),
        LANE.c.lane.not_in(bindparam("busy", expanding=True)),
        *_open(LANE.c.lane, closed),
        waiting.exists(),
    )
    later = case((LANE.c.free_at > OUTBOX.c.due_at, LANE.c.free_at), else_=OUTBOX.c.due_at)
    due = (
        select(func.min(later))
        .select_from(OUTBOX.outerjoin(LANE, LANE.c.lane == OUTBOX.c.lane))
        .where(
            _is(OutboxState.PENDING),
            OUTBOX.c.due_at > bindparam("now"),
            OUTBOX.c.lane.not_in(bindparam("busy", expanding=True)),
            *_callable(closed),
        )
    )
    return rested.union_all(due)


def _any_of(method: Method) -> Any:
    """A range, so that an index finds one: `:` is followed by `;`."""
    lane = OUTBOX.c.lane
    of_it = select(OUTBOX.c.id).where(
        _is(OutboxState.PENDING), lane >= f"{method.value}:", lane < f"{method.value};"
    )
    return of_it.exists().label(method.value)


_WAITING = select(*map(_any_of, Method))
_FIELDS = tuple(field.name for field in fields(Claimed))
_IN_THE_WAY = (
    select(null().label("id"), LANE.c.lane, LANE.c.free_at.label("until"))
    .where(LANE.c.free_at > bindparam("now"))
    .union_all(
        select(OUTBOX.c.id, OUTBOX.c.lane, OUTBOX.c.lease_until).where(_is(OutboxState.SENDING))
    )
)
_GIVE_BACK = (
    update(OUTBOX)
    .where(
        OUTBOX.c.id.in_(bindparam("expired", expanding=True)),
        _is(OutboxState.SENDING),
        OUTBOX.c.lease_until <= bindparam("now"),
    )
    .values(state=OutboxState.PENDING, doubtful=True, lease_until=None)
)
_TAKE = (
    update(OUTBOX)
    .where(OUTBOX.c.id.in_(bindparam("picked", expanding=True)), _is(OutboxState.PENDING))
    .values(
        state=OutboxState.SENDING,
        attempts=OUTBOX.c.attempts + 1,
        lease_until=bindparam("until"),
        lease_owner=bindparam("by"),
    )
    .returning(OUTBOX.c.rank, *(OUTBOX.c[name] for name in _FIELDS))
)
