"""A click on one of our buttons, and the answer: in the modal it came from, or only to them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal, Self

from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import notices, refusals
from blocks.buttons import RequestRound
from handlers import views
from handlers.deps import Deps
from handlers.places import BesideMessage, InModal, NewModal, Place, place_of, show_view
from store import people
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.request import Request
from store.messages import cards, outbox
from store.messages.cards import Clicked
from store.messages.outbox import Kind
from store.requests import read
from store.requests.decide import Decision


@dataclass(frozen=True, slots=True)
class Click:
    """Who clicked what, where.

    `request` of a value that is not one of ours is request 0, which the store knows nothing of.
    """

    user: str
    value: str
    request: RequestRound
    trigger_id: str
    place: Place

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """From a block_actions payload."""
        value = body["actions"][0].get("value") or ""
        return cls(
            user=body["user"]["id"],
            value=value,
            request=RequestRound.parse(value) or RequestRound(0, 0),
            trigger_id=body["trigger_id"],
            place=place_of(body),
        )

    @property
    def message(self) -> Clicked | None:
        """The message that was clicked in, with the URL that replaces it."""
        return self.place.message if isinstance(self.place, BesideMessage) else None

    @property
    def view_id(self) -> str | None:
        """The modal that was clicked in."""
        return self.place.view_id if isinstance(self.place, InModal) else None

    def decision(
        self, act: Literal[Act.APPROVE, Act.REJECT, Act.WITHDRAW], at: datetime
    ) -> Decision:
        """How this person wants to end the review, of what they saw of it."""
        seen = self.request
        return Decision(seen.id, act, self.user, at, seen.round, clicked=self.message)


def chosen(body: Mapping[str, Any]) -> str:
    """The value of the entry that was chosen in a menu; empty where none was."""
    return (body["actions"][0].get("selected_option") or {}).get("value") or ""


async def answer(
    click: Click, outcome: Request | Refused, deps: Deps, client: AsyncWebClient
) -> None:
    """After an act: why not, or the request as it is now in the modal the click came from."""
    if isinstance(outcome, Refused):
        await refuse(click, outcome, deps, client)
    elif click.view_id:
        await redraw_view(click.view_id, click.request.id, click.user, deps, client)


async def refuse(click: Click, refused: Refused, deps: Deps, client: AsyncWebClient) -> None:
    """Say no, only to the person who clicked: in their modal, beside the message, above Home."""
    match click.place:
        case InModal() | NewModal() as place:
            await show_view(client, place, await refusal_view(refused, click.user, deps))
        case BesideMessage(url, message):
            if (
                refused.denial is Denial.UNKNOWN
                and message
                and message.channel in deps.policy.channels
            ):
                async with deps.db.snapshot() as session:
                    refused = await read.in_channel(session, refused, message)
            data = {"url": url, "denial": refused.denial.value, "asked": refused.request_id}
            await outbox.owe_reply(
                deps.db,
                Kind.REFUSAL,
                click.user,
                request_id=refused.request.id if refused.request else None,
                data=data,
                now=deps.clock(),
            )


async def refusal_view(refused: Refused, asker: str, deps: Deps) -> View:
    """The sentence of a "no" as a modal."""
    return notices.notice_view("Not possible", await worded(refused, asker, deps))


async def worded(refused: Refused, asker: str, deps: Deps) -> str:
    """The sentence of a "no", with the names of those in it."""
    async with deps.db.snapshot() as session:
        if refused.request:
            request = await read.reviewed_now(
                session, refused.request, policy=deps.policy, now=deps.clock()
            )
            refused = replace(refused, request=request)
        named = refused.request.people() if refused.request else set()
        admins = (await people.roster(session, deps.policy)).admins
        known = await people.known(session, named | set(sorted(admins)[: refusals.NAMED]))
    return refusals.word(refused, known, asker=asker, admins=admins)


async def told(answer: Request | Refused, asker: str, deps: Deps) -> str:
    """What became of a decision, as a sentence to who made it."""
    if isinstance(answer, Refused):
        return await worded(answer, asker, deps)
    async with deps.db.snapshot() as session:
        known = await people.known(session, answer.deciders)
    return notices.decided(deps.policy.shown(answer), known)


async def redraw_view(
    view_id: str, request_id: int, user: str, deps: Deps, client: AsyncWebClient
) -> None:
    """Show this person the request as it is now in their modal; one that is closed is let be."""
    seen = await read.look(deps.db, request_id, viewer=user, policy=deps.policy, now=deps.clock())
    if not isinstance(seen, Refused):
        await views.show_details(partial(client.views_update, view_id=view_id), seen)


async def keep_url(click: Click, deps: Deps) -> None:
    """What comes of a form or of details is shown on the card they were opened from.

    Their payloads bring no response URL, so the card keeps the one of this click.
    """
    if click.message:
        await cards.record_clicked(deps.db, click.request.id, click.message, now=deps.clock())


async def open_view(client: AsyncWebClient, click: Click, view: View) -> bool:
    """Open a modal, on top of the one the click came from; whether it opened."""
    return await views.shown(opening(client, click)(view=view))


def opening(client: AsyncWebClient, click: Click) -> views.Show:
    """How Slack opens a modal after this click."""
    show = client.views_push if click.view_id else client.views_open
    return partial(show, trigger_id=click.trigger_id)
