"""The menu of a list, in a message and in Home."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons
from handlers import absences, commands, exports, lists, row_menu
from handlers.deps import Deps

_ENTRIES: dict[str, row_menu.Listener] = {
    "filter": lists.ask,
    "all": lambda ack, body, _client, deps: lists.turn(ack, body, deps),
    "download": exports.export_list,
    "away": absences.ask,
    "help": commands.explain_beside,
}


def register(app: AsyncApp) -> None:
    """Listen to the menu."""
    app.action(buttons.LIST_MENU)(choose)


async def choose(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Do what was chosen for the whole list."""
    await row_menu.run_entry(_ENTRIES, ack, body, client, deps)
