"""An operator at a terminal: a folder with a policy file, an environment, a Slack."""

import asyncio
import io
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest

from bot.cli.main import main
from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Channel, UserGroup
from bot.sandbox.workspace import Workspace
from bot.settings import Settings
from tests.cast import profile

PATIENCE = 120
"""Seconds a process may take to start or to end on a busy machine."""
_HANDLES = ("alice", "dan", "erin", "bob", "ada")
"""The submitters of the sample requests, a reviewer and an admin."""


@dataclass(frozen=True)
class Typed:
    """What a command printed, and its exit code."""

    code: int
    words: str


@dataclass(frozen=True)
class Running:
    """A bot as a process of its own."""

    process: Process
    address: str

    async def ended(self) -> tuple[int | None, str]:
        """Its exit code and last words, once it has ended."""
        words, _ = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        return self.process.returncode, words.decode()


@dataclass
class Installation:
    """Everything `mp-approvals` needs, right until a test spoils it."""

    workspace: Workspace
    folder: Path
    people: dict[str, Person]
    reviews: Channel
    group: UserGroup
    environment: dict[str, str] = field(default_factory=dict)

    def policy(self, **unlike: str) -> None:
        """Write the policy file, with some of its settings as given."""
        settings = {
            "admins": f'["{self.people["ada"].id}"]',
            "reviewers": f'["{self.group.id}"]',
            "channel": f'"{self.reviews.id}"',
        } | unlike
        lines = [f"{name} = {value}" for name, value in settings.items()]
        (self.folder / "policy.toml").write_text("\n".join(["[workspace]", *lines]), "utf-8")

    async def types(self, *words: str) -> Typed:
        """`mp-approvals WORDS`, in this process but with its folder, environment and exit."""
        with pytest.MonkeyPatch.context() as terminal:
            terminal.chdir(self.folder)
            terminal.setattr(sys, "argv", ["mp-approvals", *words])
            for name in Settings.model_fields:
                terminal.delenv(name.upper(), raising=False)
            for name, value in self.environment.items():
                terminal.setenv(name, value)
            return await asyncio.wait_for(_ended(), PATIENCE)

    @asynccontextmanager
    async def starting(self, *words: str) -> AsyncIterator[Process]:
        """`mp-approvals WORDS` as a process; killed at the end if it still runs."""
        ours = {name.upper() for name in Settings.model_fields}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            cwd=self.folder, env=kept | self.environment, stdout=PIPE, stderr=STDOUT,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Running]:
        """`mp-approvals run` as a process, from when it listens."""
        async with self.starting("run", "--port", "0") as process:
            yield Running(process, await asyncio.wait_for(_address(process), PATIENCE))


def installation(workspace: Workspace, folder: Path, database_url: str) -> Installation:
    """The operator's own, by Socket Mode."""
    people = {handle: workspace.add_person(**profile(handle)) for handle in _HANDLES}
    reviews = workspace.add_channel("reviews", members=people.values())
    group = workspace.add_usergroup("reviewers", members=[people["bob"]])
    found = Installation(workspace, folder, people, reviews, group)
    found.policy()
    found.environment = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "DATABASE_URL": database_url,
    }
    return found


async def _address(process: Process) -> str:
    """Where it listens, by its own first words."""
    assert process.stdout is not None
    said = b""
    while line := await process.stdout.readline():
        said += line
        if found := re.search(r"HTTP on (http://[0-9.:]+[0-9])", line.decode()):
            return found[1]
    raise AssertionError(f"it did not start: {said.decode()}")


def _ended() -> asyncio.Future[Typed]:
    """In a thread that a hanging command does not make everybody wait for."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Typed] = loop.create_future()
    Thread(
        target=lambda: loop.call_soon_threadsafe(ended.set_result, _typed()), daemon=True
    ).start()
    return ended


def _typed() -> Typed:
    words = io.StringIO()
    with redirect_stdout(words), redirect_stderr(words):
        try:
            main()
            code: int | str | None = 0
        except SystemExit as left:
            code = left.code
    if isinstance(code, str):  # a sentence is printed by the interpreter on its way out
        return Typed(1, words.getvalue() + code)
    return Typed(code or 0, words.getvalue())
