"""Socket Mode: the app keeps WebSockets open, each payload goes to exactly one of them.

Slack: up to ten connections; an address from apps.connections.open opens one connection once.
"""

import asyncio
import contextlib
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.delivery.acks import Ack, Json, PayloadKind, Retry
from bot.sandbox.state.changes import Changes
from bot.sandbox.state.ids import APP_ID, secret

MOST_CONNECTIONS = 10
# Slack warns about ten seconds ahead; half of that is enough on one machine.
RECONNECT_WITHIN = 5.0


@dataclass(eq=False)
class _Connection:
    socket: web.WebSocketResponse
    draining: bool = False
    waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)

    def settle(self, answer: Json) -> None:
        """Hand an answer to whoever waits for it."""
        future = self.waiting.pop(str(answer.get("envelope_id")), None)
        if future is not None and not future.done():
            future.set_result(answer.get("payload"))

    def give_up(self) -> None:
        """Nobody will answer on a closed connection."""
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())
        self.waiting.clear()


class SocketMode:
    """The app's WebSockets, from Slack's side."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._keys: set[str] = set()
        self._connections: list[_Connection] = []
        self._turn = 0

    @property
    def connections(self) -> int:
        """How many connections are up."""
        return len(self._connections)

    def new_key(self) -> str:
        """The key to one connection; Slack calls it `ticket` in the address."""
        key = secret(32)
        self._keys.add(key)
        return key

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection from hello to goodbye."""
        key = request.query.get("ticket", "")
        if key not in self._keys:
            raise web.HTTPForbidden(text="unknown or used key")
        self._keys.remove(key)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._connections) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        connection = _Connection(socket)
        self._connections.append(connection)
        try:
            await self._converse(connection)
        finally:
            self._forget(connection)
        return socket

    async def _converse(self, connection: _Connection) -> None:
        await connection.socket.send_json(self._hello())
        self._changes.notify()
        async for message in connection.socket:
            if message.type is WSMsgType.TEXT:
                connection.settle(_answer(message.data))

    def _forget(self, connection: _Connection) -> None:
        self._connections.remove(connection)
        connection.give_up()
        self._changes.notify()

    def _hello(self) -> Json:
        debug = {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060}
        info = {"app_id": APP_ID}
        hello: Json = {"type": "hello", "num_connections": self.connections, "debug_info": debug}
        return hello | {"connection_info": info}

    async def send(
        self, kind: PayloadKind, payload: Json, *, within: float, retry: Retry | None = None
    ) -> Ack:
        """Deliver to the next connection in turn."""
        connection = self._next()
        if connection is None:
            return Ack(acked=False, reason="connection_failed")
        envelope = _envelope(kind, payload, retry)
        future = asyncio.get_running_loop().create_future()
        connection.waiting[envelope["envelope_id"]] = future
        started = time.monotonic()
        try:
            await connection.socket.send_json(envelope)
            body = await asyncio.wait_for(future, within)
        except TimeoutError:
            return Ack(acked=False, took=time.monotonic() - started, reason="http_timeout")
        except ConnectionResetError:
            return Ack(acked=False, took=time.monotonic() - started, reason="connection_failed")
        finally:
            connection.waiting.pop(envelope["envelope_id"], None)
        return Ack(acked=True, body=body, took=time.monotonic() - started)

    def _next(self) -> _Connection | None:
        up = [connection for connection in self._connections if not connection.socket.closed]
        fresh = [connection for connection in up if not connection.draining] or up
        if not fresh:
            return None
        self._turn += 1
        return fresh[self._turn % len(fresh)]

    async def refresh(self) -> None:
        """Tell the app to reconnect, as Slack does every few hours, and hang up after it has."""
        old = [connection for connection in self._connections if not connection.draining]
        for connection in old:
            connection.draining = True
            message: Json = {"type": "disconnect", "reason": "refresh_requested"}
            await connection.socket.send_json(message | {"debug_info": {"host": "sandbox"}})
        with contextlib.suppress(TimeoutError):
            await self._changes.until(lambda: self._renewed(len(old)), timeout=RECONNECT_WITHIN)
        await self._hang_up(old)

    def _renewed(self, count: int) -> bool:
        return sum(not connection.draining for connection in self._connections) >= count

    async def _hang_up(self, connections: list[_Connection]) -> None:
        for connection in connections:
            await connection.socket.close()

    async def close(self) -> None:
        """Hang up on everybody."""
        self._keys.clear()
        await self._hang_up(list(self._connections))


def _envelope(kind: PayloadKind, payload: Json, retry: Retry | None) -> Json:
    envelope: Json = {"type": kind, "envelope_id": str(uuid.uuid4()), "payload": payload}
    envelope["accepts_response_payload"] = kind != "events_api"
    if kind == "events_api":
        envelope["retry_attempt"] = retry.number if retry else 0
        envelope["retry_reason"] = retry.reason if retry else ""
    return envelope


def _answer(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
