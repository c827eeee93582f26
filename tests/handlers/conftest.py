"""The team at signed HTTP, and what Slack really sends, recorded while people use every handler."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.delivery.exchanges import Exchange
from store.domain.request import Category
from tests.cast import sample_of
from tests.clock import MovedClock
from tests.form_filling import first_step, submit_step
from tests.harness_slack import Team, team_at_slack


@pytest.fixture
async def by_http(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """The team with signed HTTP."""
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="http") as together:
        yield together


@pytest.fixture
async def recorded(by_http: Team) -> list[Exchange]:
    """One payload of each kind: commands, buttons, forms, lists, Home."""
    team = by_http
    request = await team.submit(title="The quiet launch")
    card = team.card(team.bob, request)
    for text in ("help", "mine", "list status:approved", "show MP-1", "reject MP-1", "export"):
        await team.bob.command(f"/mp-requests {text}")
    form = (await team.alice.command("/mp-requests new")).view
    assert form is not None
    await submit_step(team.alice, form, first_step(sample_of(Category.RELEASE)))
    await team.bob.click(card, "request.menu", value="Details")
    await team.reject(team.carol, team.card(team.carol, request), "The privacy text is missing.")
    await team.alice.open_home()
    await team.send_all()
    return list(team.workspace.exchanges.latest)
