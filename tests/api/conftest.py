"""The team, and a platform that holds a key."""

from collections.abc import AsyncIterator

import pytest

from tests.api.platform import Platform, at_the_door
from tests.harness_slack import Team


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
