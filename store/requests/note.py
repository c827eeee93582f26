"""Writing a note: for those who review a request, and never for its submitter."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.access import Refused
from store.domain.lifecycle import Act
from store.domain.notes import NOTED
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine import causes
from store.engine.database import Database
from store.messages import cards
from store.requests import read, revisions
from store.requests.revisions import Change
from store.tables import NoteRow


@dataclass(frozen=True, slots=True)
class NewNote:
    """What somebody wants the other reviewers to know; `at` is aware UTC."""

    request_id: int
    actor: str
    text: str
    at: datetime


async def note(db: Database, new: NewNote, policy: Policy) -> Request | Refused:
    """Put a note on record, and owe the cards that count it; the request as it is then."""
    async with db.transaction() as session:
        return causes.noted(await _note(session, new, policy), new.request_id)


async def _note(session: AsyncSession, new: NewNote, policy: Policy) -> Request | Refused:
    request = await read.examined(
        session,
        new.request_id,
        Act.NOTE,
        actor=new.actor,
        policy=policy,
        now=new.at,
        lock=True,
    )
    if isinstance(request, Refused):
        return request
    number = request.notes_written + 1
    columns = {
        "number": number,
        "written_by": new.actor,
        "written_at": new.at,
        "note": new.text,
    }
    await session.exec(insert(NoteRow).values(request_id=request.id, **columns))
    after = replace(request, revision=request.revision + 1, notes_written=number)
    revisions.advance(session, [after], "notes_written")
    await revisions.record(session, [Change(after, NOTED, new.actor, new.at, {}, noted=[columns])])
    await cards.owe(session, [request.id], now=new.at)
    return after
