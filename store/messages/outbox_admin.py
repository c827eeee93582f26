"""What an operator may do to messages that are owed: look, try again, drop. Never their words.

What a message would say and where a response URL leads stay in the store: a list of what is owed
may be pasted anywhere. A message that is being sent is left alone; its lease ends by itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.database import Topic, notify_after_commit
from store.messages import claim
from store.messages.outbox import Kind, Rank
from store.messages.rate_limits import LONGEST_REST, SHARED
from store.tables import PENDING, SENDING, SENT, LaneRow, OutboxRow, OutboxState


@dataclass(frozen=True, slots=True)
class Message:
    """One message as an operator sees it; `recipient` is a person (`U…`) or a channel (`C…`)."""

    key: str
    kind: Kind
    recipient: str
    state: OutboxState
    attempts: int
    last_error: str | None
    created_at: datetime
    owed_at: datetime


@dataclass(frozen=True, slots=True)
class RestingLane:
    """A lane that Slack, or its own pace, keeps silent until then; `post:*` is all of a method."""

    lane: str
    until: datetime


async def resting(session: AsyncSession, *, pace: timedelta, now: datetime) -> list[RestingLane]:
    """The lanes that may not be sent on now, the ones that rest longest first."""
    rows = (await session.exec(select(LaneRow).where(LaneRow.free_at > now))).all()
    allowance = await claim.allowance(session, pace, now=now)
    until = {
        row.lane: row.free_at
        for row in rows
        if row.lane not in SHARED and row.free_at <= now + LONGEST_REST
    }
    until |= {f"{method.value}:*": allowance.available_at(method) for method in allowance.used_up}
    return [RestingLane(*each) for each in sorted(until.items(), key=lambda each: each[::-1])][::-1]


async def free(session: AsyncSession, lanes: Collection[str] | None = None) -> int:
    """Let these lanes go on at once, or all that rest; how many."""
    rows = delete(LaneRow)
    if lanes is not None:
        rows = rows.where(col(LaneRow.lane).in_(lanes))
    freed = int((await session.exec(rows)).rowcount)
    if freed:
        notify_after_commit(session, Topic.OUTBOX)
    return freed


async def oldest_due(session: AsyncSession) -> datetime | None:
    """Since when the message is owed that has waited longest; None when nothing waits.

    What is sent only out of spare allowance does not count: nobody waits for it.
    """
    moments = [
        (await session.exec(select(func.min(OutboxRow.owed_at)).where(state, _AWAITED))).one()
        for state in (PENDING, SENDING)  # each in the words of its index
    ]
    return min((moment for moment in moments if moment), default=None)


async def last_sent(session: AsyncSession, kind: Kind) -> datetime | None:
    """When the last message of a kind was sent; None where none was that is still remembered."""
    sent = select(func.max(OutboxRow.settled_at)).where(SENT, col(OutboxRow.kind) == kind.value)
    return (await session.exec(sent)).one()


async def oldest(
    session: AsyncSession, states: Sequence[OutboxState], *, limit: int
) -> list[Message]:
    """The oldest that are in one of these states."""
    rows = select(OutboxRow).where(_in(states)).order_by(col(OutboxRow.id)).limit(limit)
    return [_message(row) for row in await session.exec(rows)]


async def count(session: AsyncSession, states: Sequence[OutboxState]) -> int:
    """How many are in one of these states."""
    return (
        await session.exec(select(func.count()).select_from(OutboxRow).where(_in(states)))
    ).one()


async def retry(session: AsyncSession, key: str, *, now: datetime) -> bool:
    """Send this one at once: its lane rests no longer. False: it is not there, was sent or is being
    sent.

    One that failed starts again from its first attempt.
    """
    lane = (await session.exec(select(OutboxRow.lane).where(OutboxRow.key == key))).first()
    if lane:
        await free(session, {lane, f"{lane.partition(':')[0]}:*"})
    return await _due(session, col(OutboxRow.key) == key, _in(_LEFT), now=now) > 0


async def retry_failed(session: AsyncSession, *, now: datetime) -> int:
    """Send all that failed once more; how many."""
    return await _due(session, _in([OutboxState.FAILED]), now=now)


async def drop(session: AsyncSession, key: str) -> bool:
    """Owe this one no more. False: it is not there, was sent or is being sent."""
    gone = delete(OutboxRow).where(col(OutboxRow.key) == key, _in(_LEFT))
    return bool((await session.exec(gone)).rowcount)


_AWAITED = col(OutboxRow.rank) < Rank.SPARE.value
_LEFT = (OutboxState.PENDING, OutboxState.FAILED)
"""Nobody is sending these."""


async def _due(session: AsyncSession, *which: ColumnElement[bool], now: datetime) -> int:
    again = (
        update(OutboxRow).where(*which).values(state=OutboxState.PENDING, due_at=now, attempts=0)
    )
    changed = int((await session.exec(again)).rowcount)
    if changed:
        notify_after_commit(session, Topic.OUTBOX)
    return changed


def _in(states: Sequence[OutboxState]) -> ColumnElement[bool]:
    return col(OutboxRow.state).in_([state.value for state in states])


def _message(row: OutboxRow) -> Message:
    return Message(
        key=row.key,
        kind=Kind(row.kind),
        recipient=row.recipient,
        state=OutboxState(row.state),
        attempts=row.attempts,
        last_error=row.last_error,
        created_at=row.created_at,
        owed_at=row.owed_at,
    )
