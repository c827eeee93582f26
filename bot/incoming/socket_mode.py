"""Socket Mode: payloads by WebSocket, from the first connection to the last answer.

Slack: an address opens one connection, once. The SDK's own client tries a spent one again, for
ever, when a new connection breaks before its first ping ("Cannot write to closing transport"), and
hears nothing meanwhile. So here every attempt asks for an address of its own; and a connection that
Slack wants renewed is heard to its end, beside the new one.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.slack_client import answer_of
from handlers.slack_errors import code_of

log = logging.getLogger(__name__)

ANSWER_SECONDS = 3
"""Slack: it waits that long for an answer, so nothing is worth finishing after it."""
HEARTBEAT_SECONDS = 10
"""How often a silent connection is tried; one that does not answer within half of it is lost."""
LEAVING_SECONDS = 30
"""How long a connection is still heard after Slack has asked for another; it hangs up sooner."""
LONGEST_PAUSE = 10.0
"""Seconds between two attempts at most, unless Slack names a time itself."""
_TROUBLE = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError)


@dataclass(eq=False)
class Connection:
    """One WebSocket. `greeted`: Slack has said hello; `left`: another is wanted in its place."""

    socket: aiohttp.ClientWebSocketResponse
    logger: logging.Logger = log
    greeted: bool = False
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def send_socket_mode_response(self, response: SocketModeResponse) -> None:
        """Answer a payload that came by this connection; Bolt calls it by that name."""
        await self.socket.send_json(response.to_dict())


class SocketMode:
    """Keeps a connection to Slack up, and counts the payloads in hand."""

    def __init__(self, app: AsyncApp, token: str, http: aiohttp.ClientSession) -> None:
        self._app, self._token, self._http = app, token, http
        self._proxy = load_http_proxy_from_env(log)
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.up = asyncio.Event()

    async def run(self) -> None:
        """Hear until cancelled. Without a hello from Slack the pauses grow.

        Whatever goes wrong: nobody would notice a bot that runs on and hears nothing.
        """
        attempt = 0
        while True:
            attempt, pause = attempt + 1, 0.0
            try:
                if await self._heard_out():
                    attempt = 0
            except _TROUBLE as error:
                log.warning("Socket Mode is not connected: %s", code_of(error))
                pause = answer_of(error).retry_after or 0.0
            except Exception:
                log.exception("Socket Mode is not connected")
            if attempt:
                await asyncio.sleep(pause or min(0.1 * 2 ** min(attempt, 16), LONGEST_PAUSE))

    async def answered(self) -> None:
        """Until nothing is in hand, or Slack has stopped waiting for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._idle.wait()

    async def close(self) -> None:
        """Hang up, and leave what is still in hand."""
        await asyncio.gather(*(connection.socket.close() for connection in self._connections))
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _heard_out(self) -> bool:
        """Hear a new connection until another is wanted; whether Slack greeted us by it."""
        connection = await self._open()
        self._start(self._hear(connection))
        await connection.left.wait()
        return connection.greeted

    async def _open(self) -> Connection:
        address = (await self._app.client.apps_connections_open(app_token=self._token))["url"]
        socket = await self._http.ws_connect(
            address,
            heartbeat=HEARTBEAT_SECONDS,
            timeout=aiohttp.ClientWSTimeout(ws_close=ANSWER_SECONDS),
            proxy=self._proxy,
            ssl=self._app.client.ssl or True,
        )
        return Connection(socket)

    async def _hear(self, connection: Connection) -> None:
        self._connections.add(connection)
        try:
            async with asyncio.timeout(None) as until:
                async for message in connection.socket:
                    self._heard(connection, _read(message))
                    if connection.left.is_set() and until.when() is None:
                        until.reschedule(asyncio.get_running_loop().time() + LEAVING_SECONDS)
        except TimeoutError:
            log.info("an old connection is left")
        finally:
            connection.left.set()
            self._connections.discard(connection)
            await connection.socket.close()

    def _heard(self, connection: Connection, message: dict[str, Any]) -> None:
        if message.get("type") == "hello":
            log.info("connected to Slack by Socket Mode")
            connection.greeted = True
            self.up.set()
        elif message.get("type") == "disconnect":
            log.info("Slack asks for a new connection: %s", message.get("reason"))
            connection.left.set()
        elif request := SocketModeRequest.from_dict(message):
            self._start(self._take(connection, request))

    async def _take(self, connection: Connection, request: SocketModeRequest) -> None:
        """One payload, from its arrival to the answer; that goes the way the payload came."""
        self._in_hand += 1
        self._idle.clear()
        began = time.time()
        try:
            response = await run_async_bolt_app(self._app, request)
            await send_async_response(connection, request, response, began)  # type: ignore[arg-type]  # all it asks of a client
        except (ConnectionError, aiohttp.ClientError) as error:
            log.warning("an answer did not reach Slack: %s", type(error).__name__)
        except Exception:
            log.exception("a payload was not answered")
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself would forget it
        task.add_done_callback(self._tasks.discard)


def _read(message: aiohttp.WSMessage) -> dict[str, Any]:
    """What Slack says; empty for what is no JSON object."""
    try:
        said = json.loads(message.data)
    except (TypeError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


@asynccontextmanager
async def connected(app: AsyncApp, token: str) -> AsyncIterator[None]:
    """Take payloads until the end of the block."""
    async with aiohttp.ClientSession() as http:
        socket_mode = SocketMode(app, token, http)
        running = asyncio.create_task(socket_mode.run())
        try:
            await socket_mode.up.wait()
            yield
            running.cancel()
            await socket_mode.answered()  # an answer goes out by the connection it was asked on
        finally:
            running.cancel()
            await socket_mode.close()
