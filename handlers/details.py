"""The details of a request, in a modal."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons
from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store import queries
from store.domain.access import Denial, Refused


def register(app: AsyncApp) -> None:
    """Listen to every View and View details."""
    app.action(buttons.DETAILS)(show)


async def show(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open what this person may see of it, with the acts they may do now."""
    click = Click.read(body)
    seen: Any = Refused(Denial.UNKNOWN)
    if click.target:
        seen = await queries.look(deps.db, click.target.id, viewer=click.user, policy=deps.policy)
    if isinstance(seen, Refused):
        await clicks.refuse(click, seen, deps, client)
    else:
        await clicks.open_view(client, click, clicks.details_view(seen))
    await ack()
