"""Messages and the places they are in: channels, direct messages, group messages.

A message keeps its identity while it is edited or deleted, so whoever holds it sees what became
of it. Ephemeral messages live in the same list but are no part of the history.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.state.controls import words
from bot.sandbox.state.ids import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID

Json = dict[str, Any]
Kind = Literal["channel", "private", "im", "mpim"]


@dataclass(eq=False)
class Message:
    """One message; `ephemeral_to` is the only person who sees it, None for everybody."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    edited: bool = False
    deleted: bool = False
    files: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)
    stale: bool = False

    def as_shown(self) -> "Message":
        """A picture of the message as it is now: the screen of somebody who is offline.

        Clicking on it clicks what was there then, even after the app has changed the message.
        """
        return dataclasses.replace(self, stale=True)

    def plain(self) -> str:
        """All its words, those of the blocks included."""
        return "\n".join([self.text, *words(self.blocks)])

    def to_slack(self, *, with_metadata: bool = False) -> Json:
        """The message as Slack's API describes it."""
        shown: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        shown["team"] = TEAM_ID
        if self.user == BOT_USER_ID:
            shown |= {"bot_id": BOT_ID, "app_id": APP_ID}
        optional = {"blocks": self.blocks, "thread_ts": self.thread_ts, "files": self.files}
        shown |= {name: value for name, value in optional.items() if value}
        if self.edited:
            shown["edited"] = {"user": self.user, "ts": self.ts}
        if with_metadata and self.metadata:
            shown["metadata"] = self.metadata
        return shown


@dataclass(eq=False)
class Conversation:
    """A place for messages; `members` holds user ids, the bot's among them when it is in."""

    id: str
    kind: Kind
    name: str
    members: set[str]
    created: int
    is_archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    unread: Counter[str] = field(default_factory=Counter)

    @property
    def spoken_name(self) -> str:
        """How payloads name it: only public channels tell theirs."""
        spoken = {"im": "directmessage", "mpim": "privategroup", "private": "privategroup"}
        return spoken.get(self.kind, self.name)

    def add(self, message: Message) -> Message:
        """Keep the message; it is unread for everybody else unless it is ephemeral."""
        self.messages[message.ts] = message
        if message.ephemeral_to is None:
            self.unread.update(self.members - {message.user, BOT_USER_ID})
        return message

    def read_by(self, user_id: str) -> None:
        """Nothing there is unread for this person any more."""
        self.unread.pop(user_id, None)

    def visible_to(self, user_id: str) -> Iterator[Message]:
        """What this member sees, oldest first, own ephemeral messages included."""
        for message in self.messages.values():
            if not message.deleted and message.ephemeral_to in (None, user_id):
                yield message

    def newest_first(self) -> Iterator[Message]:
        """All but the ephemeral messages, latest first."""
        for message in reversed(self.messages.values()):
            if not message.deleted and message.ephemeral_to is None:
                yield message

    def to_slack(self) -> Json:
        """The conversation as Slack's API describes it."""
        shown: Json = {"id": self.id, "created": self.created, "is_archived": self.is_archived}
        shown |= {"is_im": self.kind == "im", "is_mpim": self.kind == "mpim"}
        if self.kind == "im":
            return shown | {"user": next(iter(self.members - {BOT_USER_ID}), ""), "is_open": True}
        shown |= {"is_channel": self.kind == "channel", "is_group": self.kind == "private"}
        shown |= {"is_private": self.kind != "channel", "is_general": False}
        shown |= {"name": self.name, "name_normalized": self.name, "context_team_id": TEAM_ID}
        return shown | {"is_member": BOT_USER_ID in self.members, "num_members": len(self.members)}


class Channel(Conversation):
    """A named channel, public unless its kind says `private`."""


@dataclass(eq=False)
class UserGroup:
    """A group that can be mentioned by `@handle`; `members` are user ids."""

    id: str
    handle: str
    name: str
    members: list[str]
    disabled_at: int = 0

    def to_slack(self, *, include_users: bool) -> Json:
        """The group as Slack's API describes it."""
        shown: Json = {"id": self.id, "team_id": TEAM_ID, "is_usergroup": True}
        shown |= {"name": self.name, "handle": self.handle, "date_delete": self.disabled_at}
        shown["user_count"] = len(self.members)
        return shown | ({"users": list(self.members)} if include_users else {})
