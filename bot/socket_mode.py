"""Socket Mode: connected for the length of a block, left with every payload in hand answered."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

log = logging.getLogger(__name__)

ANSWER_SECONDS = 3
"""Slack: it waits that long for an answer, so nothing is worth finishing after it."""


class _Handler(AsyncSocketModeHandler):
    """Knows whether it has payloads in hand."""

    def __init__(self, app: AsyncApp, token: str) -> None:
        super().__init__(app, token)
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def handle(self, client: Any, req: Any) -> None:
        self._in_hand += 1
        self._idle.clear()
        try:
            await super().handle(client, req)
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    async def leave(self) -> None:
        """The answers go out by the connection they are asked on, so it is closed after them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._idle.wait()
        await self.close_async()


@asynccontextmanager
async def connected(app: AsyncApp, token: str) -> AsyncIterator[None]:
    """Take payloads until the end of the block."""
    handler = _Handler(app, token)
    await handler.connect_async()
    log.info("connected to Slack by Socket Mode")
    try:
        yield
    finally:
        await handler.leave()
