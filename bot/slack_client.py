"""Our side of Slack's Web API: one session and one client.

The client never retries by itself (measured: its retry after a lost connection posts twice); the
outbox does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from handlers.slack_errors import answer_of

log = logging.getLogger(__name__)

T = TypeVar("T")
_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between the attempts of a call at the start."""
CALL_SECONDS = 10
"""The longest we wait for one answer of Slack; shorter than the outbox's lease."""


def session() -> aiohttp.ClientSession:
    """One connection pool for everything we ask of Slack. Close it."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS))


def client(settings: Settings, http: aiohttp.ClientSession) -> AsyncWebClient:
    """Slack's Web API as the bot."""
    return AsyncWebClient(
        token=settings.bot_token(),
        base_url=settings.slack_api_url,
        session=http,
        retry_handlers=[],
    )


async def with_retries(call: Callable[[], Awaitable[T]]) -> T:
    """A call that nothing starts without: retried while Slack answers 5xx."""
    for seconds in _PAUSES:
        try:
            return await call()
        except SlackApiError as error:
            status = answer_of(error).status
            if status is None or status < 500:
                raise
            log.warning("Slack answers HTTP %s; trying again", status)
            await asyncio.sleep(seconds)
    return await call()
