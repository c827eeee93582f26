"""The store's tests run on PostgreSQL as the bot does: as its role, with what that is granted."""

from collections.abc import AsyncIterator

import pytest

from store import grants
from store.engine.database import Database


@pytest.fixture
def postgresql_url(postgresql_url: str) -> str:
    """A database of the test's own, as the bot's role has it."""
    assert "postgres@" in postgresql_url
    return postgresql_url.replace("postgres@", f"{grants.BOT}@")


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Database]:
    """The same database, for who may do everything in it."""
    database = Database(database_url.replace(f"{grants.BOT}@", "postgres@"))
    yield database
    await database.dispose()
