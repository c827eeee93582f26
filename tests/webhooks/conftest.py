"""The team, and a receiver that checks every signature."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack
from tests.webhooks.receiver import Receiver, receiving


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
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody who listens on this machine."""
    async with receiving() as found:
        yield found
