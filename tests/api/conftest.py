"""The team, and a platform that holds a key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.platform import Platform, at_the_door
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack


@pytest.fixture
async def team(database_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """Everybody at their Slack, where the store matters."""
    async with team_at_slack(database_url, clock, tmp_path, mode="socket_mode") as together:
        yield together


@pytest.fixture
async def team_once(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """The same people, where it does not."""
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="socket_mode") as together:
        yield together


@pytest.fixture
async def platform(team: Team) -> AsyncIterator[Platform]:
    """A platform that may do everything, on each database."""
    async with at_the_door(team) as found:
        yield found


@pytest.fixture
async def platform_once(team_once: Team) -> AsyncIterator[Platform]:
    """The same, at the team on SQLite only."""
    async with at_the_door(team_once) as found:
        yield found
