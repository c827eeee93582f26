"""Socket Mode connections and signed HTTP, seen from underneath."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace
from tests.sandbox.installed import new_app, over_http, over_socket_mode


async def open_socket(session: aiohttp.ClientSession, workspace: Workspace) -> str:
    headers = {"Authorization": f"Bearer {workspace.app_token}"}
    url = f"{workspace.api_url}apps.connections.open"
    async with session.post(url, headers=headers) as response:
        return str((await response.json())["url"])


async def test_each_payload_goes_to_one_connection_in_turn(
    workspace: Workspace, bob: Person
) -> None:
    heard: list[str] = []

    def replica(name: str) -> AsyncApp:
        app = new_app(workspace)

        @app.command("/hello")
        async def hello(ack: AsyncAck) -> None:
            heard.append(name)
            await ack()

        return app

    first, second = replica("first"), replica("second")
    async with over_socket_mode(workspace, first), over_socket_mode(workspace, second):
        for _ in range(4):
            await bob.command("/hello")
    assert sorted(heard) == ["first", "first", "second", "second"]
    assert heard[0] != heard[1]


async def test_refreshed_connection_loses_nothing(workspace: Workspace, bob: Person) -> None:
    app = new_app(workspace)

    @app.command("/hello")
    async def hello(ack: AsyncAck) -> None:
        await ack("Hello")

    async with over_socket_mode(workspace, app):
        await workspace.refresh_connections()
        assert workspace.connections == 1
        assert (await bob.command("/hello")).acked


async def test_hello_counts_the_connections(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(await open_socket(session, workspace))
        hello = await socket.receive_json()
    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    assert hello["connection_info"]["app_id"] == "A0SANDBOX"


async def test_address_opens_one_connection(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        url = await open_socket(session, workspace)
        async with session.ws_connect(url):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)


async def test_eleventh_connection_is_turned_away(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        kept = [await session.ws_connect(await open_socket(session, workspace)) for _ in range(10)]
        await workspace.until(lambda: workspace.connections == 10)
        async with session.ws_connect(await open_socket(session, workspace)) as extra:
            assert (await extra.receive_json())["reason"] == "too_many_websockets"
        assert not any(socket.closed for socket in kept)


async def test_connection_lost_before_the_ack_fails_the_command(
    workspace: Workspace, bob: Person
) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(await open_socket(session, workspace))
        await socket.receive_json()

        async def hang_up() -> None:
            await socket.receive_json()
            await socket.close()

        answer, _ = await asyncio.gather(bob.command("/hello"), hang_up())
    assert not answer.acked


async def test_wrong_secret_is_refused_by_the_app(workspace: Workspace, bob: Person) -> None:
    app = new_app(workspace)
    async with over_http(workspace, app):
        workspace.signing_secret = "not the app's"
        answer = await bob.command("/hello")
    assert (answer.acked, answer.status) == (False, 401)


async def test_no_retry_header_ends_the_repetitions(workspace: Workspace, bob: Person) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    app = web.Application()
    app.router.add_post("/", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    workspace.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    assert (await bob.open_home()).status == 500
    assert workspace.events.pending == 0
    await runner.cleanup()
