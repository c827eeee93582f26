"""Owed messages on their way to Slack, beside a bare client in a loop and Slack's own limits."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import delete

from bot import app
from bot.app import Bot
from bot.garbage import collect_rarely
from bot.settings import Settings
from store.domain.clock import utc_now
from store.messages import outbox
from store.messages.outbox import Kind, Owed
from store.tables import OutboxRow
from tests.bench.places import Bare, Place
from tests.bench.processes import listening
from tests.bench.seed import PEOPLE
from tests.bench.table import Line
from tests.bench.timing import Taken, by_turns

_UNSENT = "SELECT id FROM outbox WHERE state IN ('pending', 'sending') LIMIT 1"
_LOOK_SECONDS = 0.02
"""How often is looked whether all is sent; it counts as time of ours."""


async def measure(place: Place, *, rounds: int, messages: int, limited: int) -> list[Line]:
    """Messages a second without limits; then one conversation at Slack's pace."""
    async with _wired(place, timedelta(), limits=False) as bot, place.bare() as bare:
        client = AsyncWebClient(token=bot.settings.bot_token(), base_url=bot.client.base_url,
                                session=bot.client.session)  # fmt: skip
        free = await by_turns(
            lambda: _send(bot, bare, messages, lanes=messages),
            lambda: _post(client, messages),
            rounds=rounds,
        )
    async with _wired(place, timedelta(seconds=1), limits=True) as bot, place.bare() as bare:
        begun = time.perf_counter()
        await _send(bot, bare, limited, lanes=1)
        ours = Taken(((time.perf_counter() - begun) / limited,))
    each = [Taken(tuple(r / messages for r in taken.rounds)) for taken in free]
    allowed = Taken(((limited - 1) / limited,))  # the first goes at once, then one a second
    database = place.database
    return [
        Line("outbox without limits", database, *each, aim=0.5, per_second=True),
        Line("outbox at Slack's pace", database, ours, allowed, aim=0.95, per_second=True),
    ]


@asynccontextmanager
async def _wired(place: Place, pace: timedelta, *, limits: bool) -> AsyncIterator[Bot]:
    """The bot's own parts, the dispatcher driven by hand."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        policy = Path(folder) / "policy.toml"
        policy.write_text('[workspace]\nadmins = ["U00000"]\nreviewers = ["U00001"]\n')
        async with listening("tests.bench.slack", *(["limits"] if limits else []), env={}) as slack:
            said = json.loads(slack.said)
            settings = Settings.read(
                _env_file=None,
                slack_bot_token=SecretStr(said["SLACK_BOT_TOKEN"]),
                slack_api_url=said["SLACK_API_URL"],
                database_url=place.url,
                policy_file=policy,
            )
            async with app.build(settings, post_interval=pace) as bot:
                collect_rarely()  # as the bot does once it runs
                yield bot


async def _send(bot: Bot, bare: Bare, messages: int, *, lanes: int) -> None:
    """Owe so many, and let the bot's own loop send them all."""
    now = utc_now()
    owed = [_message(number, PEOPLE[1 + number % lanes]) for number in range(messages)]
    async with bot.db.transaction() as session:
        await session.exec(delete(OutboxRow))
        await outbox.owe(session, owed, now=now)
    sending = asyncio.create_task(bot.dispatcher.run())
    while await bare.fetch(_UNSENT):
        await asyncio.wait([sending], timeout=_LOOK_SECONDS)
    sending.cancel()
    await asyncio.wait([sending])


def _message(number: int, user: str) -> Owed:
    return Owed(
        key=f"late_answer:{number}",
        kind=Kind.LATE_ANSWER,
        recipient=user,
        lane=f"post:{user}",
        data={"asked_at": "2026-11-20T10:00:00+00:00", "took_effect": True},
    )


async def _post(client: AsyncWebClient, messages: int) -> None:
    for number in range(messages):
        await client.chat_postMessage(
            channel=PEOPLE[1 + number], text="Your click of 10:00 took effect."
        )
