"""The details of a request, in a modal, and the parts of one too long for a window."""

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, request_details
from handlers import clicks, views
from handlers.clicks import Click
from handlers.deps import Deps
from store.domain.access import Refused
from store.requests import neighbours, read


def register(app: AsyncApp) -> None:
    """Listen to every View and Details, and to the parts."""
    app.action(buttons.DETAILS)(show)
    app.action(buttons.ON_PLATFORM)(left)
    app.action(buttons.PREVIEW)(left)
    app.action(buttons.PREVIOUS_PART)(turn)
    app.action(buttons.NEXT_PART)(turn)


async def show(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open what this person may see of it, with the acts they may do now."""
    click = Click.read(body)
    seen = await read.look(
        deps.db, click.request.id, viewer=click.user, policy=deps.policy, now=deps.clock()
    )
    if isinstance(seen, Refused):
        await clicks.refuse(click, seen, deps, client)
    else:
        await views.show_details(clicks.opening(client, click), seen)
        await clicks.keep_url(click, deps)
    await ack()
    if not isinstance(seen, Refused):
        await neighbours.owe_opened(deps.db, seen.request, reader=click.user, now=deps.clock())


async def left(ack: AsyncAck) -> None:
    """Somebody follows a link to the platform: Slack opens it, and only tells us."""
    await ack()


async def turn(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Put another part of the request, as it is now, in the place of this one."""
    click = Click.read(body)
    found = request_details.parse_part(click.value)
    if found and click.view_id:
        part, request = found
        seen = await read.look(
            deps.db, request.id, viewer=click.user, policy=deps.policy, now=deps.clock()
        )
        if isinstance(seen, Refused):
            await clicks.refuse(click, seen, deps, client)
        else:
            update = partial(client.views_update, view_id=click.view_id)
            await views.show_details(update, seen, part=part)
    await ack()
