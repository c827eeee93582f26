"""How a person sees everybody and every place called."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Conversation
from bot.sandbox.state.ids import BOT_USER_ID
from bot.sandbox.workspace import Workspace

_HUES = 12


@dataclass(frozen=True)
class Author:
    """Who wrote a message. `hue` is one of twelve colours of an avatar."""

    name: str
    initials: str
    hue: int
    is_app: bool = False


@dataclass(frozen=True)
class Names:
    """Ids as names, for one reader."""

    workspace: Workspace
    app: str
    reader: Person

    def of(self, identity: str) -> str:
        """The name of a person, group, channel or direct message, without a sign."""
        if identity == BOT_USER_ID:
            return self.app
        if identity in self.workspace.people:
            return self.workspace.people[identity].real_name
        if identity in self.workspace.usergroups:
            return self.workspace.usergroups[identity].handle
        if identity in self.workspace.conversations:
            return self.place(self.workspace.conversations[identity])
        return identity

    def place(self, where: Conversation) -> str:
        """A channel by its name, direct messages by the others in them."""
        if where.kind in ("channel", "private"):
            return where.name
        others = sorted(self.of(each) for each in where.members - {self.reader.id, BOT_USER_ID})
        return ", ".join([self.app, *others])

    def author(self, user_id: str) -> Author:
        """Name and avatar of whoever wrote a message."""
        name = self.of(user_id)
        initials = "".join(word[0] for word in name.split()[:2]).upper()
        return Author(name, initials, sum(map(ord, name)) % _HUES, user_id == BOT_USER_ID)


def own_ids(workspace: Workspace, person: Person) -> frozenset[str]:
    """The ids that mean this person when mentioned: their own and their groups'."""
    groups: Mapping[str, list[str]] = {
        group.id: group.members for group in workspace.usergroups.values()
    }
    return frozenset({person.id, *(name for name, inside in groups.items() if person.id in inside)})
