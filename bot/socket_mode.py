"""Socket Mode: connected for the length of a block, left with every payload in hand answered."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

Listener = Callable[[Any, Any], Awaitable[None]]
log = logging.getLogger(__name__)

ANSWER_SECONDS = 3
"""Slack: it waits that long for an answer, so nothing is worth finishing after it."""


class InHand:
    """A listener, and whether it has payloads in hand."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def take(self, client: Any, request: Any) -> None:
        """One payload, from its arrival to the answer."""
        self._count += 1
        self._idle.clear()
        try:
            await self._listener(client, request)
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()

    async def answered(self) -> None:
        """Until nothing is in hand, or Slack has stopped waiting for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._idle.wait()


@asynccontextmanager
async def connected(app: AsyncApp, token: str) -> AsyncIterator[None]:
    """Take payloads until the end of the block."""
    handler = AsyncSocketModeHandler(app, token)
    in_hand = InHand(handler.handle)
    handler.client.socket_mode_request_listeners = [in_hand.take]
    await handler.connect_async()
    log.info("connected to Slack by Socket Mode")
    try:
        yield
    finally:
        await in_hand.answered()  # an answer goes out by the connection it was asked on
        await handler.close_async()
