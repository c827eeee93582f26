"""A real Bolt app, connected to a sandbox workspace the way it is connected to Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import Route

from bot.sandbox.workspace import Workspace


def new_app(workspace: Workspace) -> AsyncApp:
    client = AsyncWebClient(
        token=workspace.bot_token, base_url=workspace.api_url, retry_handlers=[]
    )
    return AsyncApp(
        client=client, signing_secret=workspace.signing_secret, process_before_response=True
    )


@asynccontextmanager
async def over_socket_mode(workspace: Workspace, app: AsyncApp) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app, workspace.app_token)
    already = workspace.connections
    await handler.connect_async()
    await workspace.until(lambda: workspace.connections > already)
    try:
        yield
    finally:
        await handler.close_async()


class _Server(uvicorn.Server):
    """Says when it has its port, and stops when told instead of at the next tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.done = asyncio.Event()

    async def main_loop(self) -> None:
        self.ready.set()
        await self.done.wait()


@asynccontextmanager
async def over_http(workspace: Workspace, app: AsyncApp) -> AsyncIterator[None]:
    events = Route("/slack/events", AsyncSlackRequestHandler(app).handle, methods=["POST"])
    config = uvicorn.Config(Starlette(routes=[events]), port=0, log_level="warning", lifespan="off")
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    await server.ready.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    workspace.request_url = f"http://127.0.0.1:{port}/slack/events"
    try:
        yield
    finally:
        server.done.set()
        await serving
