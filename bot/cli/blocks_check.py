"""`doctor --blocks`: what Slack thinks of everything the bot draws. Nothing is sent to anybody."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks.message import Json
from bot import slack_client
from bot.cli.doctor import FAILURES, Finding, State, failed
from bot.cli.surfaces import payload, surfaces
from bot.settings import Settings
from handlers.slack_errors import answer_of

_PATIENCE, _LONGEST_WAIT = 5, 60.0
"""How often Slack is asked of one surface, and the longest wait in seconds where it asks for one.
"""


async def examine(settings: Settings, now: datetime) -> AsyncIterator[Finding]:
    """What Slack thinks of every surface. Raises SettingsError without a bot token.

    Slack: special rate limits apply, without a figure. Where it asks to wait, we wait.
    """
    async with slack_client.session() as http:
        client = slack_client.client(settings, http)
        for name, surface in surfaces(now):
            finding = await _validated(client, name, *payload(surface))
            yield finding
            if finding.state is State.AWAY:
                return


async def _validated(client: AsyncWebClient, name: str, kind: str, drawn: Json) -> Finding:
    for again in reversed(range(_PATIENCE)):
        try:
            await client.api_call("blocks.validate", data={kind: json.dumps(drawn)})
        except FAILURES as error:
            answer = answer_of(error)
            if answer.error == f"invalid_{kind}" and isinstance(error, SlackApiError):
                problems = error.response.get("errors") or []
                return Finding(name, State.WRONG, "; ".join(map(_problem, problems)) or kind)
            if answer.status != 429 or not again:
                return failed(name, error, "Is this Slack's own API?")
            await asyncio.sleep(min(answer.retry_after or 1.0, _LONGEST_WAIT))
        else:
            break
    return Finding(name, State.OK)


def _problem(error: Json) -> str:
    return f"{error.get('pointer')}: {error.get('message') or error.get('code')}"
