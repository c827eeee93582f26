"""Slack for a measure, as a process of its own: `python -m tests.bench.slack [limits]`.

Says in one line of JSON where it is, and remembers no calls: there are very many.
"""

import asyncio
import json
import sys
from contextlib import suppress

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import UserGroup
from bot.sandbox.state.rates import Rates
from bot.sandbox.workspace import Workspace
from tests.bench.seed import GROUP, PEOPLE

NO_LIMITS = Rates(
    post_per_second=1e6, post_burst=10**6, workspace_posts_per_minute=10**9, per_minute={}
)


class Forgetful(Workspace):
    """Answers and keeps no record of it."""

    def record(self, method: str, args: object, response: object) -> None:
        """Nothing."""


async def serve(*, limits: bool) -> None:
    """Until it is killed."""
    async with Forgetful(rates=None if limits else NO_LIMITS) as workspace:
        for user in PEOPLE:
            workspace.people[user] = Person(workspace, user, user.lower(), f"Person {user[1:]}")
        workspace.usergroups[GROUP] = UserGroup(GROUP, "reviewers", "Reviewers", PEOPLE)
        where = {"SLACK_BOT_TOKEN": workspace.bot_token, "SLACK_API_URL": workspace.api_url}
        print(json.dumps(where), flush=True)  # noqa: T201 - how the parent hears of it
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(limits="limits" in sys.argv))
