"""Bolt, the same server and the same libraries, with listeners that only acknowledge.

Those of `SHOW` and `FORM` make one call to Slack after it, which changes the card to what a person
is waiting to see: the least that can happen between a click and what it does.
"""

import asyncio
import os
import signal
from typing import Any

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

SHOW, FORM = "bare.show", "bare.form"
"""Buttons whose card says "Approved" after the click, or "Rejected" once a form is sent."""


async def approve(ack: AsyncAck) -> None:
    """All the floor does."""
    await ack()


async def show_approved(body: dict[str, Any], client: AsyncWebClient) -> None:
    """One call, once the click is acknowledged."""
    channel, ts = body["channel"]["id"], body["message"]["ts"]
    await client.chat_update(channel=channel, ts=ts, text="Approved")


async def open_form(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
    """A form that remembers the card."""
    await ack()
    words = {"type": "plain_text", "text": "Reject"}
    field = {"type": "plain_text_input", "action_id": "reason"}
    await client.views_open(
        trigger_id=body["trigger_id"],
        view={
            "type": "modal",
            "callback_id": FORM,
            "private_metadata": f"{body['channel']['id']} {body['message']['ts']}",
            "title": words,
            "submit": words,
            "blocks": [{"type": "input", "block_id": "reason", "label": words, "element": field}],
        },
    )


async def show_rejected(view: dict[str, Any], client: AsyncWebClient) -> None:
    """One call, once the form is acknowledged."""
    channel, ts = view["private_metadata"].split()
    await client.chat_update(channel=channel, ts=ts, text="Rejected")


async def serve() -> None:
    """Until SIGTERM."""
    if os.environ["DATABASE_URL"].startswith("sqlite"):
        import aiosqlite  # noqa: F401 - and the driver of this database
    else:
        import psycopg  # noqa: F401
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
    bolt.action(SHOW)(ack=approve, lazy=[show_approved])
    bolt.action(FORM)(open_form)
    bolt.view(FORM)(ack=approve, lazy=[show_rejected])
    handler = AsyncSlackRequestHandler(bolt)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    site = Starlette(routes=[Route("/slack/events", events, methods=["POST"])])
    async with serving(site, host="127.0.0.1", port=0) as address:
        print(address, flush=True)  # noqa: T201 - how the parent hears of it
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve())
