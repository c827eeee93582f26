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
    transport: asyncio.Transport | None = None
    draining: bool = False
    deaf: bool = False
    waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)

    def acknowledge(self, answer: Json) -> None:
        """An answer of the app, for whoever waits for it."""
        future = self.waiting.pop(str(answer.get("envelope_id")), None)
        if future is not None and not future.done():
            future.set_result(answer.get("payload"))

    def fail_waiting(self) -> None:
        """The connection was closed: no more answers will come."""
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
        """Serve one connection until it is closed."""
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
        connection = _Connection(socket, request.transport)
        self._connections.append(connection)
        hello: Json = {"type": "hello", "num_connections": self.connections}
        hello["connection_info"] = {"app_id": APP_ID}
        hello["debug_info"] = {
            "host": "sandbox",
            "build_number": 1,
            "approximate_connection_time": 18060,
        }
        try:
            await socket.send_json(hello)
            self._changes.notify()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    connection.acknowledge(_answer(message.data))
        finally:
            self._connections.remove(connection)
            connection.fail_waiting()
            self._changes.notify()
        return socket

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
            if not connection.deaf:
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

    async def deafen(self, seconds: float) -> None:
        """For so long one connection is open and dead: nothing is read from it or sent on it."""
        if connection := self._next():
            connection.deaf = True
            if connection.transport:
                connection.transport.pause_reading()
            await asyncio.sleep(seconds)
            connection.deaf = False
            if connection.transport and not connection.transport.is_closing():
                connection.transport.resume_reading()

    async def refresh(self) -> None:
        """Ask the app to reconnect, as Slack does every few hours; then close what is old, once it
        has answered what it was given.
        """
        old = [connection for connection in self._connections if not connection.draining]
        for connection in old:
            connection.draining = True
            message: Json = {"type": "disconnect", "reason": "refresh_requested"}
            await connection.socket.send_json(message | {"debug_info": {"host": "sandbox"}})

        def replaced() -> bool:
            fresh = sum(not connection.draining for connection in self._connections)
            return fresh >= len(old) and not any(connection.waiting for connection in old)

        with contextlib.suppress(TimeoutError):
            await self._changes.until(replaced, timeout=RECONNECT_WITHIN)
        for connection in old:
            await connection.socket.close()

    async def close(self) -> None:
        """Close every connection."""
        self._keys.clear()
        for connection in list(self._connections):
            await connection.socket.close()


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
