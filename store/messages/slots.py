"""What is told once: a message owed together with a slot of its key, which nobody takes twice while
it is kept (`KEEP` of the schedule's jobs). What may be due for longer than that is owed within a
window, as nudges are, or marked in its own row.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.database import DialectInsert, dialect_insert, execute
from store.messages import outbox
from store.messages.outbox import Kind, Owed
from store.tables import SlotRow

_DAILY = {Kind.DIGEST, Kind.REMINDER}
"""What says all that one of an earlier day would say."""


async def owe_once(session: AsyncSession, messages: Sequence[Owed], *, now: datetime) -> int:
    """Owe those of these messages whose slot is free, and take it; how many.

    A slot is free again once it is pruned.
    """
    if not messages:
        return 0
    # In one order, against deadlocks.
    values = [{"key": key, "at": now} for key in sorted(message.key for message in messages)]
    ours = set((await execute(session, _taking(dialect_insert(session)), values)).scalars())
    fresh = [each for each in messages if each.key in ours]
    await outbox.supersede(session, [each for each in fresh if each.kind in _DAILY])
    await outbox.owe(session, fresh, now=now)
    return len(ours)


@cache
def _taking(insert: DialectInsert) -> ReturningInsert[Any]:
    """Hot: in the morning, for hundreds of people at a time."""
    return insert(SlotRow).on_conflict_do_nothing().returning(col(SlotRow.key))
