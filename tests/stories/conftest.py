"""The team, in both of Slack's modes and on both databases, or once where neither matters."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack

MODES_AND_DATABASES = [
    pytest.param(("socket_mode", "sqlite"), id="socket_mode-sqlite"),
    pytest.param(("http", "postgresql"), id="http-postgresql"),
    # Each mode and each database is in the quick suite already.
    pytest.param(("http", "sqlite"), id="http-sqlite", marks=pytest.mark.slow),
    pytest.param(
        ("socket_mode", "postgresql"), id="socket_mode-postgresql", marks=pytest.mark.slow
    ),
]


@pytest.fixture(params=MODES_AND_DATABASES)
def mode_and_url(request: pytest.FixtureRequest) -> tuple[str, str]:
    """How Slack reaches the bot, and an empty database."""
    mode, database = request.param
    return mode, request.getfixturevalue(f"{database}_url")


@pytest.fixture
async def team(
    mode_and_url: tuple[str, str], clock: MovedClock, tmp_path: Path
) -> AsyncIterator[Team]:
    """Everybody at their Slack, the bot connected."""
    mode, url = mode_and_url
    async with team_at_slack(url, clock, tmp_path, mode=mode) as together:
        yield together
