"""What the sending tests look at: posts that reached Slack, rows of the outbox, other replicas."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot import app
from bot.app import Bot
from store.domain.access import Refused
from store.domain.clock import Clock
from store.domain.lifecycle import Act
from store.domain.request import Request
from store.requests.decide import Decision, decide
from store.tables import OutboxRow
from tests.harness_slack import Team
from tests.harness_store import outbox_rows

SECOND = timedelta(seconds=1)


async def rows(team: Team) -> dict[str, OutboxRow]:
    """Every owed, sent or failed message by its key."""
    return await outbox_rows(team.bot.db)


async def states(team: Team) -> set[str]:
    """The states that any message is in."""
    return {row.state for row in (await rows(team)).values()}


async def approve(team: Team, request_id: int) -> Request:
    """Bob's vote, committed; nothing is sent yet."""
    decision = Decision(request_id, Act.APPROVE, team.bob.id, team.clock())
    answer = await decide(team.bot.db, decision, team.bot.policy)
    assert not isinstance(answer, Refused)
    return answer


def calls(team: Team, method: str) -> int:
    """How often the bot has called this method."""
    return sum(call.method == method for call in team.workspace.calls)


def seen(team: Team) -> list[int]:
    """How many messages bob, carol, the review channel and alice have."""
    everybody = ((team.bob, None), (team.carol, None), (team.ada, team.reviews), (team.alice, None))
    return [len(person.sees(where)) for person, where in everybody]


@asynccontextmanager
async def another_bot(
    team: Team, *, clock: Clock | None = None, pace: timedelta = timedelta()
) -> AsyncIterator[Bot]:
    """A replica, or the same bot started again, on the same database and workspace."""
    settings = team.bot.settings
    async with app.build(settings, clock=clock or team.clock, post_interval=pace) as bot:
        yield bot


async def send_all(bot: Bot) -> None:
    """Everything this bot can send at this moment."""
    while await bot.dispatcher.run_once():
        pass
