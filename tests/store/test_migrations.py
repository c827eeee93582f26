"""The migrations build exactly the tables the code speaks of, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from store import migrate
from store.database import Database
from store.tables import metadata


async def test_the_migrations_build_the_tables_of_the_code(db: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with db.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_twice_changes_nothing(db: Database) -> None:
    assert await migrate.is_current(db)
    await migrate.upgrade(db)
    assert await migrate.is_current(db)
