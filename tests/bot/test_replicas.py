"""Several bots on one PostgreSQL: what one owes, the other sends at once and at Slack's pace."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import app, dispatcher
from tests.bot.outbox_of import another_bot, seen
from tests.clock import MovedClock
from tests.postgres import Server
from tests.team import Team, gathered


@pytest.fixture
async def team_on_postgres(
    postgres: Server, clock: MovedClock, tmp_path: Path
) -> AsyncIterator[Team]:
    """The team, where replicas meet."""
    postgres.execute("CREATE DATABASE {} TEMPLATE template_of_ours", "replicas")
    url = postgres.url("replicas")
    async with gathered(url, clock, tmp_path, mode="socket_mode") as together:
        yield together
    postgres.execute("DROP DATABASE {} WITH (FORCE)", "replicas")


async def test_what_one_replica_owes_the_other_sends_long_before_it_would_look(
    team_on_postgres: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = team_on_postgres
    monkeypatch.setattr(dispatcher, "IDLE_SECONDS", 3600.0)
    async with another_bot(team) as other, app.running(other):
        for number in (1, 2):  # by a bot whose own dispatcher does not run
            await team.store(external_id=f"owed {number}")
            await team.workspace.until(lambda: seen(team) == [number] * 4, timeout=20)  # noqa: B023 - awaited at once
