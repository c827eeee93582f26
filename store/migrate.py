"""Bring the schema to head. Alembic is configured here, in code; there is no alembic.ini."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.database import Database

_LOCK = 7_304_128_551
"""A PostgreSQL advisory lock of ours, so that replicas starting together migrate once."""


async def upgrade(db: Database) -> None:
    """Run every migration that is missing, in one transaction; nothing when there is none.

    Begun here, because alembic by itself commits after each migration on SQLite, and another
    replica could start in between.
    """
    async with db.engine.begin() as connection:
        await connection.run_sync(_upgrade)


async def is_current(db: Database) -> bool:
    """Whether the schema is at head."""
    async with db.reading.connect() as connection:
        return await connection.run_sync(_revision) == _head()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
