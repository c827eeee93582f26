"""The calls that bring a message to Slack, and what came back. Nothing else sends messages.

No retries here: the outbox keeps what is owed, `bot.outgoing.verdict` says when to try again.
Measured: the client's own retry after a lost connection posts twice.
"""

import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks.message import Json, Message
from bot import slack_client
from bot.outgoing.verdict import MESSAGE_GONE, NOT_SLACKS
from bot.slack_client import AddressError
from handlers.slack_errors import PAGE, Answer, answer_of, code_of, wait_of
from store.messages.cards import Card
from store.messages.digests import Morning

log = logging.getLogger(__name__)

EVENT_TYPE = "mini_program_approvals"
"""The type of the metadata every post carries; its payload names the outbox row."""
CLOCKS_APART = 300
"""Seconds by which our clock and Slack's may differ when we look back for a message."""


@dataclass(frozen=True, slots=True)
class Post:
    """`chat.postMessage`: a new message in a conversation, `channel` a channel or a person.

    With `card` it is a copy of a request: its reader's, and of which revision. `is_late`: nobody
    needs it any more; but if an earlier attempt has posted it, it is brought up to date. With
    `morning` it is a digest of these rows.
    """

    message: Message
    channel: str
    thread_ts: str | None = None
    card: Card | None = None
    morning: Morning | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """`chat.update`: a message that is there, drawn again: a card, or how an export goes."""

    message: Message
    channel: str
    ts: str
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer by response URL; `replace` puts it in the place of what was clicked.

    With `card` it is a copy of a request that is drawn again, for everybody who sees it.
    """

    message: Message
    url: str
    replace: bool
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """`views.publish`: the Home tab of one person."""

    view: View | Json
    user: str


@dataclass(frozen=True, slots=True)
class Delete:
    """`chat.delete`: a message of ours whose place something else has taken."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class DeleteOthers:
    """`chat.delete` of every copy of one message but this one: a post that was given up on may land
    after it was posted again. `key` is that message's; it was first posted after `since`.
    """

    key: str
    channel: str
    ts: str
    since: datetime
    thread_ts: str | None = None


Call = Post | Edit | Reply | Publish | Delete | DeleteOthers


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands in Slack."""

    channel: str
    ts: str


class SlackCalls:
    """Slack's Web API and response URLs."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self._client, self._session = client, session

    async def send(self, call: Call, *, key: str) -> tuple[Answer, Place | None]:
        """Send once; where the message went, if it went. `key` is the outbox row's."""
        try:
            match call:
                case Post():
                    return await self._post(call, key)
                case Edit():
                    await self._client.chat_update(
                        channel=call.channel, ts=call.ts, **call.message.payload()
                    )
                    return Answer(200), Place(call.channel, call.ts)
                case Reply():
                    return await self._reply(call, key), None
                case Publish():
                    await self._client.views_publish(user_id=call.user, view=call.view)
                    return Answer(200), None
                case Delete():
                    await self._delete(call)
                    return Answer(200), None
                case DeleteOthers():
                    await self._delete_others(call)
                    return Answer(200), None
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            return answer_of(error), None

    async def find(self, post: Post, *, key: str, since: datetime) -> tuple[Answer, Place | None]:
        """Where the message of this key stands, if an earlier attempt since then posted it."""
        try:
            return Answer(200), await self._find(post, key, since)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            return answer_of(error), None

    async def _post(self, call: Post, key: str) -> tuple[Answer, Place]:
        sent = await self._client.chat_postMessage(
            channel=call.channel,
            thread_ts=call.thread_ts,
            metadata=_metadata(key),
            unfurl_links=False,
            unfurl_media=False,
            **call.message.payload(),
        )
        return Answer(200), Place(sent["channel"], sent["ts"])

    async def _reply(self, call: Reply, key: str) -> Answer:
        content = {"replace_original": call.replace, **call.message.payload()}
        if call.card:  # Slack does not say whether a message keeps its metadata
            content["metadata"] = _metadata(key)
        else:
            content["response_type"] = "ephemeral"
        try:
            answer = await slack_client.answer(
                call.url, content, self._client.base_url, self._session
            )
        except AddressError as error:
            log.error("a response URL that is not Slack's was not called: %s", error)
            return Answer(400, NOT_SLACKS)
        wait = wait_of(answer.headers or {})
        return Answer(answer.status_code, _error_of(answer.body or ""), wait)

    async def _find(self, post: Post, key: str, since: datetime) -> Place | None:
        channel = post.channel
        if channel.startswith(("U", "W")):
            # A person is written to by user id, but history is asked for by conversation.
            opened = await self._client.conversations_open(users=channel)
            channel = str(opened["channel"]["id"])
        async for ts in self._copies(channel, post.thread_ts, key, since):
            return Place(channel, ts)
        return None

    async def _delete(self, call: Delete) -> None:
        try:
            await self._client.chat_delete(channel=call.channel, ts=call.ts)
        except SlackApiError as error:
            if code_of(error) != MESSAGE_GONE:
                raise

    async def _delete_others(self, call: DeleteOthers) -> None:
        found = self._copies(call.channel, call.thread_ts, call.key, call.since)
        for ts in [ts async for ts in found if ts != call.ts]:
            log.info("%s stood twice; the second copy is deleted", call.key)
            await self._client.chat_delete(channel=call.channel, ts=ts)

    async def _copies(
        self, channel: str, thread_ts: str | None, key: str, since: datetime
    ) -> AsyncIterator[str]:
        """The times by which Slack names the messages of this key in this conversation."""
        cursor = None
        wanted: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{since.timestamp() - CLOCKS_APART:.6f}",
            "limit": 200,
            "include_all_metadata": True,
        }
        while True:
            if thread_ts:
                page = await self._client.conversations_replies(
                    **wanted, ts=thread_ts, cursor=cursor
                )
            else:
                page = await self._client.conversations_history(**wanted, cursor=cursor)
            for message in page["messages"]:
                payload = message.get("metadata", {}).get("event_payload", {})
                if payload.get("key") == key:
                    yield str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def _error_of(body: str) -> str | None:
    """What a response URL complains of: in JSON, or as a single word; None for "ok"."""
    said = body.strip()
    if said.startswith("<"):
        return PAGE
    if said == "ok" or not said:
        return None
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError):
        return said if re.fullmatch("[a-z_]+", said) else None
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error) if error else None
