"""The menus of rows in a list, of cards and of the details: each entry does what a button does.

Approve asks first in a form, because Slack confirms a menu as a whole and not an entry of it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons
from handlers import decide, details, emergency, hand_over, request_form, testing, withdraw
from handlers.deps import Deps

Listener = Callable[[AsyncAck, dict[str, Any], AsyncWebClient, Deps], Awaitable[None]]
_ENTRIES: dict[str, Listener] = {
    "view": details.show,
    "approve": decide.ask_whether,
    "with_note": decide.ask_note,
    "reject": decide.ask_why,
    "again": request_form.submit_again,
    "withdraw": withdraw.clicked,
    "test": testing.begin,
    "let_go": testing.let_go,
    "hand": hand_over.ask,
    "emergency": emergency.ask,
    "platform": lambda ack, _body, _client, _deps: details.left(ack),
}


def register(app: AsyncApp) -> None:
    """Listen to the menu."""
    app.action(buttons.MENU)(choose)


async def choose(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Do what was chosen for a request."""
    await run_entry(_ENTRIES, ack, body, client, deps)


async def run_entry(
    entries: Mapping[str, Listener],
    ack: AsyncAck,
    body: dict[str, Any],
    client: AsyncWebClient,
    deps: Deps,
) -> None:
    """Do what was chosen in a menu, as if its button had been clicked in the same place."""
    clicked = body["actions"][0]
    chosen = clicked.get("selected_option") or {}
    name, _, value = str(chosen.get("value")).partition(" ")
    run = entries.get(name)
    if run is None:  # nothing that we wrote
        await ack()
        return
    button = {**clicked, "value": value}
    await run(ack, {**body, "actions": [button]}, client, deps)
