"""What Slack makes of the text a person types after a slash command.

The app's commands have escaping switched on: mentions and links arrive in angle brackets, the
three special characters as entities.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.sandbox.workspace import Workspace

_MARKED = re.compile(r"(?P<at>@[\w.-]*\w)|(?P<channel>#[\w-]+)|(?P<link>https?://[^\s<>]+)")


def escaped(text: str, workspace: "Workspace") -> str:
    """The `text` field of a command: `@bob` becomes `<@U…|bob>`, `&` becomes `&amp;`."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKED.sub(lambda found: _marked(found, workspace), safe)


def _marked(found: re.Match[str], workspace: "Workspace") -> str:
    typed = found[0]
    if found["link"]:
        return f"<{typed}>"
    if found["channel"]:
        return _channel(typed, workspace)
    return _mention(typed, workspace)


def _channel(typed: str, workspace: "Workspace") -> str:
    for where in workspace.conversations.values():
        if where.kind == "channel" and where.name == typed[1:]:
            return f"<#{where.id}|{where.name}>"
    return typed


def _mention(typed: str, workspace: "Workspace") -> str:
    for person in workspace.people.values():
        if person.handle == typed[1:]:
            return f"<@{person.id}|{person.handle}>"
    for group in workspace.usergroups.values():
        if group.handle == typed[1:]:
            return f"<!subteam^{group.id}|@{group.handle}>"
    return typed
