"""Transactions on SQLite and PostgreSQL. How each of them is driven stands in a file of its own.

`transaction()` writes, `snapshot()` reads. Both are short; Slack is never called inside one.
Measured: SQLite loses updates in the driver's default mode and fails with "locked" on a plain
BEGIN, so writers BEGIN IMMEDIATE; within one process they also queue for a lock, which is fair and
quicker than SQLite's own waiting.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self, TypeVarTuple, overload

from sqlalchemy import ColumnElement, CursorResult, Executable, Select, Text, cast, text
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker
from sqlalchemy.orm import Mapped
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlmodel import SQLModel, bindparam, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine import asking, postgresql, sqlite, sqlite_file, time_limits
from store.engine.asking import Answer as Answer
from store.engine.asking import AnyRow as AnyRow
from store.engine.asking import Found, Values
from store.engine.asking import Reading as Reading
from store.engine.batching import Batches
from store.engine.time_limits import (
    CommitLostError,
    Deadline,
    Limits,
    StoreBusyError,
    TooLateError,
    committing,
)

Columns = TypeVarTuple("Columns")
AnySelect = Select[*tuple[Any, ...]]
"""A SELECT of columns chosen by name, as `execute` takes it."""
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
_HASHED = func.hashtextextended(bindparam("name", type_=Text()), 0)
_LOCK = select(func.pg_advisory_xact_lock(_HASHED))
_TRY_LOCK = select(func.pg_try_advisory_xact_lock(_HASHED))
CHANNEL = "mini_program_approvals"
"""PostgreSQL's channel for NOTIFY, by which a commit notifies the loops of the other replicas."""
OF = "\n"
"""Stands between a topic and the name of the `Database` that says so; in neither is one."""
POLLING_SECONDS = 10.0
"""How long to ask for a lock: longer than the `idle` limit, by which a frozen process loses it."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1
"""Seconds between two tries for a lock; it doubles."""
CHUNK = 1000
"""Rows that one transaction deletes: on SQLite every click waits for its end."""
_TOPICS, _SENDER, _CLAIMED = "topics", "sender", "claimed"
_CONNECTION = "connection"


class Topic(StrEnum):
    """What a transaction may leave for a loop to do: messages to send, those that somebody waits
    for, exports to make, webhooks to send.
    """

    OUTBOX = "message"
    AWAITED = "awaited message"
    EXPORTS = "file"
    WEBHOOKS = "webhook"


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
    """Connections to the store. `listeners` are called after a commit that has work for them, and
    `waited` with the seconds that each transaction waited to begin, to "read" or to "write".

    Raises StoreFileError for a SQLite file that is not the store that was there.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 10) -> None:
        parsed = parse_url(url) if isinstance(url, str) else url
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database:
            sqlite_file.check(Path(parsed.database))
        self.engine = (
            sqlite.writing(parsed) if self.is_sqlite else postgresql.engine(parsed, pool_size)
        )
        self.reading = (
            sqlite.reading(parsed)
            if self.is_sqlite
            else self.limited(time_limits.BACKGROUND, reading=True)
        )
        self.listeners: dict[Topic, Callable[[], None]] = dict.fromkeys(Topic, _nobody)
        self.name = secrets.token_hex(8)
        """Which of the replicas' this is, in what it tells them."""
        self.immediate_sender: ImmediateSender | None = None
        self.waited: Callable[[str, float], None] = _not_measured
        self.write_batches = Batches(self.transaction)
        self.read_batches = Batches(self.snapshot)
        self.wal_copy = sqlite.WalCopy(parsed) if self.is_sqlite else None
        self._writers: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self.is_sqlite else nullcontext()
        )
        self._sessions: dict[tuple[Limits, bool], async_sessionmaker[AsyncSession]] = {}
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def transaction(
        self, limits: Limits | None = None, *, asked_by: Sequence[Deadline] | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Write: all of it or, on any exception, nothing. Then notify the loops that have work.

        `asked_by` are those who wait for it, as it stands before COMMIT; left out, whoever waits
        for what is done here. Without `limits` they are a click's where somebody waits, else those
        of background work.

        Raises TooLateError, before COMMIT, where it is too late for one of them; StoreBusyError
        where somebody else writes for too long; CommitLostError where the connection broke after
        COMMIT was sent.
        """
        asked_by = _waiting() if asked_by is None else asked_by
        sender = self.immediate_sender
        async with self._begun(limits, asked_by, reading=False) as (session, connection):
            session.info[_SENDER] = sender
            yield session
            topics: set[Topic] = session.info.get(_TOPICS, set())
            await session.flush()
            notify = topics and not self.is_sqlite
            number = await _notify(session, topics, self.name) if notify else None
            await session.info[_CONNECTION].run_sync(asking.send)
            _refuse_the_late(asked_by)
            connection.hang_up_after(time_limits.COMMIT_SECONDS)
            try:
                with committing(asked_by, number):
                    await session.commit()
            except (CommitLostError, asyncio.CancelledError):
                self._notify_loops(topics)  # it may be committed all the same
                raise
        if sender and (claimed := session.info.get(_CLAIMED)):
            sender.send(claimed)
        if self.wal_copy:
            self.wal_copy.count_commit()
        self._notify_loops(topics)

    def _notify_loops(self, topics: set[Topic]) -> None:
        for topic in topics:
            self.listeners[topic]()

    @asynccontextmanager
    async def snapshot(
        self, limits: Limits | None = None, *, asked_by: Sequence[Deadline] | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Read: one consistent view, never written to. Arguments and errors as of `transaction`."""
        asked_by = _waiting() if asked_by is None else asked_by
        async with self._begun(limits, asked_by, reading=True) as (session, _):
            yield session
            # It ends with a commit: at a rollback the driver drops its prepared statements.
            if session.is_active:
                await session.commit()

    async def took_effect(self, transaction: str) -> bool | None:
        """Whether a transaction whose COMMIT was lost is committed; None while it still runs.

        PostgreSQL only: SQLite has no connection that could break.
        """
        async with self.snapshot(asked_by=()) as session:
            asked = text("SELECT pg_xact_status(CAST(:number AS xid8))")
            status = (await execute(session, asked, {"number": transaction})).scalar_one()
        return None if status == "in progress" else status == "committed"

    async def dispose(self) -> None:
        """Close every connection, when what is under way has ended or CLOSE_SECONDS have passed.

        A connection still in use then is closed by nobody: it goes back to a pool that is gone.
        """
        await self.write_batches.ended()
        await self.read_batches.ended()
        with suppress(TimeoutError):
            async with asyncio.timeout(time_limits.CLOSE_SECONDS):
                await self._idle.wait()
        if self.wal_copy:
            await self.wal_copy.wait()
        await self.engine.dispose()
        await self.reading.dispose()

    def limited(self, limits: Limits, *, reading: bool = False) -> AsyncEngine:
        """The connections, for transactions with these limits. SQLite waits at BEGIN alone."""
        if self.is_sqlite:
            return self.reading if reading else self.engine
        return postgresql.limited(self.engine, limits, reading=reading)

    @asynccontextmanager
    async def _begun(
        self, limits: Limits | None, asked_by: Sequence[Deadline], *, reading: bool
    ) -> AsyncIterator[tuple[AsyncSession, "_Connection"]]:
        """A session whose transaction has begun. What is not committed in it is rolled back."""
        _refuse_the_late(asked_by)
        limits = limits or (time_limits.CLICK if asked_by else time_limits.BACKGROUND)
        asked_at = time.perf_counter()
        async with AsyncExitStack() as stack:
            stack.enter_context(self._counted())
            try:
                async with _waiting_for_begin(limits, asked_by):
                    if not reading:
                        await stack.enter_async_context(self._writers)
                    connection = stack.enter_context(_Connection())
                    session = await stack.enter_async_context(self._session(limits, reading))
                    session.info[_CONNECTION] = await session.connection()
            except TimeoutError as error:
                for deadline in asked_by:  # whoever answers them says that nothing was changed
                    deadline.give_up()
                late = TooLateError if asked_by else StoreBusyError
                raise late("somebody else uses the store") from error
            finally:
                self.waited("read" if reading else "write", time.perf_counter() - asked_at)
            if not self.is_sqlite and limits.whole:
                connection.driver = _driver(session)
                connection.hang_up_after(limits.whole)
            try:
                yield session, connection
            except DBAPIError as error:  # what COMMIT was not sent for is told as not done
                if not (connection.was_hung_up and asked_by):
                    raise
                given_up = [deadline.give_up() for deadline in asked_by]
                if not all(given_up):
                    raise
                raise TooLateError("the server did not answer") from error

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Something is under way, from before it has a connection until it has given that back."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    def _session(self, limits: Limits, reading: bool) -> AsyncSession:
        made = self._sessions.get((limits, reading))
        if made is None:
            bind = self.limited(limits, reading=reading)
            made = async_sessionmaker(bind, class_=AsyncSession, expire_on_commit=False)
            self._sessions[limits, reading] = made
        return made()


class _Connection:
    """Ends the wait for a server that is frozen: it hangs up after so many seconds."""

    def __init__(self) -> None:
        self.driver: Any = None  # PostgreSQL's
        self.was_hung_up = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._timer:
            self._timer.cancel()

    def hang_up_after(self, seconds: float) -> None:
        """From now; what was said before counts no more."""
        if self._timer:
            self._timer.cancel()
        if self.driver is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._hang_up)

    def _hang_up(self) -> None:
        self.was_hung_up = True
        postgresql.hang_up(self.driver)


