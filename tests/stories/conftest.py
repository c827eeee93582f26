"""The team, in both of Slack's modes and on both databases, or once where neither matters."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack


@pytest.fixture(params=["socket_mode", "http"])
async def team(
    request: pytest.FixtureRequest, database_url: str, clock: MovedClock, tmp_path: Path
) -> AsyncIterator[Team]:
    """Everybody at their Slack, the bot connected."""
    async with team_at_slack(database_url, clock, tmp_path, mode=request.param) as together:
        yield together


@pytest.fixture
async def team_once(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """The same people, by Socket Mode on SQLite only."""
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="socket_mode") as together:
        yield together
