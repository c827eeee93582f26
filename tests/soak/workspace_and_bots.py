"""What a soak needs: a workspace, people, one database, and bots to kill, each a process."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Conversation
from bot.settings import Settings
from bot.web_server import listening
from store.engine import migrate
from store.engine.database import Database
from tests.cast import profile
from tests.postgres_server import Server, running_server
from tests.soak.bot_process import PACE
from tests.soak.shared_clock import SharedClock
from tests.soak.slack_faults import FaultyWorkspace, RandomFaults

SUBMITTERS = ("alice", "dan", "erin", "fay")
REVIEWERS = ("bob", "carol", "gil")
_EVERYBODY = (*SUBMITTERS, *REVIEWERS, "ada", "mallory")
_PATIENCE = 120
"""Seconds a bot may take to come up on a busy machine."""
_POLICY = """
[workspace]
admins = ["{admin}"]
reviewers = ["{group}"]
channel = "{channel}"
timezone = "Asia/Manila"
remind_after_hours = 1
burst = 10
working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""


@dataclass
class Setup:
    """Everything there is; `counts` says what was done to it."""

    workspace: FaultyWorkspace
    people: dict[str, Person]
    reviews: Conversation
    clock: SharedClock
    folder: Path
    environment: dict[str, str]
    server: Server | None
    chance: Random
    words: Path
    bots: list[Process] = field(default_factory=list)
    addresses: dict[int, str] = field(default_factory=dict)
    """Where each process listens for HTTP; nobody listens there once it has ended."""
    counts: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=monotonic)

    @property
    def settings(self) -> Settings:
        """What the bots read from their environment."""
        given = {name.lower(): value for name, value in self.environment.items()}
        return Settings.read(_env_file=None, **given)

    async def start(self, *, hours_off: float = 0.0) -> None:
        """One more bot. Its words go to `words`, for whoever looks into a failure.

        `hours_off` is how wrong its machine's clock is.
        """
        with self.words.open("ab") as log, listening("127.0.0.1", 0) as listener:
            env, clock = os.environ | self.environment, str(self.folder / "clock")
            module, listens = ("-m", "tests.soak.bot_process"), listener.fileno()
            command = (sys.executable, *module, clock, str(hours_off), str(listens))
            bot = await asyncio.create_subprocess_exec(
                *command, env=env, stdout=log, stderr=log, pass_fds=[listens]
            )
            self.addresses[bot.pid] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.bots.append(bot)

    def address(self) -> str:
        """Where one of the bots listens for HTTP; it may be gone just now."""
        known = [self.addresses[bot.pid] for bot in self.bots]
        return self.chance.choice(known or list(self.addresses.values()))

    async def kill(self, bot: Process, *, hours_off: float = 0.0) -> None:
        """End it as a power cut would, and start another in its place."""
        if bot.returncode is None:
            bot.kill()
            await bot.wait()
            self.counts["kills"] += 1
            self.bots.remove(bot)
            await self.start(hours_off=hours_off)
        await self.revive()

    async def revive(self) -> None:
        """Start another bot for each that has ended, by our hand or its own."""
        ended = [bot for bot in self.bots if bot.returncode is not None or await _reaped(bot)]
        for bot in ended:
            self.bots.remove(bot)
            await self.start()

    async def import_file(self, file: Path, *, kill_after: float | None) -> bool:
        """`mp-approvals import` as a process; whether it said that all was well."""
        process = await self._command("import", str(file))
        if kill_after is not None:
            waiting = asyncio.ensure_future(process.wait())
            await asyncio.wait([waiting], timeout=kill_after)
            if not waiting.done():
                process.kill()
                self.counts["imports killed"] += 1
            await waiting
        return await process.wait() == 0

    async def replay(self, number: int) -> None:
        """`mp-approvals hooks replay` as a process."""
        process = await self._command("hooks", "replay", f"MP-{number}")
        self.counts["replays"] += await process.wait() == 0

    async def _command(self, *words: str) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            env=os.environ | self.environment,
            stdout=DEVNULL,
            stderr=DEVNULL,
        )

    async def up(self) -> None:
        """Until Slack reaches as many bots as there should be. TimeoutError if it never does."""
        wanted = len(self.bots)
        async with asyncio.timeout(_PATIENCE):
            while self.workspace.connections < wanted:
                await self.revive()  # a bot that Slack refused at its start has ended
                with suppress(TimeoutError):
                    await self.workspace.until(
                        lambda: self.workspace.connections >= wanted, timeout=1
                    )

    async def stop(self) -> None:
        """End every bot, whatever it is doing."""
        for bot in self.bots:
            if bot.returncode is None:
                bot.kill()
            await bot.wait()


@asynccontextmanager
async def set_up(
    *, postgresql: bool, bots: int, chance: Random, longest_delay: float, words: Path | None
) -> AsyncIterator[Setup]:
    """Everything set up, so many bots running, no faults yet. What bots say is kept in `words`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        server = stack.enter_context(running_server()) if postgresql else None
        clock = SharedClock(folder / "clock")
        faults = RandomFaults(chance, likely=0.12, longest=longest_delay)
        async with FaultyWorkspace(clock, faults, PACE) as workspace:
            words = words or folder / "bots.log"
            setup = await _prepare(workspace, clock, folder, server, chance, words)
            try:
                for _ in range(bots):
                    await setup.start()
                await setup.up()
                yield setup
            finally:
                await setup.stop()


async def _prepare(
    workspace: FaultyWorkspace,
    clock: SharedClock,
    folder: Path,
    server: Server | None,
    chance: Random,
    words: Path,
) -> Setup:
    people = {handle: workspace.add_person(**profile(handle)) for handle in _EVERYBODY}
    inside = [person for handle, person in people.items() if handle not in SUBMITTERS]
    reviews = workspace.add_channel("reviews", members=inside)
    group = workspace.add_usergroup("reviewers", members=[people[name] for name in REVIEWERS])
    named = {"admin": people["ada"].id, "group": group.id, "channel": reviews.id}
    (folder / "policy.toml").write_text(_POLICY.format(**named), encoding="utf-8")
    environment = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "DATABASE_URL": await _database(folder, server),
        "POLICY_FILE": str(folder / "policy.toml"),
        "LOG_LEVEL": "WARNING",
    }
    return Setup(workspace, people, reviews, clock, folder, environment, server, chance, words)


async def _database(folder: Path, server: Server | None) -> str:
    url = f"sqlite:///{folder / 'approvals.db'}"
    if server:
        server.execute("CREATE DATABASE {}", "soak")
        # Its processes are killed here; what was committed has to be there afterwards.
        server.execute("ALTER DATABASE {} SET synchronous_commit = on", "soak")
        url = server.url("soak")
    db = Database(url)
    await migrate.upgrade(db)
    await db.dispose()
    return url


async def _reaped(bot: Process) -> bool:
    """Whether it has just ended."""
    await asyncio.wait([asyncio.ensure_future(bot.wait())], timeout=0.01)
    return bot.returncode is not None


@contextmanager
def all_killed(setup: Setup) -> Iterator[None]:
    """Nobody is up for the length of the block, as when the machine slept."""
    for bot in setup.bots:
        if bot.returncode is None:
            bot.kill()
            setup.counts["kills"] += 1
    yield
