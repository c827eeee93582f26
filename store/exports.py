"""Exports: asking for one, making it under a lease, and reading what goes into it.

No access is stored: what a file holds is decided when it is made, by the same rule as the asker's
lists. Every step owes the asker the message that shows how far it is.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import from_json
from sqlalchemy.engine import Dialect
from sqlmodel import (
    DateTime,
    Text,
    TypeDecorator,
    and_,
    cast,
    col,
    func,
    or_,
    select,
    type_coerce,
    update,
)
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar
from sqlmodel.sql.sqltypes import UTCDateTime

from store.domain.access import Roster
from store.domain.export import Entry, Export, ExportState, Format
from store.domain.lists.filter_text import parse, words
from store.domain.lists.query import ListQuery, Scope
from store.engine.database import Database, Topic, delete_chunk, notify_after_commit
from store.lists import listing
from store.messages import outbox
from store.messages.outbox import Owed
from store.tables import ExportRow, RequestRow

LEASE = timedelta(minutes=4)
"""How long an export belongs to its maker after each report; longer than any one step."""
SOON = timedelta(seconds=3)
"""Nothing is said of a file that is there by then: of most the asker hears by the file alone."""
CHUNK = 500
"""Requests read at a time: so many stay in the processor's cache until they are written."""
WAITING, MAKING = ExportState.WAITING.value, ExportState.MAKING.value


class _Moment(TypeDecorator[datetime]):
    """A moment as SQLModel keeps it, aware UTC; measured, read in a third of the time."""

    impl = DateTime
    cache_ok = True

    def result_processor(
        self, dialect: Dialect, _column_type: object
    ) -> Callable[[Any], datetime | None]:
        """SQLite keeps it as a text, in UTC and without a zone."""
        return _from_text if dialect.name == "sqlite" else _in_utc


def _from_text(text: str | None) -> datetime | None:
    return datetime.fromisoformat(f"{text}+00:00") if text else None


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


