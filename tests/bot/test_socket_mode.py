"""Socket Mode on bad days: refused, cut off, asked to come again. Nobody stays unheard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.incoming import socket_mode
from bot.incoming.heard import Heard
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


async def test_what_is_being_answered_is_answered_by_the_connection_it_came_by(
    workspace: Workspace, bob: Person
) -> None:
    app, begun, go_on = greeter(workspace), asyncio.Event(), asyncio.Event()

    @app.command("/slow")
    async def slow(ack: AsyncAck) -> None:
        begun.set()
        await go_on.wait()
        await ack("Done")

    async with connected(app, workspace.app_token):
        asking = asyncio.create_task(bob.command("/slow"))
        await begun.wait()
        refreshing = asyncio.create_task(workspace.refresh_connections())
        await workspace.until(lambda: workspace.connections == 2)
        go_on.set()
        assert (await asking).acked
        await refreshing
        assert workspace.connections == 1


@dataclass
class OddSlack:
    """Gives out addresses, and does with each connection what the test says, in turn."""

    address: str = ""
    asked: int = 0
    greeted: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"ok": True, "url": f"{self.address}/link"})


@asynccontextmanager
async def odd_slack(*turns: str) -> AsyncIterator[tuple[OddSlack, AsyncApp]]:
    """`silent`: says nothing; `away`: greets and closes; `deep`: says JSON without an end, then
    greets; the last turn is taken for ever.
    """
    slack = OddSlack()
    left = list(turns)

    async def link(request: web.Request) -> web.WebSocketResponse:
        turn = left.pop(0) if len(left) > 1 else left[0]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if turn == "deep":
            await socket.send_str("[" * 100_000)
        if turn != "silent":
            await socket.send_json({"type": "hello"})
            slack.greeted.set()
        if turn == "away":
            await socket.close()
        async for _ in socket:
            pass
        return socket

    site = web.Application()
    site.add_routes([web.post("/apps.connections.open", slack.open), web.get("/link", link)])
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.address = "http://{}:{}".format(*runner.addresses[0][:2])
    async with aiohttp.ClientSession() as http:
        client = AsyncWebClient("xoxb-1", base_url=f"{slack.address}/", session=http)
        yield slack, AsyncApp(client=client, signing_secret="x", process_before_response=True)
    await runner.cleanup()


async def test_who_never_says_hello_is_left_for_another_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket_mode, "HELLO_SECONDS", 0.5)
    async with (
        asyncio.timeout(30),
        odd_slack("silent", "greets") as (slack, app),
        connected(app, "xapp-1"),
    ):
        assert slack.asked == 2


async def test_who_accepts_and_never_answers_is_left_for_another_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket_mode, "HELLO_SECONDS", 0.5)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    deaf = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with odd_slack("greets") as (slack, app), deaf, asyncio.timeout(30):
        right, port = slack.address, deaf.sockets[0].getsockname()[1]
        slack.address = f"http://127.0.0.1:{port}"
        connecting = asyncio.ensure_future(enter(app))
        while not slack.asked:
            await asyncio.wait([connecting], timeout=0.01)
        slack.address = right
        await connecting


async def test_json_nested_without_end_ends_no_connection() -> None:
    async with asyncio.timeout(30), odd_slack("deep") as (slack, app), connected(app, "xapp-1"):
        assert slack.asked == 1


async def enter(app: AsyncApp) -> None:
    async with connected(app, "xapp-1"):
        pass


@pytest.mark.slow
async def test_who_is_sent_away_at_once_comes_back_without_haste() -> None:
    async with odd_slack("away") as (slack, app), connected(app, "xapp-1"):
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.Event().wait()
    assert 2 <= slack.asked <= 6


async def test_nobody_is_deaf_for_a_day_because_slack_says_so(
    workspace: Workspace, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_mode, "LONGEST_ASKED_PAUSE", 0.1)
    workspace.faults.add(OPEN, "status", status=429, retry_after=86_400)
    async with asyncio.timeout(30), connected(greeter(workspace), workspace.app_token):
        assert await hello(bob)


async def test_a_sign_of_life_says_when_slack_was_heard(workspace: Workspace, bob: Person) -> None:
    heard = Heard()
    assert heard.seconds_ago is None
    async with connected(greeter(workspace), workspace.app_token, heard):
        assert len(heard.connections) == 1
        assert heard.seconds_ago is not None
    assert not heard.connections


def opened(workspace: Workspace) -> list[object]:
    """How often an address was asked for."""
    return [call for call in workspace.calls if call.method == OPEN]
