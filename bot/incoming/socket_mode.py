"""Socket Mode: payloads by WebSocket, from the first connection to the last answer.

Slack: an address opens one connection, once. The SDK's own client tries a spent address again, for
ever, when a new connection breaks before its first ping ("Cannot write to closing transport"), and
receives nothing meanwhile. So here every attempt asks for an address of its own; and a connection
that Slack wants replaced is received from until it closes, beside the new one.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.incoming.bolt_app import asked
from bot.incoming.heard import Heard
from bot.slack_client import proxy_for
from handlers.slack_errors import answer_of, code_of

log = logging.getLogger(__name__)

ANSWER_SECONDS = 3
"""Slack: it waits that long for an answer, so nothing is worth finishing after it."""
HEARTBEAT_SECONDS = 10
"""How often a silent connection is pinged; one that does not answer within half of it is lost."""
OVERLAP_SECONDS = 30
"""How long an old connection is received from beside the new one; Slack closes it sooner."""
HELLO_SECONDS = 10.0
"""How long the way to Slack's hello may take, from the question for an address on."""
MOMENT_SECONDS = 10.0
"""A connection that lived no longer counts as a failed attempt: else an end that comes at once
would be followed by the next attempt at once, thousands of times a minute."""
LONGEST_PAUSE = 10.0
"""Seconds between two attempts at most, unless Slack names a time itself..."""
LONGEST_ASKED_PAUSE = 60.0
"""...of which no more than this is believed: nobody is heard meanwhile."""
_FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError)


