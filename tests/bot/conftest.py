"""The team with its bot in hand, and an operator who runs it from a terminal."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.sandbox.workspace import Workspace
from tests.bot.installation import Installation, installation
from tests.postgres_server import Server


@pytest.fixture
async def installed(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """An operator's folder and environment, on SQLite, with a Slack that answers."""
    async with Workspace() as workspace:
        yield installation(workspace, tmp_path, sqlite_url)


@pytest.fixture
def empty_postgres(postgres: Server) -> Iterator[str]:
    """A PostgreSQL database that nobody has migrated."""
    postgres.execute("CREATE DATABASE {}", "empty")
    yield postgres.url("empty")
    postgres.execute("DROP DATABASE {} WITH (FORCE)", "empty")
