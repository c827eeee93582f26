"""Socket Mode on bad days: refused, cut off, asked to come again. Nobody stays unheard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.incoming.socket_mode import connected
from bot.sandbox.actions.people import Person
from bot.sandbox.delivery.socket_mode import MOST_CONNECTIONS
from bot.sandbox.workspace import Workspace
from tests.cast import profile
from tests.sandbox.installed import new_app

OPEN = "apps.connections.open"


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace() as made:
        yield made


@pytest.fixture
def bob(workspace: Workspace) -> Person:
    return workspace.add_person(**profile("bob"))


def greeter(workspace: Workspace) -> AsyncApp:
    """An app that answers `/hello`."""
    app = new_app(workspace)

    @app.command("/hello")
    async def hello(ack: AsyncAck) -> None:
        await ack()

    return app


@asynccontextmanager
async def every_place_taken(workspace: Workspace) -> AsyncIterator[None]:
    """Slack has as many connections as it takes, and hangs up on the next."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for _ in range(MOST_CONNECTIONS):
            address = f"{workspace.socket_url}?ticket={workspace.socket_mode.new_key()}"
            await stack.enter_async_context(http.ws_connect(address))
        yield


async def hello(bob: Person) -> bool:
    """Whether a bot heard it."""
    return (await bob.command("/hello")).acked


async def test_hung_up_on_at_once_the_bot_comes_again_by_another_address(
    workspace: Workspace, bob: Person
) -> None:
    async with AsyncExitStack() as stack:
        async with every_place_taken(workspace):
            bot = stack.enter_async_context(connected(greeter(workspace), workspace.app_token))
            coming = asyncio.ensure_future(bot)
            await workspace.until(lambda: len(opened(workspace)) == 2)
        await coming
        assert await hello(bob)


async def test_slack_in_trouble_is_asked_again(workspace: Workspace, bob: Person) -> None:
    workspace.faults.add(OPEN, "status", status=500, times=2)
    workspace.faults.add(OPEN, "drop_after")
    async with connected(greeter(workspace), workspace.app_token):
        assert await hello(bob)


async def test_a_cut_connection_is_made_again(workspace: Workspace, bob: Person) -> None:
    async with connected(greeter(workspace), workspace.app_token):
        await workspace.socket_mode.close()
        await workspace.until(lambda: workspace.connections)
        assert await hello(bob)


async def test_while_slack_gives_no_new_connection_the_old_one_is_heard(
    workspace: Workspace, bob: Person
) -> None:
    async with connected(greeter(workspace), workspace.app_token):
        workspace.faults.add(OPEN, "status", status=500, times=2)
        refreshing = asyncio.create_task(workspace.refresh_connections())
        await workspace.until(lambda: not workspace.faults.planned())
        assert await hello(bob)
        await refreshing
        assert await hello(bob)


def opened(workspace: Workspace) -> list[object]:
    """How often an address was asked for."""
    return [call for call in workspace.calls if call.method == OPEN]
