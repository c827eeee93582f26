"""Make one file from the store, in bounded memory: a chunk of requests at a time.

Runs in a process of its own: measured, a writer in a thread stalls the event loop for half a second
at a time, and every click waits for it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.exports import csv_file, json_file, xlsx_file
from store import exports, people, questions
from store.domain.export import Entry, Export, Format
from store.domain.policy import Policy
from store.domain.request import Person
from store.engine.database import Database
from store.engine.sqlite_file import make_private
from store.engine.time_limits import LONG
from store.questions import Questions

FULL_DISK = 74
"""What the maker's process ends with where there is no room for the file."""
_WRITERS = {
    Format.CSV: csv_file.writing,
    Format.XLSX: xlsx_file.writing,
    Format.JSON: json_file.writing,
}


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
            asked_about = [entry.id for entry in chunk if entry.questions_asked]
            asked = await questions.of(session, asked_about) if asked_about else {}
            met.update(await people.known(session, _named(chunk, asked) - met.keys()))
            for entry in chunk:
                theirs = asked.get(entry.id)
                add(entry._replace(questions=theirs) if theirs else entry, met)
            count += len(chunk)
            progress(count)
    return count


def _named(chunk: Sequence[Entry], asked: Questions) -> set[str]:
    acting = ((each.decided_by, each.decided_for, each.tester, each.reviewed_by) for each in chunk)
    deciders = {user for users in acting for user in users if user}
    of_questions = (each for theirs in asked.values() for each in theirs)
    askers = {u for each in of_questions for u in (each.asked_by, each.closed_by) if u}
    called = {user for entry in chunk for user in entry.escalated_to or ()}
    return deciders | called | askers | {entry.submitted_by for entry in chunk}
