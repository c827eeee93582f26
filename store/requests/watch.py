"""Watching a request: whoever may see it hears its outcome once, though it is not theirs to do."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine import causes
from store.engine.database import Database, dialect_insert
from store.requests import read
from store.tables import WatchRow


@dataclass(frozen=True, slots=True)
class Watching:
    """Somebody wants to hear how a request ends, or no longer; `at` is aware UTC."""

    request_id: int
    actor: str
    at: datetime
    on: bool = True


async def watch(db: Database, wish: Watching, policy: Policy) -> Request | Refused:
    """Write it down; the same again changes nothing. Its submitter hears of it anyway."""
    async with db.transaction() as session:
        return causes.noted(await _watch(session, wish, policy), wish.request_id)


async def _watch(session: AsyncSession, wish: Watching, policy: Policy) -> Request | Refused:
    request = await read.examined(
        session,
        wish.request_id,
        Act.SEE,
        actor=wish.actor,
        policy=policy,
        now=wish.at,
        lock=True,  # it does not end meanwhile
    )
    if isinstance(request, Refused):
        return request
    if not wish.on:
        theirs = col(WatchRow.request_id) == request.id, col(WatchRow.user_id) == wish.actor
        await session.exec(delete(WatchRow).where(*theirs))
        return request
    if not request.is_open:
        return Refused(Denial.CLOSED, request.id, request)
    if wish.actor != request.submitted_by:
        row = {"request_id": request.id, "user_id": wish.actor, "since": wish.at}
        new = dialect_insert(session)(WatchRow).values(row)
        await session.exec(new.on_conflict_do_nothing())
    return request
