"""Transactions on SQLite and PostgreSQL. How each of them is driven stands in a file of its own.

`transaction()` writes, `snapshot()` reads. Both are short; Slack is never called inside one.
Measured: SQLite loses updates in the driver's default mode and fails with "locked" on a plain
BEGIN, so writers BEGIN IMMEDIATE; within one process they also queue for a lock, which is fair and
quicker than SQLite's own waiting.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from enum import StrEnum
from typing import Any, Protocol, TypeVarTuple, overload

from sqlalchemy import ColumnElement, CursorResult, Executable, Row, Select
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Mapped
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlmodel import SQLModel, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine import postgresql, sqlite
from store.engine.batching import Batches

Columns = TypeVarTuple("Columns")
Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""What the parameters of a statement stand for; several of them run it once for each."""
AnySelect = Select[*tuple[Any, ...]]
"""A SELECT of columns chosen by name, as `execute` takes it."""
AnyRow = Row[*tuple[Any, ...]]
"""A row of it: its columns are attributes."""
DialectInsert = Callable[[type[SQLModel]], sqlite_dialect.Insert | postgresql_dialect.Insert]
"""Makes an INSERT of one database into a table."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_FOR_VALUES = select(func.set_config("plan_cache_mode", "force_custom_plan", True))
CHANNEL = "mini_program_approvals"
"""PostgreSQL's channel for NOTIFY, by which a commit notifies the loops of every replica."""
CHUNK = 1000
"""Rows that one transaction deletes: on SQLite every click waits for its end."""
_TOPICS, _SENDER, _CLAIMED = "topics", "sender", "claimed"
_CONNECTION = "connection"
_PG_READ: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Topic(StrEnum):
    """What a transaction may leave for a loop to do: messages to send, those that somebody waits
    for, exports to make.
    """

    OUTBOX = "message"
    AWAITED = "awaited message"
    EXPORTS = "file"


class ImmediateSender(Protocol):
    """Sends in this process, without a poll, what a transaction has claimed for it."""

    @property
    def owner(self) -> str | None:
        """Whose the claims are; None while it takes none."""

    def send(self, claimed: Sequence[Any]) -> None:
        """Begin to send them: they are committed."""


_TOLD = {topic: topic.value for topic in Topic} | {Topic.AWAITED: Topic.OUTBOX.value}
"""What the other replicas hear: they need not hurry, for whoever committed it does."""


class DatabaseUrlError(ValueError):
    """The database URL cannot be used; the text says which form is accepted."""


def parse_url(text: str) -> URL:
    """The URL with our driver in it. Raises DatabaseUrlError for what cannot be used."""
    try:
        url = make_url(text)
        url = url.set(drivername=_DRIVERS[url.drivername])
    except (ArgumentError, KeyError, ValueError) as error:  # ValueError: a port that is no number
        raise DatabaseUrlError(
            "use sqlite:///file.db or postgresql://user:password@host/name"
        ) from error
    if url.get_backend_name() == "sqlite":
        _check_file(url)
    elif url.query:
        _check_options(url)
    return url


def _check_file(url: URL) -> None:
    if not url.database or url.database.startswith((":", "file:")):
        raise DatabaseUrlError("the store is a file, and this names none: use sqlite:///file.db")
    if url.query:
        raise DatabaseUrlError(f"SQLite takes no options here: leave out ?{', '.join(url.query)}")


def _check_options(url: URL) -> None:
    from psycopg import ProgrammingError, conninfo  # for PostgreSQL alone

    options = {name: value for name, value in url.query.items() if isinstance(value, str)}
    try:
        given = conninfo.conninfo_to_dict(conninfo.make_conninfo(**options))
        conninfo.timeout_from_conninfo(given)
    except ProgrammingError as error:  # its text names the option and holds nothing else
        raise DatabaseUrlError(f"PostgreSQL takes no such option: {error}") from error


