"""A member of the workspace and what is on their screen."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.delivery.acks import Ack
from bot.sandbox.delivery.installed_workspace import InstalledWorkspace
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.ids import TEAM_ID
from bot.sandbox.state.views import View
from bot.sandbox.web_api.avatars import SIZES

Json = dict[str, Any]

NO_ANSWER = "We had some trouble connecting. Try again?"
"""What Slack shows beside a control or in a modal when the app does not answer in time."""


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
    message: Message | None = None
    errors: dict[str, str] = field(default_factory=dict)
    view: View | None = None
    warning: str | None = None


@dataclass(eq=False)
class Member:
    """Who they are and what they see. `tz` is an IANA zone."""

    workspace: InstalledWorkspace = field(repr=False)
    id: str
    handle: str
    real_name: str
    email: str | None = None
    tz: str = "Asia/Manila"
    locale: str = "en-US"
    deleted: bool = False

    @property
    def dm(self) -> Conversation:
        """Their direct messages with the bot."""
        return self.workspace.dm(self)

    @property
    def views(self) -> list[View]:
        """Their open modals, the visible one last."""
        return self.workspace.views.stack(self.id)

    @property
    def home(self) -> View | None:
        """The home tab the bot published for them."""
        return self.workspace.views.home(self.id)

    def sees(self, conversation: Conversation | None = None) -> list[Message]:
        """The messages there that they can see, oldest first; nothing where they are not in."""
        where = conversation or self.dm
        return list(where.visible_to(self.id)) if self.id in where.members else []

    def message(self, *, containing: str, conversation: Conversation | None = None) -> Message:
        """The newest message they see with these words; LookupError lists what is there."""
        seen = self.sees(conversation)
        for message in reversed(seen):
            if containing in message.plain():
                return message
        listing = "".join(f"\n  - {message.text!r}" for message in seen[-10:]) or " nothing"
        raise LookupError(f"{self.handle} sees no {containing!r}. Seen last:{listing}")

    def require_active(self) -> None:
        """LookupError if the account was deactivated: they cannot get in any more."""
        if self.deleted:
            raise LookupError(f"{self.handle} is deactivated")

    def answer(self, ack: Ack, **more: Any) -> Answer:
        """An ack as this person experiences it."""
        top = self.views[-1] if self.views else None
        more.setdefault("warning", None if ack.acked else NO_ANSWER)
        return Answer(ack.acked, ack.status, ack.body, ack.took, view=top, **more)

    def to_slack(self) -> Json:
        """The user object of the API, without the locale."""
        now = self.workspace.now().astimezone(ZoneInfo(self.tz))
        profile: Json = {"real_name": self.real_name, "display_name": self.handle}
        picture = f"{self.workspace.root_url}avatars/{self.id}"
        profile |= {"team": TEAM_ID, **{f"image_{size}": picture for size in SIZES}}
        if self.email is not None:
            profile["email"] = self.email
        east_of_greenwich = now.utcoffset() or timedelta()
        user: Json = {"id": self.id, "team_id": TEAM_ID, "name": self.handle}
        user |= {"real_name": self.real_name, "deleted": self.deleted, "is_bot": False}
        user |= {"tz": self.tz, "tz_label": now.tzname()}
        user["tz_offset"] = int(east_of_greenwich.total_seconds())
        return user | {"profile": profile, "updated": int(now.timestamp())}
