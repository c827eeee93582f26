"""Bolt, the same server and the same libraries, with a listener that only acknowledges."""

import asyncio
import os
import signal

import apscheduler.schedulers.asyncio  # noqa: F401 - the same libraries are in memory
import pydantic_settings  # noqa: F401
import sqlalchemy.ext.asyncio  # noqa: F401
import sqlmodel  # noqa: F401
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from blocks.buttons import APPROVE
from bot.web_server import serving

if os.environ["DATABASE_URL"].startswith("sqlite"):
    import aiosqlite  # noqa: F401
else:
    import psycopg  # noqa: F401


async def approve(ack: AsyncAck) -> None:
    """All the floor does."""
    await ack()


async def serve() -> None:
    """Until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = AsyncWebClient(
        token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]
    )
    bolt = AsyncApp(
        client=client,
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        process_before_response=True,
    )
    bolt.action(APPROVE)(approve)
    handler = AsyncSlackRequestHandler(bolt)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    site = Starlette(routes=[Route("/slack/events", events, methods=["POST"])])
    async with serving(site, host="127.0.0.1", port=0) as address:
        print(address, flush=True)  # noqa: T201 - how the parent hears of it
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve())
