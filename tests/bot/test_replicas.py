"""Several bots on one PostgreSQL: what one owes, the other sends at once and at Slack's pace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import app
from bot.app import Bot
from bot.outgoing import dispatcher
from bot.sandbox.state.rates import Limiter, Rates
from tests.bot.sending import SECOND, another_bot, approve, calls, seen, send_all, states
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack
from tests.postgres_server import Server


@pytest.fixture
async def team_on_postgres(
    postgres: Server, clock: MovedClock, tmp_path: Path
) -> AsyncIterator[Team]:
    """The team, where replicas meet."""
    postgres.execute("CREATE DATABASE {} TEMPLATE template_of_ours", "replicas")
    url = postgres.url("replicas")
    async with team_at_slack(url, clock, tmp_path, mode="socket_mode") as together:
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
            await team.workspace.until(lambda: seen(team) == [number] * 4)  # noqa: B023 - awaited at once


EDIT = "chat.update"


def limited(team: Team) -> int:
    """How often Slack said "too fast"."""
    return sum((call.response or {}).get("error") == "ratelimited" for call in team.workspace.calls)


async def both(team: Team, other: Bot, paced: Bot, *, seconds: int) -> None:
    """Two replicas send by turns for so long, a look every half second."""
    for _ in range(seconds * 2):
        await send_all(paced)
        await send_all(other)
        team.clock.move(seconds=0.5)


@asynccontextmanager
async def two_paced_bots(team: Team) -> AsyncIterator[tuple[Bot, Bot]]:
    """Two replicas at Slack's pace, and a Slack that keeps its limits on the moved clock."""
    rates = Rates(clock=lambda: team.clock().timestamp())
    team.workspace.limiter = Limiter(rates)
    async with another_bot(team, pace=SECOND) as one, another_bot(team, pace=SECOND) as other:
        yield one, other


async def test_two_replicas_keep_a_channels_order_and_its_second(team_on_postgres: Team) -> None:
    team = team_on_postgres
    stored = [await team.store(external_id=f"card {number}") for number in range(8)]
    async with two_paced_bots(team) as bots:
        await both(team, *bots, seconds=8)

    shown = [team.words(message) for message in team.ada.sees(team.reviews)]
    assert len(shown) == 8, "one a second, none late"
    assert all(f"{request.ref} " in card for request, card in zip(stored, shown, strict=True))
    assert limited(team) == 0


@pytest.mark.slow
async def test_two_replicas_use_what_slack_allows_to_edit_and_no_more(
    team_on_postgres: Team,
) -> None:
    team = team_on_postgres
    for number in range(15):
        await team.submit(external_id=f"card {number}")
    for number in range(15):
        await approve(team, number + 1)
    async with two_paced_bots(team) as bots:
        await both(team, *bots, seconds=1)
        burst = calls(team, EDIT)
        team.clock.move(seconds=11)
        await both(team, *bots, seconds=1)

    assert burst == 48, "of the 50 that Slack takes at once"
    assert calls(team, EDIT) - burst == 10, "all that Slack takes in twelve seconds"
    assert limited(team) == 0


async def test_being_told_to_wait_with_an_edit_every_replica_waits_with_all(
    team_on_postgres: Team,
) -> None:
    team = team_on_postgres
    await team.submit()
    await approve(team, 1)
    team.workspace.faults.add(EDIT, "status", status=429, retry_after=30)
    async with two_paced_bots(team) as bots:
        await send_all(bots[0])
        met = calls(team, EDIT)
        team.clock.move(seconds=29)
        await both(team, *bots, seconds=1)
        assert calls(team, EDIT) == met
        team.clock.move(seconds=5)
        await both(team, *bots, seconds=1)
    assert await states(team) == {"sent"}
