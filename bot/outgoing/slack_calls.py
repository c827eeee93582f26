"""One call to Slack, and what came back of it. The only place that sends messages.

No retries here: the outbox keeps what is owed, `bot.outgoing.verdict` says when to try again.
Measured: the client's own retry after a lost connection posts twice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.outgoing.messages import Edit, Outgoing, Post, Publish, Reply
from bot.slack_client import Answer, answer_of, wait_of

EVENT_TYPE = "mini_program_approvals"
"""The type of the metadata every post carries; its payload names the outbox row."""
CLOCKS_APART = 300
"""Seconds by which our clock and Slack's may differ when we look back for a message."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands in Slack."""

    channel: str
    ts: str


class Wire:
    """Slack's Web API and response URLs."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
        self._client, self._session = client, session

    async def send(self, outgoing: Outgoing, *, key: str) -> tuple[Answer, Place | None]:
        """Send once; where the message went, if it went."""
        try:
            return await self._send(outgoing, key)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            return answer_of(error), None

    async def find(
        self, outgoing: Post, *, key: str, since: datetime
    ) -> tuple[Answer, Place | None]:
        """Where the message of this key stands, if an earlier attempt since then posted it."""
        try:
            return Answer(200), await self._find(outgoing, key, since)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            return answer_of(error), None

    async def _find(self, outgoing: Post, key: str, since: datetime) -> Place | None:
        channel = await self._conversation(outgoing.channel)
        oldest = f"{since.timestamp() - CLOCKS_APART:.6f}"
        wanted: dict[str, Any] = {"channel": channel, "oldest": oldest}
        cursor = None
        while True:
            page = await self._page(wanted, outgoing.thread_ts, cursor)
            for message in page["messages"]:
                payload = message.get("metadata", {}).get("event_payload", {})
                if payload.get("key") == key:
                    return Place(channel, message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None

    async def _send(self, outgoing: Outgoing, key: str) -> tuple[Answer, Place | None]:
        if isinstance(outgoing, Reply):
            return await self._reply(outgoing), None
        if isinstance(outgoing, Publish):
            await self._client.views_publish(user_id=outgoing.user, view=outgoing.view)
            return Answer(200), None
        if isinstance(outgoing, Edit):
            await self._client.chat_update(
                channel=outgoing.channel, ts=outgoing.ts, **outgoing.message.payload()
            )
            return Answer(200), Place(outgoing.channel, outgoing.ts)
        sent = await self._client.chat_postMessage(
            channel=outgoing.channel,
            thread_ts=outgoing.thread_ts,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
            **outgoing.message.payload(),
        )
        return Answer(200), Place(sent["channel"], sent["ts"])

    async def _reply(self, outgoing: Reply) -> Answer:
        webhook = AsyncWebhookClient(outgoing.url, session=self._session, retry_handlers=[])
        answer = await webhook.send_dict(
            {
                "response_type": "ephemeral",
                "replace_original": outgoing.replace,
                **outgoing.message.payload(),
            }
        )
        return Answer(answer.status_code, retry_after=wait_of(answer.headers or {}))

    async def _conversation(self, recipient: str) -> str:
        """History is asked by conversation; a person is written to by user id."""
        if not recipient.startswith(("U", "W")):
            return recipient
        opened = await self._client.conversations_open(users=recipient)
        return str(opened["channel"]["id"])

    async def _page(self, wanted: dict[str, Any], thread: str | None, cursor: str | None) -> Any:
        if thread:
            return await self._client.conversations_replies(
                **wanted, ts=thread, cursor=cursor, limit=200, include_all_metadata=True
            )
        return await self._client.conversations_history(
            **wanted, cursor=cursor, limit=200, include_all_metadata=True
        )
