"""The migrations build exactly the tables the code speaks of, on both databases."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.engine import migrate
from store.engine.database import Database
from store.tables import metadata
from tests.postgres_server import Server


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
    known = ScriptDirectory(str(Path(migrate.__file__).parent.parent / "migrations"))
    assert known.get_current_head() == migrate.head()


async def test_migrating_twice_changes_nothing(db: Database) -> None:
    assert await migrate.is_current(db)
    await migrate.upgrade(db)
    assert await migrate.is_current(db)


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
