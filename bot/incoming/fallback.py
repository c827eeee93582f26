"""Answers a person in place of their listener, when something went wrong. It asks no store.

Their ack does not wait for a Slack that is slow: what is said by a call of its own may come later.
What must stay true: nobody is acknowledged in silence. Who cannot be told is not acknowledged, so
that Slack itself says that it did not work.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from blocks import notices
from bot import slack_client
from bot.slack_client import AddressError
from handlers.places import (
    BesideMessage,
    CommandAck,
    FormAck,
    InModal,
    NewModal,
    ack_with,
    place_of,
    show_view,
)

log = logging.getLogger(__name__)

TELL_SECONDS = 0.1
"""How long the ack waits for the words to be there first."""
_AGAIN_SECONDS = (1.0, 3.0, 10.0)
"""The pauses before each further attempt to tell somebody whose click is acknowledged."""


class FallbackAnswers:
    """Where the person behind a payload is told a sentence."""

    def __init__(self, web: AsyncWebClient, http: aiohttp.ClientSession) -> None:
        self._web, self._http = web, http
        self._telling: set[asyncio.Task[Any]] = set()  # the loop itself would forget them

    async def say(self, body: dict[str, Any], title: str, sentence: str) -> BoltResponse:
        """The ack of this payload, with the sentence in it or on its way."""
        match place_of(body):
            case CommandAck() | FormAck() as place:
                answer = ack_with(place, title, sentence, action="push")
                return BoltResponse(status=200, body=answer)
            case BesideMessage(response_url):
                return await self.beside(response_url, sentence)
            case InModal() | NewModal() as place:
                view = notices.notice_view(title, sentence)
                return await self._tell(lambda: show_view(self._web, place, view))
        return BoltResponse(status=200, body="")

    async def too_late(self, body: dict[str, Any]) -> BoltResponse:
        """Nothing was changed, and nothing will be. An event is asked for again."""
        if body.get("type") == "event_callback":
            return BoltResponse(status=500)
        return await self.say(body, "Not possible now", notices.TOO_LATE)

    async def not_sure_yet(self, body: dict[str, Any]) -> BoltResponse:
        """It may have taken effect. An event is asked for again: what it leads to happens once."""
        if body.get("type") == "event_callback":
            return BoltResponse(status=500)
        return await self.say(body, "Not sure yet", notices.NOT_SURE_YET)

    async def beside(self, response_url: str, sentence: str) -> BoltResponse:
        """A sentence of finished mrkdwn beside the message they clicked in, only to them."""
        return await self._tell(lambda: self._beside(response_url, sentence))

    async def _tell(self, attempt: Callable[[], Awaitable[bool]]) -> BoltResponse:
        first = asyncio.ensure_future(attempt())
        await asyncio.wait([first], timeout=TELL_SECONDS)
        if first.done():
            return BoltResponse(status=200 if first.result() else 500, body="")
        telling = asyncio.ensure_future(_until_told(first, attempt))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        return BoltResponse(status=200, body="")

    async def _beside(self, response_url: str, sentence: str) -> bool:
        """By Slack and not by the outbox: it may be the store that is away."""
        said = {"response_type": "ephemeral", "replace_original": False}
        said |= notices.plain(sentence).payload()
        try:
            answer = await slack_client.answer(response_url, said, self._web.base_url, self._http)
        except (AddressError, aiohttp.ClientError, TimeoutError) as failure:
            log.warning("the person could not be told: %s", type(failure).__name__)
            return False
        return answer.status_code == 200


async def _until_told(first: Awaitable[bool], attempt: Callable[[], Awaitable[bool]]) -> None:
    """The click is acknowledged already: what fails now is tried again."""
    told = await first
    for seconds in _AGAIN_SECONDS:
        if told:
            return
        await asyncio.sleep(seconds)
        told = await attempt()
