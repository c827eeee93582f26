"""The demo: a sandbox workspace, the bot run against it as against Slack, and the story.

The bot is wired by `bot.app` and connects by Socket Mode; only its settings name the sandbox. Both
share a clock that starts on the day after the sample's last request and that the story moves.
"""

import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bot import app
from bot.app import Bot
from bot.importing import Importer
from bot.sandbox.rates import Rates
from bot.sandbox.story import Cast, Stage, StoryError, tell
from bot.sandbox.workspace import Workspace
from bot.settings import Settings
from store.domain.clock import utc_now

STARTS = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
"""Wednesday, 10:00 in Manila: the sample's requests are a day or two old."""
SAMPLE = Path(__file__).parent.parent / "tests" / "data" / "requests.sample.jsonl"


@dataclass
class DemoClock:
    """Real seconds pass, from a day of our choosing."""

    offset: timedelta

    def __call__(self) -> datetime:
        return utc_now() + self.offset

    def move_to(self, moment: datetime) -> None:
        """It is that moment now."""
        self.offset = moment - utc_now()


async def play(*, color: bool = False) -> int:
    """Tell the story; 0 when every step of it happened, 1 with the reason otherwise."""
    clock = DemoClock(STARTS - utc_now())
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mp-approvals-")))
        workspace = await stack.enter_async_context(Workspace(now=clock, rates=Rates()))
        cast = _cast(workspace)
        settings = _settings(workspace, cast, folder)
        bot = await stack.enter_async_context(app.build(settings, clock=clock))
        await stack.enter_async_context(app.running(bot))
        stage = Stage(
            workspace=workspace,
            cast=cast,
            import_requests=lambda: _import(bot),
            move_to=lambda moment: _move(bot, clock, moment),
            say=lambda words: print(words, end=""),  # noqa: T201 - the demo is for reading
            color=color,
        )
        try:
            await tell(stage)
        except StoryError as failure:
            print(f"\nThe story stopped: {failure}")  # noqa: T201
            return 1
    print("\nThe story is told: every step above happened.")  # noqa: T201
    return 0


def _cast(workspace: Workspace) -> Cast:
    """The people of the sample, and the two who review it."""
    names = {
        "alice": "Alice Santos",
        "dan": "Dan Lim",
        "erin": "Erin Garcia",
        "bob": "Bob Reyes",
        "carol": "Carol Tan",
        "ada": "Ada Cruz",
        "mallory": "Mallory Gray",
    }
    met = {
        handle: workspace.add_person(handle, real_name=name, email=f"{handle}@example.com")
        for handle, name in names.items()
    }
    public = [person for handle, person in met.items() if handle not in {"alice", "dan", "erin"}]
    reviews = workspace.add_channel("mini-program-reviews", members=public)
    playing = {name: met[name] for name in ("alice", "erin", "bob", "carol", "mallory")}
    return Cast(**playing, reviews=reviews)


def _settings(workspace: Workspace, cast: Cast, folder: Path) -> Settings:
    """The settings an operator would write, pointing at the sandbox."""
    policy = folder / "policy.toml"
    group = workspace.add_usergroup("reviewers", members=[cast.bob, cast.carol])
    ada = workspace.person("ada")
    policy.write_text(
        f'[workspace]\nadmins = ["{ada.id}"]\nreviewers = ["{group.id}"]\n'
        f'channel = "{cast.reviews.id}"\ntimezone = "Asia/Manila"\n',
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


async def _import(bot: Bot) -> int:
    """The import as the command line does it; how many requests it stored."""
    importer = Importer(bot.db, bot.directory, bot.policy, bot.jobs.clock)
    lines = SAMPLE.read_bytes().splitlines()
    return sum([line.outcome == "new" async for line in importer.run(lines)])


async def _move(bot: Bot, clock: DemoClock, moment: datetime) -> None:
    """Let it be that moment, and let the ticks of that minute pass."""
    clock.move_to(moment)
    await bot.jobs.remind()
    await bot.jobs.digest()
