"""What of SQLite a click would have to wait for, and does not."""

import shutil
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Thread, current_thread

import aiosqlite
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from store.engine import migrate, sqlite
from store.engine.database import Database
from store.tables import SlotRow
from tests.cast import NOW


async def test_the_log_is_copied_into_the_file_after_so_many_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "COPY_AFTER", 3)
    store, copy = tmp_path / "store.db", tmp_path / "copy.db"
    db = Database(f"sqlite:///{store}")
    await migrate.upgrade(db)
    async with db.snapshot():  # holds the file open: the end of the others copies nothing
        for number in range(3):
            async with db.transaction() as session:
                session.add(SlotRow(key=f"{number}", at=NOW))
        assert db.wal_copy, "it is SQLite"
        await db.wal_copy.wait()
        shutil.copy(store, copy)  # without its log
    await db.dispose()
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM slot").fetchone() == (3,)


async def test_more_rows_than_come_with_a_statement_come_all_the_same(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'store.db'}")
    await migrate.upgrade(db)
    wanted = 2 * sqlite.FETCH_SIZE + 1
    async with db.transaction() as session:
        session.add_all(SlotRow(key=f"{number:06d}", at=NOW) for number in range(wanted))
    async with db.snapshot() as session:
        slots = select(SlotRow.key).order_by(SlotRow.key)
        everything = list(await session.exec(slots))
        for size in (7, sqlite.FETCH_SIZE - 1, sqlite.FETCH_SIZE + 1, 3 * sqlite.FETCH_SIZE):
            rows = await session.stream(slots.execution_options(yield_per=size))
            portions = [len(portion) async for portion in rows.partitions()]
            assert sum(portions) == wanted
            assert set(portions[:-1]) <= {size}
    assert everything == [f"{number:06d}" for number in range(wanted)]
    await db.dispose()


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'store.db'}")
    await migrate.upgrade(db)
    async with db.snapshot() as session:
        session.add(SlotRow(key="once", at=NOW))
        with pytest.raises(OperationalError, match="readonly"):
            await session.flush()
        session.expunge_all()
    await db.dispose()


async def test_the_private_parts_of_aiosqlite_are_as_our_connection_needs_them(
    tmp_path: Path,
) -> None:
    release = f"aiosqlite {aiosqlite.__version__}"
    theirs = aiosqlite.Connection(partial(sqlite3.connect, ":memory:"), iter_chunk_size=1)
    for part in ("_thread", "_execute"):
        assert hasattr(theirs, part), f"{release} has no {part}: see sqlite.DriverConnection"
    assert isinstance(theirs._thread, Thread), f"{release}: _thread is no thread"
    assert not theirs._thread.is_alive(), f"{release}: too late to make _thread a daemon"
    assert isinstance(getattr(aiosqlite.Connection, "_conn", None), property), (
        f"{release}: _conn is no property any more: see sqlite.DriverConnection"
    )

    ours = sqlite.DriverConnection(lambda _: True, str(tmp_path / "store.db"))
    await ours
    try:
        assert isinstance(ours._conn, sqlite3.Connection), f"{release}: _conn is not sqlite3's"
        assert ours._thread.daemon, f"{release}: an open connection keeps a process from ending"
        ran_in = await ours.run_in_thread(current_thread)
        assert ran_in is ours._thread, f"{release}: _execute does not run in _thread"
    finally:
        await ours.close()
