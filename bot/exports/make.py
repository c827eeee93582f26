"""Make one file from the store, in bounded memory: a chunk of requests at a time.

Runs in a process of its own: measured, a writer in a thread stalls the event loop for half a second
at a time, and every click waits for it.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.exports import csv_file, json_file, xlsx_file
from store import approval_notes, exports, notes, people, questions
from store.domain.access import Roster
from store.domain.export import Entry, Export, Format
from store.domain.policy import Policy
from store.domain.request import Person
from store.engine.database import Database
from store.engine.sqlite_file import make_private
from store.engine.time_limits import LONG

FULL_DISK = 74
"""What the maker's process ends with where there is no room for the file."""
_WRITERS = {
    Format.CSV: csv_file.writing,
    Format.XLSX: xlsx_file.writing,
    Format.JSON: json_file.writing,
}
_OF_PEOPLE = ("submitted_by", "decided_by", "decided_for", "tester", "reviewed_by")


class Order(BaseModel):
    """What the maker is told: the store, the policy in force, where the file goes, whose zone."""

    model_config = ConfigDict(frozen=True)

    database_url: str
    policy: Policy
    path: Path
    zone: str


async def make(export_id: int, order: Order, progress: Callable[[int], None]) -> int:
    """Write the file; how many requests are in it. `progress` hears how many so far."""
    db = Database(order.database_url)
    try:
        async with db.snapshot(LONG) as session:
            export = await exports.find(session, export_id)
            return await _write(session, export, order, progress)
    finally:
        await db.dispose()


async def _write(
    session: AsyncSession, export: Export, order: Order, progress: Callable[[int], None]
) -> int:
    roster = await people.roster(session, order.policy)
    met: dict[str, Person] = {}
    count = 0
    make_private(order.path)
    zone = ZoneInfo(order.zone)
    with _WRITERS[export.format](order.path, zone) as add:
        async for chunk in exports.contents(session, export, roster, zone):
            whole = await _with_what_was_said(session, chunk, export.asker, roster)
            met.update(await people.known(session, _named(whole) - met.keys()))
            for entry in whole:
                add(entry, met)
            count += len(chunk)
            progress(count)
    return count


async def _with_what_was_said(
    session: AsyncSession, chunk: Sequence[Entry], asker: str, roster: Roster
) -> Sequence[Entry]:
    """The entries with their questions and what approvals came with; with notes for who oversees,
    but of their own requests.
    """
    asked_about = [entry.id for entry in chunk if entry.questions_asked]
    noted_on = [entry.id for entry in chunk if entry.notes_written and entry.submitted_by != asker]
    if not roster.oversees(asker):
        noted_on = []
    asked = await questions.of(session, asked_about) if asked_about else {}
    noted = await notes.of(session, noted_on) if noted_on else {}
    told = await approval_notes.of(session, [entry.id for entry in chunk])
    if not (asked or noted or told):
        return chunk
    return [
        entry._replace(
            questions=asked.get(entry.id, ()),
            notes=noted.get(entry.id, ()),
            approval_notes=told.get(entry.id, ()),
        )
        for entry in chunk
    ]


def _named(chunk: Sequence[Entry]) -> set[str]:
    """The people in these entries."""
    named: set[str | None] = set()
    for fact in map(attrgetter, _OF_PEOPLE):  # of all entries at once: a third of the time
        named.update(map(fact, chunk))
    for entry in chunk:
        if entry.escalated_to:
            named.update(entry.escalated_to)
        for question in entry.questions:
            named |= {question.asked_by, question.closed_by}
        named.update(note.written_by for note in entry.notes)
        named.update(vote.reviewer for vote in entry.approval_notes)
    return {user for user in named if user}
