"""auth.test, api.test, bots.info and apps.connections.open: the app asks about itself."""

from typing import Any

from bot.sandbox.delivery.installed_workspace import InstalledWorkspace
from bot.sandbox.state.ids import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER_ID,
    ENTERPRISE_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
)
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.web_api.arguments import Arguments

Json = dict[str, Any]


def test(_workspace: InstalledWorkspace, arguments: Arguments) -> Json:
    """api.test: says back what it was given, fails on request."""
    if error := arguments.optional("error"):
        raise Refusal(error, args=dict(arguments))
    return {"args": dict(arguments)}


def auth_test(workspace: InstalledWorkspace, _arguments: Arguments) -> Json:
    """auth.test: who the token belongs to; of an installation of an organisation no workspace."""
    org_wide = workspace.installed_org_wide
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": BOT_NAME,
        "team_id": ENTERPRISE_ID if org_wide else TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "enterprise_id": ENTERPRISE_ID if org_wide else None,
        "is_enterprise_install": org_wide,
    }


def bot_info(_workspace: InstalledWorkspace, arguments: Arguments) -> Json:
    """bots.info: the app's bot."""
    if arguments.optional("bot") not in (None, BOT_ID):
        raise Refusal("bot_not_found")
    bot = {"id": BOT_ID, "deleted": False, "name": BOT_NAME, "app_id": APP_ID}
    return {"bot": bot | {"user_id": BOT_USER_ID}}


def open_connection(workspace: InstalledWorkspace, _arguments: Arguments) -> Json:
    """apps.connections.open: an address for one WebSocket connection."""
    key = workspace.socket_mode.new_key()
    return {"url": f"{workspace.socket_url}?ticket={key}&app_id={APP_ID}"}
