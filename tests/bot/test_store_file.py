"""A store that is not the one you had is refused, is nobody else's to read, and may be full."""

import asyncio
import errno
import os
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from blocks import export
from bot.exports.make import FULL_DISK, Order
from store import exports, replicas
from store.domain.export import Export, ExportState, Format
from store.domain.lists.query import ListQuery, Scope
from store.engine import migrate
from store.engine.database import Database
from store.engine.sqlite_file import StoreFileError, check
from store.engine.trouble import cause_of
from store.replicas import Replica
from tests.bot.installation import Installation
from tests.cast import ADA, NOW
from tests.harness_blocks import words
from tests.harness_slack import Team
from tests.harness_store import POLICY, submit


async def killed_store(path: Path) -> None:
    """A store with requests, some of them only in its log: whoever wrote them was killed."""
    db = Database(f"sqlite:///{path.with_name('living.db')}")
    await migrate.upgrade(db)
    for _ in range(3):
        await submit(db)
    for end in ("", "-wal"):
        living = path.with_name(f"living.db{end}")
        path.with_name(path.name + end).write_bytes(living.read_bytes())
    await db.dispose()


def missing(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    """To a page, as an interrupted copy leaves it; the log has only the newest pages."""
    with closing(sqlite3.connect(path)) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole.execute("CREATE TABLE later (it)")
        log = path.with_name(f"{path.name}-wal").read_bytes()
    os.truncate(path, 4096)
    path.with_name(f"{path.name}-wal").write_bytes(log)


def no_database(path: Path) -> None:
    path.write_bytes(b"SQLite form")


def contents(folder: Path, pattern: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob(pattern)}


def rights(folder: Path, pattern: str) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.glob(pattern)}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (missing, "is not there, but its write-ahead log"),
        (empty, "is empty, but its write-ahead log"),
        (cut, "is cut off: 1 of its "),
        (no_database, "is not a SQLite database"),
    ],
)
async def test_a_store_that_is_not_the_one_you_had_is_refused(
    installed: Installation, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "lost.db"
    await killed_store(path)
    await asyncio.to_thread(spoil, path)
    before = contents(tmp_path, "lost.db*")
    installed.environment["DATABASE_URL"] = f"sqlite:///{path}"

    for command in ("run", "migrate", "doctor"):
        typed = await installed.types(command)
        assert typed.code == 1
        assert said in typed.words
        assert "--new-store" in typed.words
    assert contents(tmp_path, "lost.db*") == before

    meant = await installed.types("migrate", "--new-store")
    assert meant.code == 0
    assert sorted(contents(tmp_path, "lost.db*.left-*").values()) == sorted(before.values())
    assert (await installed.types("audit", "verify")).words.startswith("0 requests")


async def test_a_store_whose_writer_was_killed_is_the_store(tmp_path: Path) -> None:
    path = tmp_path / "killed.db"
    await killed_store(path)
    assert path.with_name("killed.db-wal").stat().st_size > 0
    check(path)
    os.truncate(path, 4096)  # as at its beginning: every other page stands in the log
    check(path)
    check(tmp_path / "new.db")
    with pytest.raises(StoreFileError):
        check(Path(__file__))


async def test_what_was_cut_off_while_the_log_was_copied_stands_in_the_log(tmp_path: Path) -> None:
    path, whole = tmp_path / "killed.db", tmp_path / "whole.db"
    await killed_store(path)
    for end in ("", "-wal"):
        whole.with_name(f"whole.db{end}").write_bytes(
            path.with_name(f"killed.db{end}").read_bytes()
        )
    with closing(sqlite3.connect(whole)) as copied:
        copied.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(whole.read_bytes()[:4096])  # its first page already counts all the others

    check(path)
    with closing(sqlite3.connect(path)) as mended:
        assert mended.execute("SELECT count(*) FROM request").fetchone() == (3,)


async def test_what_we_write_is_for_our_eyes_only(installed: Installation, tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        url = f"sqlite:///{tmp_path / 'private.db'}"
        db = Database(url)
        await migrate.upgrade(db)
        await submit(db)
        installed.environment["DATABASE_URL"] = url
        await installed.types("backup", "copy.db")
        made = rights(tmp_path, "*.db*")
        await db.dispose()
    finally:
        os.umask(old)
    for name in ("private.db", "private.db-wal", "private.db-shm", "copy.db"):
        assert made[name] == 0o600, name


@pytest.mark.parametrize("name", [".env", "approvals.db"])
async def test_doctor_names_a_file_that_others_can_read(
    installed: Installation, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o644)
    typed = await installed.types("doctor")
    assert typed.code == 1
    assert f"chmod 600 {name}" in typed.words.replace(str(tmp_path) + "/", "")


async def test_a_full_disk_is_named_to_who_clicked(team_once: Team) -> None:
    async with team_once.bot.db.engine.connect() as writer:
        await writer.execute(text("PRAGMA max_page_count = 1"))
    answer = await team_once.alice.command("/mp-requests new")
    while not answer.message:  # each begins a draft
        answer = await team_once.alice.command("/mp-requests new")
    said = team_once.said(answer)
    assert said.startswith("Something went wrong on our side (reference ")
    assert "The store cannot be used: the disk is full." in said


async def written_where_nothing_may_be(db: Database) -> None:
    only_read = "PRAGMA query_only = ON" if db.is_sqlite else "SET TRANSACTION READ ONLY"
    async with db.transaction() as session:
        await (await session.connection()).exec_driver_sql(only_read)
        await replicas.beat(session, Replica("one", NOW))


async def test_a_read_only_database_is_named(db: Database) -> None:
    with pytest.raises(SQLAlchemyError) as refused:
        await written_where_nothing_may_be(db)
    assert cause_of(refused.value) == "it is read-only"


def test_a_cause_is_found_whatever_wraps_it() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert cause_of(full) == "the disk is full"
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = full
    assert cause_of(wrapped) == "the disk is full"
    assert cause_of(OSError(errno.EROFS, "")) == "it is read-only"
    assert cause_of(ValueError("?")) is None


async def made_download(url: str, path: Path, format: Format) -> tuple[Export, int | None, bytes]:
    """A download as the maker's process makes it there: its exit code, what it complained of."""
    db = Database(url)
    await submit(db)
    asked = await exports.ask(db, ListQuery(Scope.ALL), format, asker=ADA, now=NOW)
    await db.dispose()
    order = Order(database_url=url, policy=POLICY, path=path, zone="UTC")
    maker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.exports", str(asked.export.id)), stdin=PIPE, stderr=PIPE
    )
    _, said = await maker.communicate(order.model_dump_json().encode() + b"\n")
    return asked.export, maker.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("format", Format)
async def test_a_download_is_for_our_eyes_only(
    sqlite_url: str, tmp_path: Path, format: Format
) -> None:
    folder, old = tmp_path / "made", os.umask(0o022)
    folder.mkdir()
    try:
        _, code, said = await made_download(sqlite_url, folder / "list", format)
    finally:
        os.umask(old)
    assert (code, said) == (0, b"")
    assert rights(folder, "*") == {"list": 0o600}


@pytest.mark.slow
async def test_a_full_disk_is_named_to_who_asked_for_a_download(sqlite_url: str) -> None:
    asked, code, said = await made_download(sqlite_url, Path("/dev/full"), Format.CSV)

    assert (code, said) == (FULL_DISK, b"")
    failed = replace(asked, state=ExportState.FAILED, why="no_room")
    assert "the disk is full" in words(export.build(failed, {}))