def _waiting() -> Sequence[Deadline]:
    deadline = time_limits.current()
    return (deadline,) if deadline else ()


def _refuse_the_late(asked_by: Sequence[Deadline]) -> None:
    """Raises TooLateError where it is too late for one of them."""
    late = [deadline for deadline in asked_by if deadline.is_past()]  # all of them are asked
    if late:
        raise TooLateError


def _waiting_for_begin(limits: Limits, asked_by: Sequence[Deadline]) -> asyncio.Timeout:
    """Until nobody waits any more. Part of what they asked may be committed: they hear of that, so
    the rest of it has the time of any transaction.
    """
    if asked_by and not any(deadline.is_partly_done for deadline in asked_by):
        return asyncio.timeout_at(max(deadline.until for deadline in asked_by))
    return asyncio.timeout(limits.whole)


def _driver(session: AsyncSession) -> Any:
    """The driver's own connection, under all that wraps it."""
    connection: AsyncConnection = session.info[_CONNECTION]
    assert connection.sync_connection, "it has begun"
    return connection.sync_connection.connection.driver_connection


async def _notify(session: AsyncSession, topics: set[Topic], sender: str) -> str | None:
    """Tell every replica at the commit; the transaction's number comes with it."""
    told = {topic.name: f"{_TOLD[topic]}{OF}{sender}" for topic in sorted(topics)}
    (row,) = await ask(session, _notification(tuple(sorted(topics))), told)
    number: str | None = row.number
    return number


