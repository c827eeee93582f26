"""The demo: the story told at a local Slack, which can stay open as a page afterwards."""

import asyncio
import webbrowser
from collections.abc import Awaitable, Callable

from bot.cli.local_workspace import LocalWorkspace, local_workspace
from bot.outgoing.dispatcher import POST_INTERVAL
from bot.sandbox.state.rates import Rates
from bot.sandbox.story import Cast, Stage, StoryError, tell

Until = Callable[[], Awaitable[None]]


async def play(
    *, color: bool = False, until: Until | None = None, open_browser: bool = False
) -> int:
    """Tell the story; 0 when every step of it happened, 1 with the reason otherwise.

    With `until` the workspace then stays up as a page until that returns.
    """
    async with local_workspace(rates=Rates(), post_interval=POST_INTERVAL, platform=True) as made:
        try:
            await tell(_stage(made, color))
        except StoryError as failure:
            say(f"\nThe story stopped: {failure}")
            return 1
        say("\nThe story is told: every step above happened.")
        if until is not None:
            await stay(made, until, open_browser=open_browser)
    return 0


async def stay(
    made: LocalWorkspace, until: Until, *, port: int = 0, open_browser: bool = False
) -> None:
    """Keep the workspace up as a page until that returns. OSError if the port is taken."""
    async with made.page(port) as address:
        say(
            f"\nNow it is your turn. The local Slack: {address}\n"
            "Choose at the top who you are, and type /mp-requests. Ctrl-C ends it."
        )
        if open_browser:
            await asyncio.to_thread(_open, address)
        await until()


def say(words: str) -> None:
    """To whoever started it, at once even through a pipe."""
    print(words, flush=True)  # noqa: T201 - the demo is for reading


def _open(address: str) -> None:
    """In a browser with windows: one that draws on the terminal would take it over."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser:
        browser.open(address)


def _stage(made: LocalWorkspace, color: bool) -> Stage:
    async def import_requests() -> int:
        return sum(line.outcome == "new" for line in await made.import_requests())

    playing_names = ("alice", "erin", "bob", "carol", "ada", "mallory")
    assert made.platform, "the story has one"
    return Stage(
        workspace=made.workspace,
        cast=Cast(**{name: made.people[name] for name in playing_names}, reviews=made.reviews),
        import_requests=import_requests,
        move_to=made.move_to,
        platform=made.platform,
        say=lambda words: print(words, end=""),  # noqa: T201 - the demo is for reading
        color=color,
    )
