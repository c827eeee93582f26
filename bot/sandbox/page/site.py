"""What the page is of: a workspace, its app, and the clock and database it may control."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.actions.people import Person
from bot.sandbox.page.shown_messages import ShownMessages
from bot.sandbox.platform import Platform
from bot.sandbox.state.ids import TEAM_NAME
from bot.sandbox.workspace import Workspace

Json = dict[str, Any]


@dataclass
class Controls:
    """What the host of the workspace lets a reader of the page do; None hides the control.

    `move_to` lets it be that moment, an aware time, and what is due then happen. `slow_database`
    makes each transaction take that many seconds longer, 0 ends it.
    """

    move_to: Callable[[datetime], Awaitable[None]] | None = None
    slow_database: Callable[[float], None] | None = None
    slow_by: float = 0.0


@dataclass
class Site:
    """One page for everybody in the workspace. `manifest` is the app's, as Slack takes it.

    `platform` is the one beside Slack, if there is one.
    """

    workspace: Workspace
    manifest: Mapping[str, Any]
    controls: Controls = field(default_factory=Controls)
    platform: Platform | None = None
    shown: ShownMessages = field(default_factory=ShownMessages)
    errors: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def team_name(self) -> str:
        """What the workspace is called."""
        return TEAM_NAME

    @property
    def app_name(self) -> str:
        """What the bot is called in messages."""
        return str(self.manifest["features"]["bot_user"]["display_name"])

    @property
    def commands(self) -> list[Json]:
        """The slash commands of the manifest, with `command`, `description`, `usage_hint`."""
        return list(self.manifest["features"].get("slash_commands", []))

    @property
    def shortcuts(self) -> list[Json]:
        """The global shortcuts of the manifest, with `name` and `callback_id`."""
        return self._shortcuts("global")

    @property
    def message_shortcuts(self) -> list[Json]:
        """The same of those in the menu of each message."""
        return self._shortcuts("message")

    def _shortcuts(self, kind: str) -> list[Json]:
        every = self.manifest["features"].get("shortcuts", [])
        return [shortcut for shortcut in every if shortcut["type"] == kind]

    def members(self) -> list[Person]:
        """The active people, in the order they joined."""
        return [person for person in self.workspace.people.values() if not person.deleted]
