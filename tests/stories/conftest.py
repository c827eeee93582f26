"""The team, in both of Slack's modes and on both databases, or once where neither matters."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack

MODES_AND_DATABASES = [
    pytest.param(("socket_mode", "sqlite"), id="socket_mode-sqlite"),
    # Told once in the quick run: each mode is in tests/handlers, each database in tests/store.
    *(
        pytest.param(way, id="-".join(way), marks=pytest.mark.slow)
        for way in [("http", "postgresql"), ("http", "sqlite"), ("socket_mode", "postgresql")]
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
