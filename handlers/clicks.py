"""A click on one of our buttons, and the answer: in the modal it came from, or only to them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self
from uuid import uuid4

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import notices, request_details
from blocks.buttons import Target
from handlers import refusals
from handlers.deps import Deps
from store import outbox, people, queries
from store.domain.access import Refused
from store.domain.request import Request
from store.outbox import Kind, Owed, Rank

log = logging.getLogger(__name__)

Show = Callable[..., Awaitable[Any]]
"""A call to Slack that shows the `view` it is given."""
_UNDRAWN = {"invalid_arguments", "invalid_blocks", "invalid_blocks_format", "view_too_large"}
VIEW_SECONDS = 2.0
"""How long a view may take: Slack waits 3 seconds for the ack of the click behind it."""


@dataclass(frozen=True, slots=True)
class Click:
    """Who clicked what, where. `target` is None for a value that is not one of ours.

    `view_id` is the modal of the click; a click in Home has none, and no response URL either.
    """

    user: str
    value: str
    target: Target | None
    trigger_id: str
    response_url: str | None
    view_id: str | None
    in_home: bool

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """From a block_actions payload."""
        value = body["actions"][0].get("value") or ""
        view = body.get("view") or {}
        return cls(
            user=body["user"]["id"],
            value=value,
            target=Target.parse(value),
            trigger_id=body["trigger_id"],
            response_url=body.get("response_url"),
            view_id=view.get("id") if view.get("type") == "modal" else None,
            in_home=view.get("type") == "home",
        )


async def answer(
    click: Click, outcome: Request | Refused, deps: Deps, client: AsyncWebClient
) -> None:
    """After an act: why not, or the request as it is now in the modal the click came from."""
    if isinstance(outcome, Refused):
        await refuse(click, outcome, deps, client)
    else:
        await redraw(click, deps, client)


async def refuse(click: Click, refused: Refused, deps: Deps, client: AsyncWebClient) -> None:
    """Say no, only to the person who clicked: in their modal, beside the message, above Home."""
    if click.view_id:
        await update_view(client, click, await refusal_view(refused, click.user, deps))
    elif click.response_url:
        data = {
            "url": click.response_url,
            "denial": refused.denial.value,
            "asked": refused.request_id,
        }
        request_id = refused.request.id if refused.request else None
        await reply(deps, click, Kind.REFUSAL, data, request_id)
    else:
        await open_view(client, click, await refusal_view(refused, click.user, deps))


async def refusal_view(refused: Refused, asker: str, deps: Deps) -> View:
    """The sentence of a "no" as a modal."""
    return notices.notice_view("Not possible", await worded(refused, asker, deps))


async def worded(refused: Refused, asker: str, deps: Deps) -> str:
    """The sentence of a "no", with the names of those in it."""
    async with deps.db.snapshot() as session:
        named = refused.request.people() if refused.request else set()
        known = await people.known(session, named)
    return refusals.word(refused, known, asker=asker)


async def reply(
    deps: Deps, click: Click, kind: Kind, data: Mapping[str, Any], request_id: int | None = None
) -> None:
    """Owe an answer to a click by its response URL."""
    await reply_to(deps, click.user, kind, data, request_id)


async def reply_to(
    deps: Deps, user: str, kind: Kind, data: Mapping[str, Any], request_id: int | None = None
) -> None:
    """Owe an answer by response URL; it goes out before anything else to this person."""
    owed = Owed(
        key=f"reply:{uuid4().hex}",
        kind=kind,
        recipient=user,
        lane=f"reply:{user}",
        rank=Rank.ANSWER,
        request_id=request_id,
        data=data,
    )
    async with deps.db.transaction() as session:
        await outbox.owe(session, [owed], now=deps.clock())


async def redraw(click: Click, deps: Deps, client: AsyncWebClient) -> None:
    """Show the request as it is now in the modal the click came from."""
    if click.view_id and click.target:
        seen = await queries.look(deps.db, click.target.id, viewer=click.user, policy=deps.policy)
        if not isinstance(seen, Refused):
            await show_details(partial(client.views_update, view_id=click.view_id), seen)


async def show_details(show: Show, seen: queries.Seen, *, part: int = 1) -> bool:
    """Show a request in full; whether Slack did.

    As it reads best, and plainly where Slack refuses that: for a logo it cannot fetch, say. Both
    together take no longer than one view may.
    """
    asked, until = (seen.request, seen.people, seen.acts), _latest()
    why = await _failure(show(view=request_details.build(*asked, part=part)), until)
    if why in _UNDRAWN:
        plain = request_details.build(*asked, part=part, pictures=False)
        why = await _failure(show(view=plain), until)
    return why is None


async def update_view(client: AsyncWebClient, click: Click, view: View) -> None:
    """Replace the modal the click came from, if it is still open."""
    await shown(client.views_update(view_id=click.view_id, view=view))


async def open_view(client: AsyncWebClient, click: Click, view: View) -> bool:
    """Open a modal, on top of the one the click came from; whether it opened."""
    return await shown(opening(client, click)(view=view))


def opening(client: AsyncWebClient, click: Click) -> Show:
    """How Slack opens a modal after this click."""
    show = client.views_push if click.view_id else client.views_open
    return partial(show, trigger_id=click.trigger_id)


async def shown(call: Awaitable[Any]) -> bool:
    """Await a view call. A closed modal or a trigger too old is no fault, and nothing is lost."""
    return await _failure(call, _latest()) is None


def _latest() -> float:
    """When a view that is asked for now has to be there, by the clock of the loop."""
    return asyncio.get_running_loop().time() + VIEW_SECONDS


async def _failure(call: Awaitable[Any], until: float) -> str | None:
    """Why a view was not shown, in Slack's word where it has one; None when it was."""
    try:
        async with asyncio.timeout_at(until):
            await call
    except SlackApiError as error:
        # Broken JSON comes with a response that has no answer in it.
        answer = getattr(error.response, "data", None)
        why = str(answer.get("error")) if isinstance(answer, dict) else "no answer"
        log.info("a view was not shown: %s", why)
        return why
    except (aiohttp.ClientError, TimeoutError) as error:
        log.info("a view was not shown: %s", type(error).__name__)
        return type(error).__name__
    return None
