"""How SQLite is driven: a statement costs one turn between threads, or none.

The asynchronous driver takes four turns a statement (cursor, execute, fetch, close), and while the
event loop is busy each may wait for the interpreter's lock. So whatever may last goes to the
connection's thread in one turn, and whatever cannot last is done at once on the event loop: a
writer waits only for the lock at BEGIN and for the disk at COMMIT; a reader may search a million
rows.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from store.engine import asking, sqlite_file
from store.engine.asking import Given, Told

log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 5000
"""How long to wait for a lock of another process, unless whoever asked waits less."""
_TRY_MS = 50
"""How long one BEGIN of a writer waits for the lock; it is tried again, so that whoever gives up
waiting can be heard in between."""
FETCH_SIZE = 500
"""Rows that come with a statement; what is more comes when it is asked for."""
KEPT_STATEMENTS = 500
"""Statements that a connection keeps prepared; with lists, each length is one of its own."""
COPY_AFTER = 100
"""Commits after which the write-ahead log is copied into the file, while others go on writing."""
_LONGEST_LOG = 20_000
"""Pages of 4 KB after which a COMMIT copies the log itself, should the copying not keep up."""
_BEGIN_WRITING = "BEGIN IMMEDIATE"
_ENDS = ("BEGIN", "COMMIT", "ROLLBACK")
T = TypeVar("T")


def writing(url: URL) -> AsyncEngine:
    """Transactions that write. They begin IMMEDIATE: a plain one fails with "locked" later on."""
    pragmas = (f"PRAGMA wal_autocheckpoint={_LONGEST_LOG}", f"PRAGMA busy_timeout={_TRY_MS}")
    return _engine(url, _writer_waits, _BEGIN_WRITING, *pragmas, pool_size=1, max_overflow=0)


def reading(url: URL) -> AsyncEngine:
    """Transactions that see one state of the store and cannot write."""
    return _engine(url, _reader_waits, "BEGIN", "PRAGMA query_only=ON", pool_size=10)


class WalCopy:
    """Copies what is committed from SQLite's write-ahead log into its file, in a thread.

    SQLite would do it at every so many pages within a COMMIT, and every click would wait for that.
    There is one copy at a time.
    """

    def __init__(self, url: URL) -> None:
        self._path = url.database or ""
        self._commits = 0
        self._running: asyncio.Future[None] | None = None

    def count_commit(self) -> None:
        """Something was committed: after COPY_AFTER of them the log is copied."""
        self._commits += 1
        if self._commits >= COPY_AFTER and (self._running is None or self._running.done()):
            self._commits = 0
            self._running = asyncio.ensure_future(asyncio.to_thread(self._copy))

    async def wait(self) -> None:
        """Wait for the end of a copy that is running."""
        if self._running:
            await asyncio.wait([self._running])

    def _copy(self) -> None:
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:  # nothing is lost: it stands in the log
            log.warning("the write-ahead log was not copied: %s", error)


def _writer_waits(statement: str) -> bool:
    return statement.startswith(("BEGIN", "COMMIT"))


def _reader_waits(statement: str) -> bool:
    return not statement.startswith(_ENDS)


def _engine(
    url: URL, waits: Callable[[str], bool], begin: str, *pragmas: str, **pool: Any
) -> AsyncEngine:
    options = {"async_creator_fn": partial(DriverConnection, waits)}
    engine = create_async_engine(url, hide_parameters=True, connect_args=options, **pool)
    event.listen(engine.sync_engine, "connect", partial(_set_pragmas, pragmas))

    def say_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    asking.listen(engine)
    event.listen(engine.sync_engine, "begin", say_begin)
    return engine


def _set_pragmas(pragmas: Sequence[str], connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged click survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    for pragma in pragmas:
        cursor.execute(pragma)
    cursor.close()


class DriverConnection(aiosqlite.Connection):
    """aiosqlite's connection; `waits` says which statements go to its thread.

    The only place that touches aiosqlite's private parts, and test_sqlite.py says which release
    has changed one:

    - `_thread`, the thread of the connection: made a daemon, as SQLAlchemy makes those it starts
      itself, so that a process ends although a connection is open.
    - `_conn`, the connection of sqlite3: on it runs what cannot last, without a turn.
    - `_execute`, which runs a function in the thread and waits for it.
    """

    _thread: Thread
    _conn: sqlite3.Connection

    def __init__(self, waits: Callable[[str], bool], path: str, **options: Any) -> None:
        # No BEGIN by the driver: we say it ourselves. One task at a time uses a connection.
        options |= {"isolation_level": None, "check_same_thread": False}
        options |= {"cached_statements": KEPT_STATEMENTS}
        super().__init__(partial(_connect, path, **options), iter_chunk_size=FETCH_SIZE)
        self._thread.daemon = True
        self._waits = waits

    def cursor(self) -> Any:
        """Without a turn: it is only memory."""
        return _Cursor(self, self._conn.cursor())

    async def commit(self) -> None:
        """The end of a writer is where the disk is waited for."""
        await self.run("COMMIT", self._conn.commit)

    async def rollback(self) -> None:
        """Give up what was begun."""
        await self.run("ROLLBACK", self._conn.rollback)

    async def run(self, statement: str, work: Callable[[], T]) -> T:
        """Do the work of this statement where it belongs."""
        if not self._waits(statement):
            return work()
        return await self.run_in_thread(work, may_end=statement != "COMMIT")

    async def take(self, statements: Sequence[Given]) -> list[Told]:
        """Run these, one after the other; their answers."""

        def work() -> list[Told]:
            return [_told(self._conn, each) for each in statements]

        if not any(self._waits(each.text) for each in statements):
            return work()
        try:
            return await self.run_in_thread(work)
        except ValueError as error:  # the driver's word for a connection that was closed
            raise sqlite3.OperationalError(f"{error}") from error

    async def run_in_thread(self, work: Callable[[], T], *, may_end: bool = True) -> T:
        """Do it in the thread in any case. Cancelled, it waits until the thread is free again.

        What `may_end` does so at once then; a COMMIT is not broken off.
        """
        running = asyncio.ensure_future(self._in_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if may_end:
                self._conn.interrupt()
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()  # that it was interrupted is no news; unread, it is logged
            raise

    async def _in_thread(self, work: Callable[[], T]) -> T:
        found: T = await self._execute(work)  # type: ignore[no-untyped-call]  # the driver's own
        return found

    async def begin_writing(self, work: Callable[[], None]) -> None:
        """BEGIN IMMEDIATE, tried until the lock is ours. Raises what the last try raised."""
        loop = asyncio.get_running_loop()
        until = loop.time() + BUSY_TIMEOUT_MS / 1000
        while True:
            try:
                return await self.run_in_thread(work)
            except sqlite3.OperationalError as error:
                if not is_busy(error) or loop.time() >= until:
                    raise


def _told(connection: sqlite3.Connection, given: Given) -> Told:
    with closing(connection.cursor()) as cursor:
        (cursor.executemany if given.is_many else cursor.execute)(given.text, given.values)
        found = cursor.description
        return Told((lambda: found) if found else None, cursor.fetchall(), cursor.rowcount)


def is_busy(error: BaseException | None) -> bool:
    """Whether another process held the lock of the file."""
    if not isinstance(error, sqlite3.OperationalError):
        return False
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _connect(path: str, **options: Any) -> sqlite3.Connection:
    """A connection to a file that only its owner may read, where it is new."""
    if path and path != ":memory:":
        sqlite_file.make_private(Path(path))
    connection: sqlite3.Connection = sqlite3.connect(path, **options)
    return connection


class _Cursor:
    """What SQLAlchemy asks of a cursor; the first rows come with the statement."""

    def __init__(self, connection: DriverConnection, cursor: sqlite3.Cursor) -> None:
        self._connection, self._cursor = connection, cursor
        self._rows: list[Any] = []
        self.arraysize = 1

    async def __aenter__(self) -> "_Cursor":
        return self

    @property
    def description(self) -> Any:
        """Of the rows; None where the statement has none."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Rows changed."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The key of the row inserted last."""
        return self._cursor.lastrowid

    async def execute(self, statement: str, values: Any = ()) -> None:
        """Run it and keep the first rows."""

        def work() -> None:
            self._cursor.execute(statement, values)
            self._rows = self._cursor.fetchmany(FETCH_SIZE) if self._cursor.description else []

        if statement == _BEGIN_WRITING:
            await self._connection.begin_writing(work)
        else:
            await self._connection.run(statement, work)

    async def executemany(self, statement: str, values: Any) -> None:
        """Run it once for each set of values."""
        await self._connection.run(statement, partial(self._cursor.executemany, statement, values))

    async def fetchall(self) -> list[Any]:
        """The rows that are left."""
        rows, self._rows = self._rows, []
        if len(rows) == FETCH_SIZE:
            rows += await self._connection.run_in_thread(self._cursor.fetchall)
        return rows

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, at most so many; fewer only at the end."""
        wanted = size or self.arraysize
        rows, self._rows = self._rows[:wanted], self._rows[wanted:]
        if len(rows) < wanted:
            more = partial(self._cursor.fetchmany, wanted - len(rows))
            rows = [*rows, *await self._connection.run_in_thread(more)]
        return rows

    async def close(self) -> None:
        """Drop the rows and the statement."""
        self._rows = []
        self._cursor.close()
