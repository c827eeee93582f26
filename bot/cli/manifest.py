"""The Slack app manifest, and the scopes the bot needs: one list for it and the doctor."""

from typing import Any
from urllib.parse import urlsplit

from handlers import find_request
from handlers.commands import COMMAND, SUBCOMMANDS
from handlers.request_form import SHORTCUT

SCOPES = {
    "commands": "the slash command and the shortcuts",
    "chat:write": "cards, outcomes, reminders and digests",
    "im:write": "to open a direct message with a reviewer",
    "im:history": "to find its own message again after a broken connection",
    "files:write": "to send downloads",
    "channels:history": "to find its own messages again in a public review channel",
    "groups:history": "to find them in a private one",
    "channels:read": "to see whether it is in the review channel",
    "groups:read": "to see whether it is in a private one",
    "users:read": "names and time zones",
    "users:read.email": "to find the submitter of an imported request",
    "usergroups:read": "the members of a reviewers' group",
}
"""Each scope with what it is for."""
_PATH = "/slack/events"


def is_address(url: str) -> bool:
    """Whether Slack would send requests there: https and a host's name; a path may follow."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or " " in url)
    return parts.scheme == "https" and "." in host and plain


EVENTS = {
    "app_home_opened": "to draw Home",
    "message.im": "to answer who writes to it",
    "subteam_members_changed": "who leaves a reviewers' group loses the right at once",
    "subteam_updated": "a group that is taken out of use has no reviewers",
    "user_change": "who leaves Slack decides nothing",
}
"""Each event with what it is for."""


def build(url: str | None = None) -> dict[str, Any]:
    """The manifest; with `url` (https://host) for signed HTTP, without for Socket Mode."""
    events_url = f"{url.rstrip('/').removesuffix(_PATH)}{_PATH}" if url else None
    address = {"request_url": events_url} if events_url else {}
    options = {"message_menu_options_url": events_url} if events_url else {}
    command: dict[str, Any] = {
        "command": COMMAND,
        "description": "Mini program requests: submit, review, follow",
        "usage_hint": " | ".join(each.example for each in SUBCOMMANDS if each.in_hint),
        "should_escape": True,  # @bob arrives as <@U…>: names can change, ids do not
    }
    if events_url:
        command["url"] = events_url
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "Mini Program Approvals",
            "description": "Review, decide and follow mini program requests",
            "background_color": "#1f4e79",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Mini Program Approvals", "always_online": True},
            "shortcuts": [
                {
                    "name": "New mini program request",
                    "type": "global",
                    "callback_id": SHORTCUT,
                    "description": "Submit a request for review",
                },
                {
                    "name": "Find request",
                    "type": "message",
                    "callback_id": find_request.SHORTCUT,
                    "description": "Open the request that a message names, such as MP-12",
                },
            ],
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS), **address},
            "interactivity": {"is_enabled": True, **address, **options},
            "org_deploy_enabled": False,
            "socket_mode_enabled": events_url is None,
            "token_rotation_enabled": False,
        },
    }
