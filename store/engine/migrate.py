"""Bring the schema to head. Alembic is configured here, in code; there is no alembic.ini.

It is imported when there is something to migrate: a bot that starts on a current schema does not
need it, and would wait for it.
"""

import asyncio
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from store.engine.database import Database
from store.engine.sqlite import is_busy
from store.engine.time_limits import LONG

_LOCK = 7_304_128_551
"""A PostgreSQL advisory lock of ours, so that replicas starting together migrate once."""
_MIGRATIONS = Path(__file__).parent.parent / "migrations"


async def upgrade(db: Database) -> None:
    """Run every migration that is missing, in one transaction; nothing when there is none.

    Begun here, because alembic by itself commits after each migration on SQLite, and another
    replica could start in between. Whoever migrates meanwhile is waited for, a minute at most:
    PostgreSQL does that by itself, SQLite not for as long as a migration takes.
    """
    until = asyncio.get_running_loop().time() + LONG.lock
    while not await is_current(db):
        try:
            async with db.limited(LONG).begin() as connection:
                await connection.run_sync(_upgrade)
        except OperationalError as error:
            if not is_busy(error.orig) or asyncio.get_running_loop().time() >= until:
                raise


async def is_current(db: Database) -> bool:
    """Whether the schema is at head."""
    return await revision(db) == head()


async def revision(db: Database) -> str | None:
    """The migration that the schema is at; None for an empty database."""
    async with db.reading.connect() as connection:
        return await connection.run_sync(_revision)


def head() -> str:
    """The newest migration: each file's name begins with its number."""
    return max(path.name[:4] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
