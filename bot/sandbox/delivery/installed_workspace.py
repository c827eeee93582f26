"""A workspace with one app installed: how interactions, commands and events are brought to it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import aiohttp

from bot.sandbox.delivery import payloads
from bot.sandbox.delivery.acks import Ack, Delivery, Json, PayloadKind
from bot.sandbox.delivery.events import Events
from bot.sandbox.delivery.exchanges import Exchanges
from bot.sandbox.delivery.signed_http import SignedHttp
from bot.sandbox.delivery.socket_mode import SocketMode
from bot.sandbox.state.directory import Profile
from bot.sandbox.state.rates import Rates
from bot.sandbox.state.workspace_state import WorkspaceState

ACK_SECONDS = 3.0
"""Slack waits so long until an app has acknowledged."""


class InstalledWorkspace(WorkspaceState):
    """Delivers by signed HTTP when the app has a `request_url`, else by Socket Mode.

    `bot_events` are the types of events that the app is subscribed to.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        people: Mapping[str, Profile],
        scopes: Iterable[str],
        rates: Rates | None,
    ) -> None:
        super().__init__(now, people, scopes, rates)
        self.bot_events: set[str] = {"app_home_opened", "message"}
        self.request_url: str | None = None
        self.ack_seconds = ACK_SECONDS
        self.exchanges = Exchanges(now)
        self.socket_mode = SocketMode(self.changes)
        self.events = Events(self._delivery, lambda: self.ack_seconds, self.changes)
        self._session: aiohttp.ClientSession | None = None

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are up."""
        return self.socket_mode.connections

    async def deafen_connection(self, seconds: float) -> None:
        """For so long one connection is open and dead."""
        await self.socket_mode.deafen(seconds)

    async def refresh_connections(self) -> None:
        """Make the app reconnect its WebSockets, as Slack does every few hours."""
        await self.socket_mode.refresh()

    async def deliver(self, kind: PayloadKind, payload: Json) -> Ack:
        """Bring an interaction or command to the app, once."""
        ack = await self._delivery().send(kind, payload, within=self.ack_seconds)
        self.changed()
        return ack

    async def emit(self, event: Mapping[str, Any]) -> Ack | None:
        """Send an event if the app is subscribed to its type; the first try's answer."""
        if event["type"] not in self.bot_events:
            return None
        return await self.events.send(self._callback(event))

    def emit_soon(self, event: Mapping[str, Any]) -> None:
        """The same in the background; nothing before the workspace has started."""
        if event["type"] in self.bot_events and self._session is not None:
            self.events.send_soon(self._callback(event))

    async def connect(self) -> None:
        """Be able to deliver."""
        self._session = aiohttp.ClientSession()

    async def disconnect(self) -> None:
        """Hang up, and drop the events that wait for another try."""
        await self.events.close()
        await self.socket_mode.close()
        if self._session is not None:
            await self._session.close()
        self._session = None

    def _callback(self, event: Mapping[str, Any]) -> Json:
        stamped = {"event_ts": self.new_ts(), **event}
        at = int(self.now().timestamp())
        return payloads.event_callback(stamped, self.ids.new("Ev"), at)

    def _delivery(self) -> Delivery:
        if self.request_url is None:
            return self.exchanges.recording(self.socket_mode)
        if self._session is None:
            raise RuntimeError("start the workspace first")
        http = SignedHttp(self._session, self.request_url, self.signing_secret)
        return self.exchanges.recording(http)
