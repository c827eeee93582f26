"""Our side of Slack's Web API: one session and one client.

The client never retries by itself (measured: its retry after a lost connection posts twice); the
outbox does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.settings import Settings
from handlers.slack_errors import answer_of, code_of

log = logging.getLogger(__name__)

T = TypeVar("T")
_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between the attempts of a call at the start."""
CALL_SECONDS = 10
"""The longest we wait for one answer of Slack; shorter than the outbox's lease."""


SLACK_HOSTS = ("slack.com", "slack-gov.com")
"""Slack answers at `hooks.` of these; the second is GovSlack."""

ORGANISATION = (
    "SLACK_BOT_TOKEN is of an installation for a whole organisation. "
    "Install the app in one workspace, and copy the Bot User OAuth Token of that installation."
)
"""What to do about a token that is of no single workspace."""


class AddressError(ValueError):
    """A response URL is not Slack's; the text is its host."""


def session() -> aiohttp.ClientSession:
    """One connection pool for everything we ask of Slack. Close it."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS))


def client(settings: Settings, http: aiohttp.ClientSession) -> AsyncWebClient:
    """Slack's Web API as the bot."""
    made = AsyncWebClient(
        token=settings.bot_token(),
        base_url=settings.slack_api_url,
        session=http,
        retry_handlers=[],
    )
    made.proxy = proxy_for(settings.slack_api_url)
    return made


def proxy_for(url: str) -> str | None:
    """The proxy that a call of this address goes through; None for straight there.

    Slack's SDK reads HTTPS_PROXY by itself, and knows no NO_PROXY.
    """
    return None if proxy_bypass(urlsplit(url).netloc) else load_http_proxy_from_env(log)


def may_answer(url: str, api_url: str) -> bool:
    """Whether this response URL is Slack's own, or on the host of the Web API that is configured.

    Anything else is not called: whatever it answers, it would learn what stands in the message.
    """
    try:
        there, ours = urlsplit(url), urlsplit(api_url)
        place, configured = (there.scheme, there.hostname, there.port), ours.hostname
    except ValueError:  # a port that is no number
        return False
    if not url.isascii() or not url.isprintable() or set(url) & set("\\@ "):
        return False  # which another reader of addresses might take for another host
    if place == (ours.scheme, configured, ours.port):
        return True
    return place[0] == "https" and place[2] in {None, 443} and _is_slacks(there.hostname or "")


def _is_slacks(host: str) -> bool:
    return any(host == slacks or host.endswith(f".{slacks}") for slacks in SLACK_HOSTS)


async def answer(
    url: str, content: dict[str, Any], api_url: str, http: aiohttp.ClientSession
) -> WebhookResponse:
    """Say this by a response URL, unfurling nothing. Raises AddressError for one not of Slack's.

    Raises aiohttp.ClientError or TimeoutError where it is not reached.
    """
    if not may_answer(url, api_url):
        raise AddressError(urlsplit(url).hostname or "no host")
    webhook = AsyncWebhookClient(url, session=http, retry_handlers=[])
    webhook.proxy = proxy_for(url)
    return await webhook.send_dict({"unfurl_links": False, "unfurl_media": False, **content})


async def with_retries(call: Callable[[], Awaitable[T]]) -> T:
    """A call that nothing starts without, tried again while Slack is busy, broken or away."""
    for seconds in _PAUSES:
        try:
            return await call()
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            answer = answer_of(error)
            if answer.status is not None and answer.status != 429 and answer.status < 500:
                raise
            log.warning("Slack says %s; trying again", answer.status or code_of(error))
            await asyncio.sleep(max(seconds, min(answer.retry_after or 0, CALL_SECONDS)))
    return await call()
