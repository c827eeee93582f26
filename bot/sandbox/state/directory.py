"""Who is in the workspace and where they talk.

Everything has an id with Slack's letter in front and stays listed for good: a deactivated person
and an archived channel are still there.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.sandbox.state.conversations import Channel, Conversation, Kind, UserGroup
from bot.sandbox.state.ids import BOT_USER_ID, Ids


class Profile(Protocol):
    """What the directory says of a member. `email` is None where the profile shows none."""

    id: str
    handle: str
    real_name: str
    email: str | None
    locale: str
    deleted: bool

    def to_slack(self) -> dict[str, Any]:
        """The user object of the API, without the locale."""


class Directory:
    """Members, conversations and user groups by id."""

    def __init__(self, now: Callable[[], datetime], people: Mapping[str, Profile]) -> None:
        self.now = now
        self.ids = Ids()
        self.people = people
        self.conversations: dict[str, Conversation] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self._direct: dict[frozenset[str], Conversation] = {}

    def add_channel(
        self,
        name: str,
        *,
        members: Iterable[Profile] = (),
        bot_is_member: bool = True,
        private: bool = False,
    ) -> Channel:
        """A channel `#name`."""
        inside = {person.id for person in members} | ({BOT_USER_ID} if bot_is_member else set())
        kind: Kind = "private" if private else "channel"
        channel = Channel(self.ids.new("C"), kind, name, inside, self._seconds())
        self.conversations[channel.id] = channel
        return channel

    def add_usergroup(self, handle: str, *, members: Iterable[Profile]) -> UserGroup:
        """A user group `@handle`."""
        ids = [person.id for person in members]
        group = UserGroup(self.ids.new("S"), handle, handle.replace("-", " ").title(), ids)
        self.usergroups[group.id] = group
        return group

    def conversation(self, id: str) -> Conversation:
        """A conversation by id or `#name`; LookupError if there is none."""
        for conversation in self.conversations.values():
            if id == conversation.id or (conversation.name and id.lstrip("#") == conversation.name):
                return conversation
        raise LookupError(f"there is no conversation {id!r}")

    def inbox(self, person: Profile) -> list[Conversation]:
        """The conversations a person is in, those with unread messages first."""
        inside = [where for where in self.conversations.values() if person.id in where.members]
        return sorted(inside, key=lambda where: not where.unread[person.id])

    def dm(self, person: Profile) -> Conversation:
        """The person's direct messages with the bot, opened if need be."""
        return self.dm_with(frozenset({person.id}))

    def dm_with(self, user_ids: frozenset[str]) -> Conversation:
        """The direct or group conversation of the bot with these people."""
        if user_ids not in self._direct:
            kind: Kind = "im" if len(user_ids) == 1 else "mpim"
            identity = self.ids.new("D" if kind == "im" else "G")
            opened = Conversation(identity, kind, "", {*user_ids, BOT_USER_ID}, self._seconds())
            self._direct[user_ids] = self.conversations[identity] = opened
        return self._direct[user_ids]

    def _seconds(self) -> int:
        return int(self.now().timestamp())
