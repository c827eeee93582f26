"""A file to one person's direct messages: Slack's three steps, and a look whether it is there.

The bytes are streamed from disk. Nothing is retried here; whoever calls knows what is safe to
repeat.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.outgoing.slack_calls import CLOCKS_APART
from bot.slack_client import proxy_for

SEND_SECONDS = 150
"""How long the bytes may take; a hundred megabytes at a slow megabyte a second."""


@dataclass(frozen=True, slots=True)
class Files:
    """Slack's files, as far as a bot that only gives some needs them."""

    client: AsyncWebClient
    http: aiohttp.ClientSession

    async def conversation(self, user: str) -> str:
        """The direct messages with this person: a file cannot be sent to a user id."""
        opened = await self.client.conversations_open(users=user)
        return str(opened["channel"]["id"])

    async def offer(self, name: str, length: int) -> tuple[str, str]:
        """Announce a file of so many bytes: where they go, and the file's id."""
        offered = await self.client.files_getUploadURLExternal(filename=name, length=length)
        return str(offered["upload_url"]), str(offered["file_id"])

    async def send(self, path: Path, url: str) -> None:
        """Send the bytes. Raises aiohttp.ClientError where they are not taken."""
        wait = aiohttp.ClientTimeout(total=SEND_SECONDS)
        file = await asyncio.to_thread(path.open, "rb")
        async with self.http.post(url, data=file, timeout=wait, proxy=proxy_for(url)) as answer:
            answer.raise_for_status()

    async def share(self, file_id: str, title: str, channel: str, comment: str) -> None:
        """Show the file in the conversation, with a comment of finished mrkdwn."""
        await self.client.files_completeUploadExternal(
            files=[{"id": file_id, "title": title}], channel_id=channel, initial_comment=comment
        )

    async def is_shared(self, file_id: str, channel: str, *, since: datetime) -> bool:
        """Whether the conversation has this file, shared since then."""
        oldest, cursor = f"{since.timestamp() - CLOCKS_APART:.6f}", None
        while True:
            page = await self.client.conversations_history(
                channel=channel, oldest=oldest, cursor=cursor, limit=200
            )
            shared = {file["id"] for m in page["messages"] for file in m.get("files", ())}
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if file_id in shared or not cursor:
                return file_id in shared
