"""A local Slack with the bot in it: what `demo` and `sandbox` share.

The bot is wired by `bot.app` and connects by Socket Mode; only its settings name the sandbox. Both
share a clock that starts on the day after the sample's last request and can be moved on.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.util import await_only

from bot import app, http
from bot.app import Bot
from bot.cli import manifest, request_file
from bot.cli.import_file import Importer, Line
from bot.sandbox import SAMPLE
from bot.sandbox.actions.people import Person
from bot.sandbox.page import server
from bot.sandbox.page.site import Controls, Site
from bot.sandbox.platform import Platform
from bot.sandbox.state.conversations import Conversation
from bot.sandbox.state.rates import Rates
from bot.sandbox.workspace import Workspace
from bot.settings import Settings, SettingsError
from bot.web_server import serving
from store import api_keys, webhooks
from store.domain.api_key import Right
from store.domain.bursts import QUIET
from store.domain.clock import utc_now
from store.domain.hook import HookEvent, new_secret

STARTS = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
"""Wednesday, 10:00 in Manila: the sample's requests are a day or two old."""

CAST = {
    "alice": "Alice Santos",
    "bob": "Bob Reyes",
    "carol": "Carol Tan",
    "ada": "Ada Cruz",
    "mallory": "Mallory Gray",
    "dan": "Dan Lim",
    "erin": "Erin Garcia",
}
"""alice, dan and erin submit, bob and carol review, ada administers, mallory may not decide."""
_FIRST = ("Amihan", "Ben", "Celia", "Dado", "Elsa", "Fidel", "Gia", "Hiro", "Isko", "Jade")
_LAST = ("Abad", "Bautista", "Chua", "Dizon", "Estrada", "Flores", "Go", "Hizon", "Ilagan", "Jose")
MOST_PEOPLE = len(CAST) + len(_FIRST) * len(_LAST)


@dataclass
class MovedClock:
    """Real seconds pass, from a day of our choosing."""

    offset: timedelta

    def __call__(self) -> datetime:
        return utc_now() + self.offset

    def move_to(self, moment: datetime) -> None:
        """It is that moment now."""
        self.offset = moment - utc_now()


@dataclass
class LocalWorkspace:
    """The workspace, the bot that runs against it, and what the world can do to both."""

    workspace: Workspace
    bot: Bot
    clock: MovedClock
    people: dict[str, Person]
    reviews: Conversation
    platform: Platform | None = None
    slow_by: float = field(default=0.0, init=False)

    async def import_requests(self, file: Path = SAMPLE) -> list[Line]:
        """The import as the command line does it; what became of each line.

        The first few come a while before the rest, so that there are cards to press buttons on.
        """
        importer = Importer(self.bot.db, self.bot.profiles, self.bot.policy, self.clock)
        with request_file.opened(file) as requests:
            values = requests.values()
            lines = [line async for line in importer.take(islice(values, self.bot.policy.burst))]
            if more := list(values):
                self.clock.move_to(self.clock() + QUIET)
                lines += [line async for line in importer.take(more)]
        if requests.broken:
            raise SettingsError(requests.broken)
        return lines

    async def move_to(self, moment: datetime) -> None:
        """Let it be that moment, and let digests, reminders and nudges come that are due."""
        self.clock.move_to(moment)
        await self.bot.jobs.digest()
        await self.bot.jobs.remind()
        await self.bot.jobs.nudge()

    def slow_database(self, seconds: float) -> None:
        """Make each transaction take that much longer from now on."""
        self.slow_by = seconds

    def page(self, port: int = 0) -> AbstractAsyncContextManager[str]:
        """The workspace as a page on 127.0.0.1; gives its address. OSError if the port is taken."""
        controls = Controls(move_to=self.move_to, slow_database=self.slow_database)
        site = Site(self.workspace, manifest.build(), controls, self.platform)
        return server.serving(site, port=port)


@asynccontextmanager
async def local_workspace(
    *,
    people: int = len(CAST),
    rates: Rates | None = None,
    post_interval: timedelta = timedelta(),
    starts: datetime = STARTS,
    platform: bool = False,
) -> AsyncIterator[LocalWorkspace]:
    """A workspace of that many people with the bot running in it, on a SQLite file of its own.

    Without `rates` Slack takes messages as fast as they come. With a `platform` there is one that
    hands requests in, and is told what happens.
    """
    clock = MovedClock(starts - utc_now())
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mp-approvals-")))
        workspace = await stack.enter_async_context(Workspace(now=clock, rates=rates))
        cast = _people(workspace, people)
        public = [each for name, each in cast.items() if name not in {"alice", "dan", "erin"}]
        reviews = workspace.add_channel("mini-program-reviews", members=public)
        settings = _settings(workspace, cast, reviews, folder)
        bot = await stack.enter_async_context(
            app.build(settings, clock=clock, post_interval=post_interval)
        )
        made = LocalWorkspace(workspace, bot, clock, cast, reviews)
        _delay_transactions(made)
        await stack.enter_async_context(app.running(bot))
        if platform:
            made.platform = await stack.enter_async_context(_platform(made))
        yield made


@asynccontextmanager
async def _platform(made: LocalWorkspace) -> AsyncIterator[Platform]:
    """The platform with a key for the HTTP API, and a hook as `hooks add --platform` makes it."""
    bot, secret = made.bot, new_secret()
    async with (
        Platform.serving(made.clock, made.workspace.changed) as platform,
        serving(http.build(bot), host="127.0.0.1", port=0) as address,
    ):
        async with bot.db.transaction() as session:
            _, platform.key = await api_keys.create(
                session, "platform", list(Right), now=made.clock()
            )
            await webhooks.add(
                session,
                *(platform.hook_url, list(HookEvent), secret),
                allow_private=True,
                is_platform=True,
                now=made.clock(),
            )
        platform.api, platform.secret = f"{address}/api/v1", secret
        yield platform


def _people(workspace: Workspace, count: int) -> dict[str, Person]:
    """The people of the sample, and as many colleagues as it takes."""
    colleagues = islice(product(_LAST, _FIRST), max(0, count - len(CAST)))
    names = CAST | {f"{first}.{last}".lower(): f"{first} {last}" for last, first in colleagues}
    return {
        handle: workspace.add_person(handle, real_name=name, email=f"{handle}@example.com")
        for handle, name in names.items()
    }


def _settings(
    workspace: Workspace, people: dict[str, Person], reviews: Conversation, folder: Path
) -> Settings:
    """The settings an operator would write, pointing at the sandbox."""
    policy = folder / "policy.toml"
    group = workspace.add_usergroup("reviewers", members=[people["bob"], people["carol"]])
    policy.write_text(
        f'[workspace]\nadmins = ["{people["ada"].id}"]\nreviewers = ["{group.id}"]\n'
        f'channel = "{reviews.id}"\ntimezone = "Asia/Manila"\n',
        encoding="utf-8",
    )
    return Settings.read(
        _env_file=None,
        slack_bot_token=SecretStr(workspace.bot_token),
        slack_app_token=SecretStr(workspace.app_token),
        slack_signing_secret=None,
        slack_api_url=workspace.api_url,
        database_url=f"sqlite:///{folder / 'approvals.db'}",
        policy_file=policy,
    )


def _delay_transactions(made: LocalWorkspace) -> None:
    """Begin each transaction as late as `slow_database` has asked for."""

    def begin(_connection: Any) -> None:
        if made.slow_by:
            await_only(asyncio.sleep(made.slow_by))

    for engine in (made.bot.db.engine, made.bot.db.reading):
        event.listen(engine.sync_engine, "begin", begin)