@cache
def _notification(topics: tuple[Topic, ...]) -> AnySelect:
    """Hot: with every act."""
    number = cast(func.pg_current_xact_id_if_assigned(), Text).label("number")
    notify = (func.pg_notify(CHANNEL, bindparam(topic.name, type_=Text())) for topic in topics)
    notification: AnySelect = select(number, *notify)
    return notification


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


def advisory_lock(session: AsyncSession, name: str) -> None:
    """Lock this name until the end of the transaction. SQLite needs none: it has one writer.

    What is asked after it is what the transaction that had it before has committed.
    """
    if session.get_bind().dialect.name == "postgresql":
        ask(session, _LOCK, {"name": name})


async def poll_advisory_lock(
    session: AsyncSession, name: str, read: Callable[[], Reading[Found]]
) -> Found:
    """Lock this name until the end of the transaction by trying again and again, without a place in
    the queue that PostgreSQL keeps for who waits. What `read` asks for goes with each try in one
    round trip; returned is what it read under the lock.

    For locks that many processes want again and again: if one of those that queue is frozen, the
    others stand behind it for as long as the server waits for it. Raises StoreBusyError where the
    lock is not free within POLLING_SECONDS.
    """
    if session.get_bind().dialect.name != "postgresql":
        return await read()
    until = asyncio.get_running_loop().time() + POLLING_SECONDS
    pause = _FIRST_PAUSE
    while True:
        locked, found = ask(session, _TRY_LOCK, {"name": name}), read()
        if (await locked)[0][0]:
            return await found
        if asyncio.get_running_loop().time() >= until:
            raise StoreBusyError(f"another process has been holding the lock {name!r}")
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


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
    await flush(session)
    connection: AsyncConnection = session.info[_CONNECTION]
    return await connection.execute(statement, values)


def ask(session: AsyncSession, statement: Executable, values: Values | None = None) -> Answer:
    """Have a hot statement sent with others, in the order they are asked: `await` its answer, or
    leave it to go with the rest at the latest before COMMIT.

    What was added to the session is there for it. See `asking`.
    """
    if session.new or session.dirty:
        asking.do_before(session.info[_CONNECTION], session.sync_session.flush)
    return asking.ask(session.info[_CONNECTION], statement, values)


async def flush(session: AsyncSession) -> None:
    """What was added to the session is there for the statements that follow."""
    if session.new or session.dirty:
        await session.flush()


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


def _not_measured(_access: str, _seconds: float) -> None:
    """The same."""
