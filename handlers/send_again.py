"""Send again: the button for admins, where the platform did not accept an approval."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons
from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store.requests.platform_answer import SendAgain, send_again


def register(app: AsyncApp) -> None:
    """Listen to the button."""
    app.action(buttons.SEND_AGAIN)(clicked)


async def clicked(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Owe the platform the approval once more, then acknowledge; the cards follow by the outbox."""
    click = Click.read(body)
    seen = click.request
    wanted = SendAgain(seen.id, click.user, deps.clock(), seen.round, click.message)
    answer = await send_again(deps.db, wanted, deps.policy)
    await ack()
    await clicks.answer(click, answer, deps, client)
