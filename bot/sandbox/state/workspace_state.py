"""Everything a workspace holds, and the few changes that several parts of it make.

State changes only on the event loop, so what a reader sees is always consistent. Subclasses may
replace a part, like `faults` or `limiter`: whoever uses one asks for it here each time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from bot.sandbox.state.changes import Changes
from bot.sandbox.state.controls import with_ids
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.directory import Directory, Profile
from bot.sandbox.state.faults import Faults
from bot.sandbox.state.ids import BOT_USER_ID, TEAM_ID, secret
from bot.sandbox.state.rates import Limiter, Rates
from bot.sandbox.state.response_urls import ResponseUrls
from bot.sandbox.state.stored_files import Files
from bot.sandbox.state.triggers import Triggers
from bot.sandbox.state.views import Views

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """One Web API call as it arrived; `args` without the token, `response` None if unanswered."""

    method: str
    args: Json
    response: Json | None
    at: datetime


class WorkspaceState(Directory):
    """People, places, messages, views, files, and what the app may do: tokens, scopes, rates."""

    def __init__(
        self,
        now: Callable[[], datetime],
        people: Mapping[str, Profile],
        scopes: Iterable[str],
        rates: Rates | None,
    ) -> None:
        super().__init__(now, people)
        self.team_id = TEAM_ID
        self.bot_user_id = BOT_USER_ID
        self.bot_token = f"xoxb-{secret(12)}-{secret(24)}"
        self.app_token = f"xapp-1-{secret(12)}-{secret(32)}"
        self.signing_secret = secret(32)
        self.scopes = set(scopes)
        self.installed_org_wide = False
        self.changes = Changes()
        self.faults = Faults(self.changes)
        self.limiter = Limiter(rates)
        self.calls: list[Call] = []
        self.views = Views(self.ids)
        self.files = Files(self.ids)
        self.triggers = Triggers(now)
        self.response_urls = ResponseUrls(now)
        self.host = ""
        self._last_ts = 0

    @property
    def root_url(self) -> str:
        """Where response URLs, uploads and files live; `host` is set while it is listened on."""
        return f"http://{self.host}/"

    @property
    def api_url(self) -> str:
        """The base URL for a Web API client."""
        return f"{self.root_url}api/"

    @property
    def socket_url(self) -> str:
        """Where Socket Mode connects to, without its key."""
        return f"ws://{self.host}/link/"

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
            last = (f"\n  {call.method} {call.args} -> {call.response}" for call in self.calls[-5:])
            calls = "".join(last) or " none"
            raise TimeoutError(f"{late}\nLast calls:{calls}") from None
