"""A Slack workspace in one process, spoken to over real HTTP and WebSocket on 127.0.0.1.

It behaves as Slack documents, never kinder, and knows nothing of the app that talks to it. All
state lives here and changes only on the event loop, so what a test sees is always consistent.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import aiohttp
from aiohttp import web

from bot.sandbox import payloads
from bot.sandbox.acks import Ack, Delivery, Json, PayloadKind
from bot.sandbox.changes import Changes
from bot.sandbox.conversations import Conversation, Message, UserGroup
from bot.sandbox.directory import Directory
from bot.sandbox.elements import with_ids
from bot.sandbox.events import Events
from bot.sandbox.exchanges import Exchanges
from bot.sandbox.faults import Faults
from bot.sandbox.files import Files
from bot.sandbox.http_delivery import HttpDelivery
from bot.sandbox.ids import BOT_USER_ID, TEAM_ID, secret
from bot.sandbox.people import Person
from bot.sandbox.rates import Limiter, Rates
from bot.sandbox.scopes import ALL_SCOPES
from bot.sandbox.server import routes
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.triggers import ResponseUrls, Triggers
from bot.sandbox.views import Views

T = TypeVar("T")
ACK_SECONDS = 3.0
"""Slack waits so long until an app has acknowledged."""


def utc_now() -> datetime:
    """The real time, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Call:
    """One Web API call as it arrived; `args` without the token, `response` None if unanswered."""

    method: str
    args: Json
    response: Json | None
    at: datetime


class Workspace(Directory):
    """People, channels and one installed app. Give `now` to move the time by hand."""

    def __init__(
        self, *, now: Callable[[], datetime] = utc_now, rates: Rates | None = None
    ) -> None:
        super().__init__(now)
        self.bot_token = f"xoxb-{secret(12)}-{secret(24)}"
        self.app_token = f"xapp-1-{secret(12)}-{secret(32)}"
        self.signing_secret = secret(32)
        self.bot_user_id = BOT_USER_ID
        self.team_id = TEAM_ID
        self.scopes: set[str] = set(ALL_SCOPES)
        self.bot_events: set[str] = {"app_home_opened"}
        self.request_url: str | None = None
        self.ack_seconds = ACK_SECONDS
        self.changes = Changes()
        self.faults = Faults(self.changes)
        self.limiter = Limiter(rates)
        self.calls: list[Call] = []
        self.exchanges = Exchanges(now)
        self.views = Views(self.ids)
        self.files = Files(self.ids)
        self.triggers = Triggers(now)
        self.response_urls = ResponseUrls(now)
        self.socket_mode = SocketMode(self.changes)
        self.events = Events(self._delivery, lambda: self.ack_seconds, self.changes)
        self._last_ts = 0
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._root = ""

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(routes(self), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        taken: tuple[str, int] = self._runner.addresses[0]
        self._root = f"127.0.0.1:{taken[1]}"

    async def stop(self) -> None:
        """Hang up, stop listening, drop what waits."""
        await self.events.close()
        await self.socket_mode.close()
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self._session = self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    @property
    def root_url(self) -> str:
        """Where response URLs, uploads and files live."""
        return f"http://{self._root}/"

    @property
    def api_url(self) -> str:
        """The base URL for a Web API client."""
        return f"{self.root_url}api/"

    @property
    def socket_url(self) -> str:
        """Where Socket Mode connects to, without its key."""
        return f"ws://{self._root}/link/"

    def add_person(
        self,
        handle: str,
        *,
        real_name: str,
        email: str | None = None,
        tz: str = "Asia/Manila",
        locale: str = "en-US",
    ) -> Person:
        """A member called `@handle`; without an e-mail address the profile shows none."""
        person = Person(self, self.ids.new("U"), handle, real_name, email, tz, locale)
        self.people[person.id] = person
        return person

    def change_usergroup(self, group: UserGroup, *, members: Iterable[Person]) -> None:
        """Set who is in a group; the app hears `subteam_members_changed` if it listens."""
        before, after = set(group.members), [person.id for person in members]
        group.members = after
        added, removed = sorted(set(after) - before), sorted(before - set(after))
        event: Json = {"type": "subteam_members_changed", "subteam_id": group.id}
        event |= {"team_id": TEAM_ID, "added_users": added, "removed_users": removed}
        self._emit_soon(event | {"added_users_count": len(added)})
        self.changed()

    def deactivate(self, person: Person) -> None:
        """Take a person's account away; the app hears `user_change` if it listens."""
        person.deleted = True
        self.views.clear(person.id)
        self._emit_soon({"type": "user_change", "user": person.to_slack()})
        self.changed()

    def new_ts(self) -> str:
        """A message timestamp: the workspace's time, never given out twice, always rising."""
        micros = int(self.now().timestamp() * 1_000_000)
        self._last_ts = max(micros, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def post(
        self,
        where: Conversation,
        content: Mapping[str, Any],
        *,
        user: str = BOT_USER_ID,
        ephemeral_to: str | None = None,
        files: Iterable[Json] = (),
    ) -> Message:
        """Put a message there; `content` has text, blocks, metadata and thread_ts."""
        message = Message(where.id, self.new_ts(), user, "", ephemeral_to=ephemeral_to)
        message.thread_ts = content.get("thread_ts")
        message.metadata = content.get("metadata")
        message.files = list(files)
        self.fill(message, content)
        return where.add(message)

    def fill(self, message: Message, content: Mapping[str, Any]) -> None:
        """Give a message its text and blocks."""
        message.blocks = with_ids(content.get("blocks"))
        # Slack puts this sentence in notifications of messages that came without a text.
        message.text = content.get("text") or "This content can't be displayed."
        message.state = {}
        self.changed()

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

    def _emit_soon(self, event: Mapping[str, Any]) -> None:
        if event["type"] in self.bot_events and self._runner is not None:
            self.events.send_soon(self._callback(event))

    def _callback(self, event: Mapping[str, Any]) -> Json:
        stamped = {"event_ts": self.new_ts(), **event}
        at = int(self.now().timestamp())
        return payloads.event_callback(stamped, self.ids.new("Ev"), at)

    def _delivery(self) -> Delivery:
        if self.request_url is None:
            return self.exchanges.through(self.socket_mode)
        if self._session is None:
            raise RuntimeError("start the workspace first")
        http = HttpDelivery(self._session, self.request_url, self.signing_secret)
        return self.exchanges.through(http)

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are up."""
        return self.socket_mode.connections

    async def refresh_connections(self) -> None:
        """Make the app reconnect its WebSockets, as Slack does every few hours."""
        await self.socket_mode.refresh()

    def record(self, method: str, args: Json, response: Json | None) -> None:
        """Remember a Web API call."""
        self.calls.append(Call(method, args, response, self.now()))
        self.changed()

    def changed(self) -> None:
        """Wake everybody who waits for something to become true."""
        self.changes.notify()

    async def until(self, predicate: Callable[[], T], *, timeout: float = 60.0) -> T:
        """The first truthy value of `predicate`, asked again after every change.

        A LookupError from it counts as "not yet". TimeoutError after `timeout` seconds, with the
        last calls in its text.
        """
        try:
            return await self.changes.until(predicate, timeout=timeout)
        except TimeoutError as late:
            raise TimeoutError(f"{late}{self._last_calls()}") from None

    def _last_calls(self) -> str:
        shown = (f"\n  {call.method} {call.args} -> {call.response}" for call in self.calls[-5:])
        return "\nLast calls:" + ("".join(shown) or " none")
