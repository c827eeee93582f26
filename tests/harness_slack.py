"""The whole bot at a sandbox Slack, and the people who use it.

Take it for what people see and do: commands, clicks, forms, messages, files. The bot's loops do not
run by themselves here: `send_all()` sends what is owed, so that a test never waits for time.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import app, http
from bot.app import Bot
from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from bot.sandbox.screen import text
from bot.sandbox.state.conversations import Channel, Message
from bot.sandbox.state.views import View
from bot.sandbox.workspace import Workspace
from bot.settings import Settings
from bot.web_server import serving
from store.domain import submission
from store.domain.access import Refused
from store.domain.request import Category, Request
from store.requests.submit import NewRequest
from store.requests.submit import submit as store_request
from tests.cast import TEAM, profile, sample_of
from tests.clock import MovedClock


@dataclass
class Team:
    """Everybody and everything in a story."""

    workspace: Workspace
    bot: Bot
    clock: MovedClock
    alice: Person
    bob: Person
    carol: Person
    ada: Person
    mallory: Person
    reviews: Channel

    async def submit(self, by: Person | None = None, **changes: Any) -> Request:
        """A request of alice's (a release to Production, unless changed), its cards sent."""
        request = await self.store(by, **changes)
        await self.send_all()
        return request

    async def store(self, by: Person | None = None, **changes: Any) -> Request:
        """The same, its cards still owed."""
        sample = sample_of(changes.pop("category", Category.RELEASE))
        filled = {**sample, "created_at": self.clock().isoformat(), **changes}
        submitter = by or self.alice
        accepted = submission.read({**filled, "submitted_by": submitter.id}, now=self.clock())
        new = NewRequest(accepted, submitter.id, self.clock(), from_platform=True)
        answer = await store_request(self.bot.db, new, self.bot.policy)
        assert not isinstance(answer, Refused)
        return answer.request

    async def send_all(self) -> None:
        """Send all that is owed and not resting."""
        while await self.bot.dispatcher.run_once():
            pass

    def card(self, person: Person, request: Request, where: Channel | None = None) -> Message:
        """The request's card as this person sees it."""
        return person.message(containing=request.ref, conversation=where)

    def copies(self, request: Request) -> list[str]:
        """Every copy of the card: both reviewers', the channel's, the submitter's."""
        readers = (
            (self.bob, None),
            (self.carol, None),
            (self.ada, self.reviews),
            (self.alice, None),
        )
        return [
            self.words(next(m for m in reader.sees(where) if request.ref in m.plain()))
            for reader, where in readers
        ]

    async def reject(
        self, person: Person, shown: Message | View, reason: str, kind: str | None = None
    ) -> Answer:
        """Press Reject there, fill in the form and send it."""
        opened = await person.click(shown, "request.reject")
        assert opened.view is not None
        return await person.submit(opened.view, {"reason": reason, "rejection_class": kind})

    async def approve(self, person: Person, named: str) -> Answer:
        """Type the command, look at the request, and press Approve."""
        asked = await person.command(f"/mp-requests approve {named}")
        assert asked.view is not None
        return await person.submit(asked.view)

    def said(self, answer: Answer) -> str:
        """What a command answered, only to who typed it."""
        assert answer.message is not None
        assert answer.message.ephemeral_to is not None
        return self.words(answer.message)

    def last(self, person: Person, where: Channel | None = None) -> str:
        """The newest words this person sees there."""
        return self.words(person.sees(where)[-1])

    def words(self, message: Any) -> str:
        """What stands on the screen, names in place of ids."""
        return text(message, names=self.name)

    def name(self, slack_id: str) -> str:
        """How Slack shows an id."""
        known = self.workspace.people.get(slack_id)
        return known.real_name if known else slack_id


POLICY = """
[workspace]
admins = ["{ada}"]
reviewers = ["{group}"]
channel = "{channel}"
timezone = "Asia/Manila"
burst = 0
{more}
"""
"""Stories hand in many requests in one moment; in those of bursts the policy is another."""


@asynccontextmanager
async def team_at_slack(
    database_url: str, clock: MovedClock, folder: Path, *, mode: str, policy: str = ""
) -> AsyncIterator[Team]:
    """The team with a connected bot; `policy` is more lines of the policy file."""
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(Workspace(now=clock))
        people = [workspace.add_person(**profile(handle)) for handle in TEAM]
        _, bob, carol, ada, mallory = people
        reviews = workspace.add_channel("mini-program-reviews", members=[bob, carol, ada, mallory])
        group = workspace.add_usergroup("reviewers", members=[bob, carol])
        named = {"ada": ada.id, "group": group.id, "channel": reviews.id}
        path = folder / "policy.toml"
        path.write_text(POLICY.format(**named, more=policy), encoding="utf-8")
        settings = _settings(workspace, database_url, path, mode)
        bot = await stack.enter_async_context(
            app.build(settings, clock=clock, post_interval=timedelta())
        )
        await bot.identity.learn()
        await bot.jobs.refresh()
        await stack.enter_async_context(connected(workspace, bot))
        alice, bob, carol, ada, mallory = people
        yield Team(workspace, bot, clock, alice, bob, carol, ada, mallory, reviews)


@asynccontextmanager
async def connected(workspace: Workspace, bot: Bot) -> AsyncIterator[None]:
    """The bot within reach of the workspace, in the mode of its settings."""
    if bot.settings.app_token():
        async with app.socket_mode(bot):
            await workspace.until(lambda: workspace.connections)
            yield
    else:
        async with serving(http.build(bot), host="127.0.0.1", port=0) as address:
            workspace.request_url = f"{address}/slack/events"
            yield


def _settings(workspace: Workspace, database_url: str, policy: Path, mode: str) -> Settings:
    given: dict[str, Any] = {
        "slack_bot_token": SecretStr(workspace.bot_token),
        "slack_api_url": workspace.api_url,
        "database_url": database_url,
        "policy_file": policy,
    }
    if mode == "http":
        given["slack_signing_secret"] = SecretStr(workspace.signing_secret)
    else:
        given["slack_app_token"] = SecretStr(workspace.app_token)
    return Settings.read(_env_file=None, **given)