class Database:
    """Connections to the store. `listeners` are called after a commit that has work for them."""

    def __init__(self, url: str | URL, *, pool_size: int = 10) -> None:
        parsed = parse_url(url) if isinstance(url, str) else url
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = (
            sqlite.writing(parsed) if self.is_sqlite else postgresql.engine(parsed, pool_size)
        )
        self.listeners: dict[Topic, Callable[[], None]] = dict.fromkeys(Topic, _nobody)
        self.immediate_sender: ImmediateSender | None = None
        self.write_batches = Batches(self.transaction)
        self.read_batches = Batches(self.snapshot)
        self.wal_copy = sqlite.WalCopy(parsed) if self.is_sqlite else None
        self._writers: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self.is_sqlite else nullcontext()
        )
        self.reading = (
            sqlite.reading(parsed) if self.is_sqlite else self.engine.execution_options(**_PG_READ)
        )
        self._write = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)
        self._read = async_sessionmaker(self.reading, class_=AsyncSession, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Write: all of it or, on any exception, nothing. Then notify the loops that have work."""
        sender = self.immediate_sender
        async with self._writers, self._write() as session, session.begin():
            session.info[_SENDER] = sender
            yield session
            topics: set[Topic] = session.info.get(_TOPICS, set())
            if not self.is_sqlite:
                for topic in topics:
                    await session.exec(select(func.pg_notify(CHANNEL, _TOLD[topic])))
        if sender and (claimed := session.info.get(_CLAIMED)):
            sender.send(claimed)
        if self.wal_copy:
            self.wal_copy.count_commit()
        for topic in topics:
            self.listeners[topic]()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """Read: one consistent view, never written to."""
        # It ends with a commit: at a rollback the driver drops its prepared statements.
        async with self._read() as session, session.begin():
            yield session

    async def dispose(self) -> None:
        """Close every connection."""
        if self.wal_copy:
            await self.wal_copy.wait()
        await self.engine.dispose()
        await self.reading.dispose()


def notify_after_commit(session: AsyncSession, topic: Topic) -> None:
    """This transaction leaves work of this topic: after its commit every replica's loop hears."""
    session.info.setdefault(_TOPICS, set()).add(topic)


def immediate_sender(session: AsyncSession) -> ImmediateSender | None:
    """Who sends in this process what this transaction claims; None in one that sends nothing."""
    sender: ImmediateSender | None = session.info.get(_SENDER)
    return sender


def send_after_commit(session: AsyncSession, claimed: Sequence[Any]) -> None:
    """Hand these to the immediate sender once the transaction is committed."""
    session.info.setdefault(_CLAIMED, []).extend(claimed)


async def advisory_lock(session: AsyncSession, name: str) -> None:
    """Lock this name until the end of the transaction. SQLite needs none: it has one writer.

    What is read after it is what the transaction that had it before has committed.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def plan_for_values(session: AsyncSession) -> None:
    """Let PostgreSQL plan each statement of this transaction for the values it is given.

    It may plan a prepared one for any values: a search then takes, measured, up to twenty times as
    long.
    """
    if session.get_bind().dialect.name == "postgresql":
        await execute(session, _FOR_VALUES)


@overload
async def execute(
    session: AsyncSession, statement: TypedReturnsRows[*Columns], values: Values | None = None
) -> CursorResult[*Columns]: ...


@overload
async def execute(
    session: AsyncSession, statement: Executable, values: Values | None = None
) -> CursorResult[*tuple[Any, ...]]: ...


async def execute(
    session: AsyncSession, statement: Executable, values: Values | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run a hot statement by SQLAlchemy Core, past the session: values in, rows out, no objects.

    Only for statements that are made once; the package's docstring says which, and what it saves.
    """
    if session.new or session.dirty:
        await session.flush()  # what was added to the session is there for this statement too
    connection = session.info.get(_CONNECTION)
    if connection is None:  # asked once: a session lasts for one transaction
        connection = session.info[_CONNECTION] = await session.connection()
    return await connection.execute(statement, values)


async def delete_chunk(
    session: AsyncSession, table: type[SQLModel], key: Mapped[Any], *which: ColumnElement[bool]
) -> int:
    """Delete up to CHUNK of these rows, known by their key; how many."""
    some = select(key).where(*which).limit(CHUNK)
    return (await session.exec(delete(table).where(key.in_(some)))).rowcount


def dialect_insert(session: AsyncSession) -> DialectInsert:
    """The `insert` of the session's database, which knows ON CONFLICT; both spell it alike."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite_dialect.insert
    return postgresql_dialect.insert


def _nobody() -> None:
    """For who runs no loop: the command line, for one."""