_KEPT: tuple[Any, ...] = tuple(
    getattr(RequestRow, name) for name in Entry._fields if name not in Entry._field_defaults
)
_FACTS = tuple(
    type_coerce(column, _Moment()) if isinstance(column.type, UTCDateTime) else column
    for column in _KEPT
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The export; `new` is False when the same one was still being prepared."""

    export: Export
    new: bool


async def ask(
    db: Database, query: ListQuery, format: Format, *, asker: str, now: datetime
) -> Asked:
    """Ask for a list as a file. The same again while it is prepared is the same export."""
    same = ExportRow(
        asker=asker,
        scope=query.scope.value,
        words=words(query),
        format=format.value,
        due_at=now,
        created_at=now,
    )
    async with db.transaction() as session:
        existing = (await session.exec(_unfinished_like(same))).first()
        if existing:
            return Asked(_export(existing), new=False)
        session.add(same)
        await session.flush()
        await _owe(session, same.id, asker, now, due=now + SOON)
        notify_after_commit(session, Topic.EXPORTS)
        return Asked(_export(same), new=True)


async def claim(db: Database, *, owner: str, now: datetime) -> Export | None:
    """The longest-waiting export nobody makes, for `owner`; one a person at a time."""
    async with db.transaction() as session:
        picked = (await session.exec(_claimable(now))).first()
        if picked is None:
            return None
        taken = (
            update(ExportRow)
            .where(col(ExportRow.id) == picked)
            .values(
                state=MAKING,
                attempts=ExportRow.attempts + 1,
                lease_owner=owner,
                lease_until=now + LEASE,
            )
            .returning(ExportRow)
        )
        return _export((await session.exec(taken)).scalar_one())


async def record_progress(db: Database, export: Export, *, now: datetime, rows: int) -> bool:
    """So many requests are written. False: the export is somebody else's now."""
    return await _change(db, export, now, rows=rows, lease_until=now + LEASE)


async def renew_lease(
    db: Database, export: Export, *, now: datetime, file_id: str | None = None
) -> bool:
    """It goes on; `file_id` is the file about to be shared. False: it is somebody else's now."""
    known = {"file_id": file_id} if file_id else {}
    return await _change(db, export, now, tell=False, lease_until=now + LEASE, **known)


async def finish(db: Database, export: Export, *, now: datetime, rows: int) -> bool:
    """The asker has the file, or (no rows) is told that there is nothing to put in one."""
    done = ExportState.DONE.value
    return await _change(db, export, now, **_released(done), rows=rows, finished_at=now, why=None)


async def fail(db: Database, export: Export, *, now: datetime, why: str) -> bool:
    """It cannot be made or sent; the asker is told what to do."""
    failed = ExportState.FAILED.value
    return await _change(db, export, now, **_released(failed), finished_at=now, why=why)


async def put_back(
    db: Database, export: Export, *, now: datetime, until: datetime, why: str
) -> bool:
    """Not this time: somebody makes it again from `until` on."""
    return await _change(db, export, now, **_released(WAITING), due_at=until, why=why)


async def find(session: AsyncSession, export_id: int) -> Export:
    """The export as it is now. Raises LookupError where there is none."""
    row = await session.get(ExportRow, export_id, populate_existing=True)
    if row is None:
        raise LookupError(f"there is no export {export_id}")
    return _export(row)


async def record_posted(
    session: AsyncSession, export_id: int, *, channel: str, ts: str, may_be_old: bool, now: datetime
) -> None:
    """Write down where the message that shows its progress stands.

    One that may show an old state is owed once more.
    """
    where = col(ExportRow.id) == export_id
    await session.exec(update(ExportRow).where(where).values(channel=channel, ts=ts))
    if may_be_old:
        export = await find(session, export_id)
        await _owe(session, export_id, export.asker, now)


async def contents(
    session: AsyncSession, export: Export, roster: Roster, zone: ZoneInfo
) -> AsyncIterator[Sequence[Entry]]:
    """The requests that go into it, in order, CHUNK at a time; its days are those of `zone`, and
    overdue is what was so when it was asked for.
    """
    rows = listing.visible(
        export.query, asker=export.asker, roster=roster, zone=zone, now=export.created_at
    )
    # Hot: a million rows. Measured, a session looks at every row once more, and this reads JSON in
    # a third of the time.
    entries = rows.with_only_columns(*_FACTS[:-1], cast(RequestRow.details, Text))
    stream = await (await session.connection()).stream(entries)
    async for chunk in stream.partitions(CHUNK):
        yield [Entry._make((*facts, from_json(details), (), (), ())) for *facts, details in chunk]


async def prune(session: AsyncSession, *, before: datetime) -> int:
    """Delete a chunk of what was finished before that moment; how many."""
    finished = col(ExportRow.finished_at) < before
    return await delete_chunk(session, ExportRow, col(ExportRow.id), finished)


def _unfinished_like(wanted: ExportRow) -> SelectOfScalar[ExportRow]:
    return select(ExportRow).where(
        col(ExportRow.state).in_([WAITING, MAKING]),
        ExportRow.asker == wanted.asker,
        ExportRow.scope == wanted.scope,
        ExportRow.words == wanted.words,
        ExportRow.format == wanted.format,
    )


def _claimable(now: datetime) -> SelectOfScalar[int]:
    """Only the first of each person counts: two makers cannot both see it free."""
    first = select(func.min(ExportRow.id)).where(col(ExportRow.state).in_([WAITING, MAKING]))
    waiting = and_(col(ExportRow.state) == WAITING, col(ExportRow.due_at) <= now)
    abandoned = and_(col(ExportRow.state) == MAKING, col(ExportRow.lease_until) <= now)
    oldest = select(ExportRow.id).where(
        col(ExportRow.id).in_(first.group_by(col(ExportRow.asker))), or_(waiting, abandoned)
    )
    oldest = oldest.order_by(col(ExportRow.due_at), col(ExportRow.id)).limit(1)
    return oldest.with_for_update(skip_locked=True)


def _released(state: str) -> dict[str, Any]:
    return {"state": state, "lease_owner": None, "lease_until": None}


async def _change(
    db: Database, export: Export, now: datetime, *, tell: bool = True, **values: Any
) -> bool:
    """Change it if it is still ours, and owe its asker the news."""
    ours = and_(
        col(ExportRow.id) == export.id,
        col(ExportRow.state) == MAKING,
        col(ExportRow.lease_owner) == export.lease_owner,
    )
    async with db.transaction() as session:
        changed = await session.exec(update(ExportRow).where(ours).values(**values))
        if changed.rowcount and tell:
            await _owe(session, export.id, export.asker, now)
        return bool(changed.rowcount)


async def _owe(
    session: AsyncSession, export_id: int, asker: str, now: datetime, *, due: datetime | None = None
) -> None:
    await outbox.owe(session, [Owed.export(export_id, asker)], now=now, due=due)


def _export(row: ExportRow) -> Export:
    return Export(
        id=row.id,
        asker=row.asker,
        query=parse(row.words, Scope(row.scope), row.asker),
        format=Format(row.format),
        state=ExportState(row.state),
        created_at=row.created_at,
        rows=row.rows,
        attempts=row.attempts,
        file_id=row.file_id,
        why=row.why,
        channel=row.channel,
        ts=row.ts,
        lease_owner=row.lease_owner,
    )