@dataclass(eq=False)
class Connection:
    """One WebSocket. `greeted`: Slack has said hello. `ended`: it closed, or is to be replaced."""

    socket: aiohttp.ClientWebSocketResponse
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class SocketMode:
    """Keeps a connection to Slack open, and counts the payloads that have no answer yet."""

    def __init__(
        self, app: AsyncApp, token: str, http: aiohttp.ClientSession, heard: Heard
    ) -> None:
        self._app, self._token, self._http, self._heard = app, token, http, heard
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._unanswered = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.connected = asyncio.Event()
        """Set at Slack's first hello."""

    async def run(self) -> None:
        """Stay connected until cancelled.

        1. Ask for an address, open it, and receive from it in a task of its own. All of it, and
           Slack's hello, within HELLO_SECONDS.
        2. When it has ended, begin again: at once if it lived for more than a moment, else after a
           pause that grows, or as long as Slack says.
        3. Log whatever else goes wrong, and begin again: nobody would notice a bot that runs on and
           receives nothing.
        """
        attempt = 0
        while True:
            attempt, pause = attempt + 1, 0.0
            began = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(HELLO_SECONDS):
                    connection = await self._connect()
                    self._start(self._receive(connection))
                    await self._hello(connection)
                await connection.ended.wait()
                if asyncio.get_running_loop().time() - began > MOMENT_SECONDS:
                    attempt = 0
            except _FAILURES as error:
                log.warning("Socket Mode is not connected: %s", code_of(error))
                pause = min(answer_of(error).retry_after or 0.0, LONGEST_ASKED_PAUSE)
            except Exception:
                log.exception("Socket Mode is not connected")
            if attempt:
                await asyncio.sleep(pause or min(0.1 * 2 ** min(attempt, 16), LONGEST_PAUSE))

    async def finish_answering(self) -> None:
        """Wait until every payload has its answer, or Slack has stopped waiting for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._idle.wait()

    async def close(self) -> None:
        """Close every connection, and cancel what is still being answered."""
        await asyncio.gather(*(connection.socket.close() for connection in self._connections))
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _connect(self) -> Connection:
        address = (await self._app.client.apps_connections_open(app_token=self._token))["url"]
        socket = await self._http.ws_connect(
            address,
            heartbeat=HEARTBEAT_SECONDS,
            autoping=False,  # so that pings and pongs are seen: they say that Slack is there
            timeout=aiohttp.ClientWSTimeout(ws_close=ANSWER_SECONDS),
            proxy=proxy_for(address),
            ssl=self._app.client.ssl or True,
        )
        return Connection(socket)

    async def _hello(self, connection: Connection) -> None:
        """Wait for Slack's hello, or the end; without either in time the connection is closed."""
        waits = [
            asyncio.ensure_future(event.wait()) for event in (connection.greeted, connection.ended)
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            connection.ended.set()
            self._start(self._hang_up(connection))
            raise
        finally:
            for wait in waits:
                wait.cancel()

    async def _hang_up(self, connection: Connection) -> None:
        await connection.socket.close()

    async def _receive(self, connection: Connection) -> None:
        """Receive until the connection closes; for so long at most once it is to be replaced."""
        self._connections.add(connection)
        try:
            async with asyncio.timeout(None) as until:
                async for message in connection.socket:
                    self._heard.note()
                    if message.type is aiohttp.WSMsgType.PING:
                        await connection.socket.pong(message.data)
                    elif message.type is aiohttp.WSMsgType.TEXT:
                        self._handle(connection, _read(message))
                    if connection.ended.is_set() and until.when() is None:
                        until.reschedule(asyncio.get_running_loop().time() + OVERLAP_SECONDS)
        except TimeoutError:
            log.info("an old connection is closed")
        finally:
            connection.ended.set()
            self._connections.discard(connection)
            self._heard.connections.discard(connection)
            await connection.socket.close()

    def _handle(self, connection: Connection, message: dict[str, Any]) -> None:
        if message.get("type") == "hello":
            log.info("connected to Slack by Socket Mode")
            connection.greeted.set()
            self._heard.connections.add(connection)
            self.connected.set()
        elif message.get("type") == "disconnect":
            log.info("Slack asks for a new connection: %s", message.get("reason"))
            connection.ended.set()
        elif request := SocketModeRequest.from_dict(message):
            self._start(self._answer(connection, request))

    async def _answer(self, connection: Connection, request: SocketModeRequest) -> None:
        """Have Bolt answer a payload, and send the answer by the connection the payload came by."""
        self._unanswered += 1
        self._idle.clear()
        try:
            # What Slack says about retries stays behind: no listener of ours asks for it.
            response = await self._app.async_dispatch(asked(request.payload))
            if response.status == 200:
                answer = SocketModeResponse(request.envelope_id, _content(response))
                await connection.socket.send_json(answer.to_dict())
            else:  # without an answer Slack brings an event again
                log.info("a payload was answered with status %s", response.status)
        except (ConnectionError, aiohttp.ClientError) as error:
            log.warning("an answer did not reach Slack: %s", type(error).__name__)
        except Exception:
            log.exception("a payload was not answered")
        finally:
            self._unanswered -= 1
            if not self._unanswered:
                self._idle.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself would forget it
        task.add_done_callback(self._tasks.discard)


def _content(response: BoltResponse) -> dict[str, Any] | str | None:
    """What Bolt answers as Socket Mode carries it: an object, a text, or nothing."""
    if response.first_headers().get("content-type", "").startswith("application/json"):
        content: dict[str, Any] = json.loads(response.body)
        return content
    return response.body or None


def _read(message: aiohttp.WSMessage) -> dict[str, Any]:
    """What Slack says; empty for what is no JSON object."""
    try:
        said = json.loads(message.data)
    except (TypeError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


@asynccontextmanager
async def connected(app: AsyncApp, token: str, heard: Heard | None = None) -> AsyncIterator[None]:
    """Take payloads until the end of the block; begins at Slack's first hello."""
    async with aiohttp.ClientSession() as http:
        socket_mode = SocketMode(app, token, http, heard or Heard())
        running = asyncio.create_task(socket_mode.run())
        try:
            await socket_mode.connected.wait()
            yield
            running.cancel()
            await socket_mode.finish_answering()  # by the connections that are still open
        finally:
            running.cancel()
            await socket_mode.close()
