"""`doctor --blocks`: what Slack thinks of everything the bot draws. Nothing is sent to anybody."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks.message import Json
from bot import slack_client
from bot.cli.doctor import Finding, State
from bot.cli.surfaces import payload, surfaces
from bot.settings import Settings
from handlers.slack_errors import answer_of

_PATIENCE, _LONGEST_WAIT = 5, 60.0
"""How often Slack is asked of one surface, and the longest wait in seconds where it asks for one.
"""


async def examine(settings: Settings, now: datetime) -> AsyncIterator[Finding]:
    """What Slack thinks of every surface. Raises SettingsError without a bot token, and what the
    client raises where Slack says nothing of a surface.
    """
    async with slack_client.session() as http:
        client = slack_client.client(settings, http)
        for name, surface in surfaces(now):
            yield await _validated(client, name, *payload(surface))


async def _validated(client: AsyncWebClient, name: str, kind: str, drawn: Json) -> Finding:
    """Slack: special rate limits apply, without a figure. Where it asks to wait, we wait."""
    for again in reversed(range(_PATIENCE)):
        try:
            await client.api_call("blocks.validate", data={kind: json.dumps(drawn)})
            return Finding(name, State.OK)
        except SlackApiError as error:
            answer = answer_of(error)
            if answer.error == f"invalid_{kind}":
                problems = error.response.get("errors") or []
                return Finding(name, State.WRONG, "; ".join(map(_problem, problems)) or kind)
            if answer.status != 429 or not again:
                raise
        await asyncio.sleep(min(answer.retry_after or 1.0, _LONGEST_WAIT))
    raise AssertionError("the last time raises")


def _problem(error: Json) -> str:
    return f"{error.get('pointer')}: {error.get('message') or error.get('code')}"
