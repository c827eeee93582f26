"""What an operator may do to messages that are owed: look, try again, drop. Never their words.

What a message would say and where a response URL leads stay in the store: a list of what is owed
may be pasted anywhere. A message that is being sent is left alone; its lease ends by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.database import Topic, notify_after_commit
from store.messages.outbox import Kind
from store.tables import OutboxRow, OutboxState


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
    """Send this one as soon as its lane allows. False: it is not there, was sent or is being sent.

    One that failed starts again from its first attempt.
    """
    return await _due(session, col(OutboxRow.key) == key, _in(_LEFT), now=now) > 0


async def retry_failed(session: AsyncSession, *, now: datetime) -> int:
    """Send all that failed once more; how many."""
    return await _due(session, _in([OutboxState.FAILED]), now=now)


async def drop(session: AsyncSession, key: str) -> bool:
    """Owe this one no more. False: it is not there, was sent or is being sent."""
    gone = delete(OutboxRow).where(col(OutboxRow.key) == key, _in(_LEFT))
    return bool((await session.exec(gone)).rowcount)


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
    )
