"""A real browser before the page, and the bot as it runs behind it.

Skipped where there is no browser. Nothing here sleeps: Playwright waits until what a test expects
is on the page.
"""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bot.cli.local_workspace import LocalWorkspace, local_workspace
from bot.sandbox import SAMPLE
from tests.browser.desk import Desk, browser_is_there, opened_browser

SEED = (2, 3, 4)
"""The sample's lines most tests begin with: two of erin's, one of alice's, all to Production."""

OpenDesk = Callable[..., Coroutine[Any, Any, Desk]]


@pytest.fixture(autouse=True)
def where_a_browser_is(request: pytest.FixtureRequest) -> None:
    """Skip what is here where there is none."""
    assert request.node.get_closest_marker("browser"), "pytestmark = pytest.mark.browser"
    if not browser_is_there():
        pytest.skip("no browser here: `make browser` installs one and runs these")


@pytest.fixture
async def play() -> AsyncIterator[LocalWorkspace]:
    """The bot in a local Slack without requests."""
    async with local_workspace() as made:
        yield made


@pytest.fixture
async def seeded(play: LocalWorkspace, tmp_path: Path) -> LocalWorkspace:
    """The same with a few requests, whose cards have arrived: MP-1, MP-2 and MP-3."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    return await seed(play, tmp_path, [lines[number - 1] for number in SEED])


@pytest.fixture
async def desk(play: LocalWorkspace) -> AsyncIterator[OpenDesk]:
    """Opens browsers, each with settings of its own: `await desk("bob", width=390)`."""
    async with play.page() as address, opened_browser() as browser:

        async def open_desk(handle: str, **look: Any) -> Desk:
            return await Desk.open(browser, address, play.people[handle], **look)

        yield open_desk


async def seed(play: LocalWorkspace, folder: Path, lines: list[str]) -> LocalWorkspace:
    """Import these requests and wait for bob's cards; more than a few of them have none."""
    file = folder / "seed.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert not [line.problems for line in await play.import_requests(file) if line.problems]
    bob = play.people["bob"]
    titles = [json.loads(line)["title"] for line in lines[: play.bot.policy.burst]]
    await play.workspace.until(
        lambda: all(any(title in m.plain() for m in bob.sees()) for title in titles)
    )
    return play
