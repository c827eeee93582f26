"""The team with its bot in hand: by Socket Mode, on both databases or on SQLite alone."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import MovedClock
from tests.team import Team, gathered


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite file of the test's own."""
    path = tmp_path / "approvals.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
async def team(database_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """Everybody at their Slack, where the store matters."""
    async with gathered(database_url, clock, tmp_path, mode="socket_mode") as together:
        yield together


@pytest.fixture
async def team_once(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """The same people, where it does not."""
    async with gathered(sqlite_url, clock, tmp_path, mode="socket_mode") as together:
        yield together
