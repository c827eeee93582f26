"""People at their Slack: what they do and what they see.

They can only use what is on their screen; everything else is a LookupError that lists what is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.sandbox import gestures, modals, payloads
from bot.sandbox.acks import Ack
from bot.sandbox.arguments import Refusal
from bot.sandbox.avatars import SIZES
from bot.sandbox.ids import TEAM_ID
from bot.sandbox.responses import command_answer
from bot.sandbox.typed import escaped

if TYPE_CHECKING:
    from bot.sandbox.conversations import Conversation, Message
    from bot.sandbox.views import View
    from bot.sandbox.workspace import Workspace

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came of something a person did.

    `took` is in seconds; `message` is what the ack of a command said; `errors` are field errors
    by block id; `view` is the modal on top afterwards; `warning` is what Slack itself tells the
    person when the app failed.
    """

    acked: bool
    status: int | None = None
    body: Json | None = None
    took: float = 0.0
    message: "Message | None" = None
    errors: dict[str, str] = field(default_factory=dict)
    view: "View | None" = None
    warning: str | None = None


@dataclass(eq=False)
class Person:
    """A member of the workspace."""

    workspace: "Workspace" = field(repr=False)
    id: str
    handle: str
    real_name: str
    email: str | None = None
    tz: str = "Asia/Manila"
    locale: str = "en-US"
    deleted: bool = False

    @property
    def dm(self) -> "Conversation":
        """Their direct messages with the bot."""
        return self.workspace.dm(self)

    @property
    def views(self) -> "list[View]":
        """Their open modals, the visible one last."""
        return self.workspace.views.stack(self.id)

    @property
    def home(self) -> "View | None":
        """The home tab the bot published for them."""
        return self.workspace.views.home(self.id)

    def sees(self, conversation: "Conversation | None" = None) -> "list[Message]":
        """The messages there that they can see, oldest first; nothing where they are not in."""
        where = conversation or self.dm
        return list(where.visible_to(self.id)) if self.id in where.members else []

    def message(self, *, containing: str, conversation: "Conversation | None" = None) -> "Message":
        """The newest message they see with these words; LookupError lists what is there."""
        seen = self.sees(conversation)
        for message in reversed(seen):
            if containing in message.plain():
                return message
        listing = "".join(f"\n  - {message.text!r}" for message in seen[-10:]) or " nothing"
        raise LookupError(f"{self.handle} sees no {containing!r}. Seen last:{listing}")

    async def command(self, text: str, *, channel: "Conversation | None" = None) -> Answer:
        """Type a slash command, by default to the bot directly."""
        self.require_active()
        workspace, where = self.workspace, channel or self.dm
        if self.id not in where.members:
            raise LookupError(f"{self.handle} is not in {where.name or where.id}")
        name, _, rest = text.strip().partition(" ")
        path = workspace.response_urls.new(where.id, self.id)
        payload = payloads.command(
            self,
            where,
            name,
            escaped(rest.strip(), workspace),
            trigger_id=workspace.triggers.new(self.id),
            response_url=workspace.root_url + path,
        )
        ack = await workspace.deliver("slash_commands", payload)
        if not ack.acked:
            return self.answer(ack, warning=f"{name} failed because the app did not respond.")
        try:
            message = command_answer(workspace, where.id, self.id, ack.body or {})
        except Refusal as refusal:
            return self.answer(ack, warning=f'{name} failed with the error "{refusal.code}"')
        return self.answer(ack, message=message)

    async def click(
        self,
        where: "Message | View",
        action_id: str,
        *,
        value: str | None = None,
        confirm: bool = True,
    ) -> Answer:
        """Click a button, or choose `value` in an overflow menu.

        With `confirm=False` they press Cancel in the button's confirmation, if it has one.
        """
        return await gestures.click(self, where, action_id, value, confirm=confirm)

    async def choose(
        self, where: "Message | View", action_id: str, value: object, *, confirm: bool = True
    ) -> Answer:
        """Give a select, picker, checkbox group or text field a value.

        The app hears of it only where Block Kit says so; a plain form field just keeps it.
        """
        return await gestures.choose(self, where, action_id, value, confirm=confirm)

    async def type_options(self, view: "View", action_id: str, typed: str) -> list[Json]:
        """Type into an external select and look at the options the app offers."""
        return await gestures.type_options(self, view, action_id, typed)

    async def submit(self, view: "View", values: Mapping[str, object] | None = None) -> Answer:
        """Fill in fields (by action id or block id) and press the submit button.

        LookupError or ValueError where Slack's own form would not let them.
        """
        return await modals.submit(self, view, values or {})

    async def close(self, view: "View") -> Answer:
        """Close a modal by its close button."""
        return await modals.close(self, view)

    async def shortcut(self, callback_id: str) -> Answer:
        """Run a global shortcut."""
        self.require_active()
        payload = payloads.interaction("shortcut", self)
        payload |= {"callback_id": callback_id, "action_ts": self.workspace.new_ts()}
        payload["trigger_id"] = self.workspace.triggers.new(self.id)
        return self.answer(await self.workspace.deliver("interactive", payload))

    async def open_home(self) -> Answer:
        """Open the app's home tab."""
        self.require_active()
        event: Json = {"type": "app_home_opened", "user": self.id, "channel": self.dm.id}
        event["tab"] = "home"
        if self.home is not None:
            event["view"] = self.home.to_slack()
        ack = await self.workspace.emit(event)
        return self.answer(ack or Ack(acked=False, reason="not_subscribed"))

    def say(self, text: str, conversation: "Conversation") -> "Message":
        """Write a message; the app is not told."""
        return self.workspace.post(conversation, {"text": text}, user=self.id)

    def read(self, conversation: "Conversation | None" = None) -> None:
        """Look at a conversation: its messages are no longer unread."""
        (conversation or self.dm).read_by(self.id)

    def require_active(self) -> None:
        """LookupError if the account was deactivated: they cannot get in any more."""
        if self.deleted:
            raise LookupError(f"{self.handle} is deactivated")

    def answer(self, ack: Ack, **more: Any) -> Answer:
        """An ack as this person experiences it."""
        top = self.views[-1] if self.views else None
        more.setdefault("warning", None if ack.acked else gestures.NO_ANSWER)
        return Answer(ack.acked, ack.status, ack.body, ack.took, view=top, **more)

    def to_slack(self) -> Json:
        """The user object of the API, without the locale."""
        now = self.workspace.now().astimezone(ZoneInfo(self.tz))
        profile: Json = {"real_name": self.real_name, "display_name": self.handle}
        picture = f"{self.workspace.root_url}avatars/{self.id}"
        profile |= {"team": TEAM_ID, **{f"image_{size}": picture for size in SIZES}}
        if self.email is not None:
            profile["email"] = self.email
        user: Json = {"id": self.id, "team_id": TEAM_ID, "name": self.handle}
        user |= {"real_name": self.real_name, "deleted": self.deleted, "is_bot": False}
        user |= {"tz": self.tz, "tz_label": now.tzname(), "tz_offset": _offset(now)}
        return user | {"profile": profile, "updated": int(now.timestamp())}


def _offset(moment: datetime) -> int:
    """Seconds east of Greenwich."""
    offset = moment.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
