"""The team, and a receiver that checks every signature."""

from collections.abc import AsyncIterator

import pytest

from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody who listens on this machine."""
    async with receiving() as found:
        yield found
