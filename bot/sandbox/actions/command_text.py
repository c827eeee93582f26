"""What Slack makes of the text a person types after a slash command.

The app's commands have escaping switched on: mentions and links arrive in angle brackets, the
three special characters as entities.
"""

import re

from bot.sandbox.state.directory import Directory

_MARKED = re.compile(r"(?P<at>@[\w.-]*\w)|(?P<channel>#[\w-]+)|(?P<link>https?://[^\s<>]+)")


def escape(text: str, directory: Directory) -> str:
    """The `text` field of a command: `@bob` becomes `<@U…|bob>`, `&` becomes `&amp;`.

    A name that nobody and nothing has stays as it was typed.
    """
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKED.sub(lambda found: _marked(found, directory), safe)


def _marked(found: re.Match[str], directory: Directory) -> str:
    typed = found[0]
    if found["link"]:
        return f"<{typed}>"
    if found["channel"]:
        for where in directory.conversations.values():
            if where.kind == "channel" and where.name == typed[1:]:
                return f"<#{where.id}|{where.name}>"
        return typed
    for person in directory.people.values():
        if person.handle == typed[1:]:
            return f"<@{person.id}|{person.handle}>"
    for group in directory.usergroups.values():
        if group.handle == typed[1:]:
            return f"<!subteam^{group.id}|@{group.handle}>"
    return typed
