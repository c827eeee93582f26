"""The migrations build exactly the tables the code speaks of, on both databases."""

import asyncio
import sqlite3
import sys
import unicodedata
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from runpy import run_path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel import select

from store.domain.lists.query import searchable
from store.domain.request import Audience
from store.domain.typed_text import folded
from store.engine import migrate, sqlite
from store.engine.database import Database
from store.messages import outbox
from store.messages.outbox import Kind, Owed
from store.tables import CardRow, OutboxRow, RequestRow, metadata
from tests.cast import NOW
from tests.postgres_server import Server
from tests.store.bulk_rows import insert_rows, request_row

pytestmark = pytest.mark.databases_differ

_MIGRATIONS = Path(migrate.__file__).parent.parent / "migrations"


async def test_the_migrations_build_the_tables_of_the_code(db: Database) -> None:
    def ours(_object: object, name: str | None, *_rest: object) -> bool:
        return name != "ix_request_search"  # only where PostgreSQL has pg_trgm

    def differences(connection: Connection) -> list[object]:
        opts = {"compare_type": True, "include_object": ours}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, metadata))

    async with db.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_the_head_is_told_by_the_names_of_the_files() -> None:
    known = ScriptDirectory(str(_MIGRATIONS))
    assert known.get_current_head() == migrate.head()


async def test_migrating_twice_changes_nothing(db: Database) -> None:
    assert await migrate.is_current(db)
    await migrate.upgrade(db)
    assert await migrate.is_current(db)


async def test_stored_texts_are_compared_as_new_ones(db: Database) -> None:
    """What an older release folded for case and width only, in more than one portion."""
    names = ["Erin’s “Kape”", "Café´s\u200b – Ｎａｍｅ：Sub", "Plain", "Straße\u3164X"]
    rows = [
        request_row(number, mini_program_name=names[number % 4])
        | {"search_text": _as_before(f"{names[number % 4]} 2171020092715498")}
        | {"target_app": _as_before(names[number % 4])}
        for number in range(1, 50)
    ]
    await insert_rows(db, rows, reviewers=())

    def migrate_again(connection: Connection) -> None:
        (file,) = (_MIGRATIONS / "versions").glob("*_texts_as_they_are_compared.py")
        with Operations.context(MigrationContext.configure(connection)):
            upgrade = run_path(str(file))["upgrade"]
            upgrade.__globals__["PORTION"] = 20
            upgrade()

    async with db.engine.begin() as connection:
        await connection.run_sync(migrate_again)
    async with db.snapshot() as session:
        stored = (await session.exec(select(RequestRow))).all()
    assert len(stored) == len(rows)
    for row in stored:
        assert row.search_text == searchable(row.mini_program_name, row.mini_program_id)
        assert row.target_app == folded(row.mini_program_name)


async def test_word_of_an_emergency_that_is_owed_stays_owed_as_a_copy(db: Database) -> None:
    await insert_rows(db, [request_row(1)], reviewers=())
    async with db.transaction() as session:
        old = Owed.post(Kind.OUTCOME, "UADA", 1, "UADA", request_id=1)
        await outbox.owe(session, [replace(old, key="emergency:1:UADA")], now=NOW)
    async with db.engine.begin() as connection:
        await connection.execute(text("UPDATE outbox SET kind = 'emergency'"))
        await connection.run_sync(_migrate_again, "*_copies_of_emergencies.py")
    async with db.snapshot() as session:
        (owed,) = (await session.exec(select(OutboxRow))).all()
        (copy,) = (await session.exec(select(CardRow))).all()
    as_copy = Owed.card(1, Audience.EMERGENCY, "UADA", is_posted=False)
    found = (owed.key, owed.kind, owed.lane, owed.rank, owed.data)
    assert found == (as_copy.key, as_copy.kind, as_copy.lane, as_copy.rank, as_copy.data)
    assert (copy.audience, copy.recipient, copy.silent) == ("emergency", "UADA", False)


def _migrate_again(connection: Connection, name: str) -> None:
    (file,) = (_MIGRATIONS / "versions").glob(name)
    with Operations.context(MigrationContext.configure(connection)):
        run_path(str(file))["upgrade"]()


def _as_before(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@pytest.mark.slow
async def test_replicas_may_start_on_an_empty_database_together(
    tmp_path: Path, postgres: Server
) -> None:
    postgres.execute("CREATE DATABASE {}", "started_together")
    for url in (f"sqlite:///{tmp_path / 'new.db'}", postgres.url("started_together")):
        replicas = [await _start(url) for _ in range(2)]
        assert [await replica.wait() for replica in replicas] == [0, 0]
        db = Database(url)
        assert await migrate.is_current(db)
        await db.dispose()


async def _start(url: str) -> asyncio.subprocess.Process:
    """A process of its own, as a replica is."""
    program = (
        "import asyncio; from store.engine import migrate;"
        "from store.engine.database import Database;"
        f"asyncio.run(migrate.upgrade(Database({url!r})))"
    )
    return await asyncio.create_subprocess_exec(sys.executable, "-c", program)


async def test_who_migrates_already_is_waited_for_longer_than_for_any_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 100)  # each time it is given up after a moment
    path = tmp_path / "new.db"
    is_current, asked = migrate.is_current, 0
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")

        async def count(db: Database) -> bool:
            nonlocal asked
            asked += 1
            if asked == 3:
                other.execute("ROLLBACK")
            return await is_current(db)

        monkeypatch.setattr(migrate, "is_current", count)
        db = Database(f"sqlite:///{path}")
        await migrate.upgrade(db)
    assert asked > 3
    assert await is_current(db)
    await db.dispose()
