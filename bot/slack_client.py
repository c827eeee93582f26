"""Our side of Slack's Web API: one session, one client, and how its answers are read.

The client never retries by itself (measured: its retry after a lost connection posts twice); the
outbox does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from handlers.slack_errors import body_of

log = logging.getLogger(__name__)

_PATIENCE = (0.5, 1.0, 2.0)
"""Seconds between the attempts of a call at the start."""
CALL_SECONDS = 10
"""The longest we wait for one answer of Slack; shorter than the outbox's lease."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. No status: the connection broke, and `reached` says whether after sending."""

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    reached: bool = True


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


async def patiently(call: Callable[[], Awaitable[Any]]) -> Any:
    """A call nothing starts without: where it is Slack that is unwell, tried some times more."""
    for seconds in _PATIENCE:
        try:
            return await call()
        except SlackApiError as error:
            status = answer_of(error).status
            if status is None or status < 500:
                raise
            log.warning("Slack answers HTTP %s; trying again", status)
            await asyncio.sleep(seconds)
    return await call()


def answer_of(error: Exception) -> Answer:
    """What a failure says. Only a connection that was never made cannot have reached Slack."""
    if not isinstance(error, SlackApiError):
        reached = not isinstance(error, aiohttp.ClientConnectorError)
        return Answer(error=type(error).__name__, reached=reached)
    response, body = error.response, body_of(error)
    wait = wait_of(response.headers)
    if body:
        return Answer(response.status_code, body.get("error"), wait)
    status = int(getattr(response, "status_code", 200))
    # A page in place of an answer; with 200 nobody knows what was done.
    return Answer(500 if status == 200 else status, retry_after=wait)


def wait_of(headers: Mapping[str, Any]) -> float | None:
    """Seconds that `Retry-After` asks for; None where it is missing or no whole number."""
    header = headers.get("Retry-After")
    text = header[0] if isinstance(header, list) else header
    return float(text) if text and str(text).isdigit() else None
