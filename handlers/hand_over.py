"""Hand to…: the entry in the menu of cards and details, its form, and `/mp-requests hand`."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import handing, notices
from blocks.text import unmarked
from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store import people
from store.domain.access import HandDenial, Refused
from store.domain.request import Request
from store.requests.hand_over import Handing, examine, hand_over

_OUT_OF_DATE = "This form is out of date. Nothing was changed; open it again."


def register(app: AsyncApp) -> None:
    """Listen to the form."""
    app.view(handing.CALLBACK_ID)(submitted)


async def ask(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the form for who may hand it on."""
    click = Click.read(body)
    seen = click.request
    wanted = Handing(seen.id, click.user, "", deps.clock(), seen.round)
    answer = await examine(deps.db, wanted, deps.policy)
    if isinstance(answer, Refused):
        await clicks.refuse(click, answer, deps, client)
    else:
        await clicks.open_view(client, click, handing.form(answer))
        await clicks.keep_url(click, deps)
    await ack()


async def submitted(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """Hand it over and say so; to whom it cannot be handed is said beside the input."""
    user, found = body["user"]["id"], handing.parse(body["view"])
    if found is None:
        await ack(response_action="errors", errors={handing.PERSON: _OUT_OF_DATE})
        return
    request, to = found
    wanted = Handing(request.id, user, to, deps.clock(), request.round)
    answer, sentence = await _hand(wanted, deps)
    if isinstance(answer, HandDenial):
        await ack(response_action="errors", errors={handing.PERSON: unmarked(sentence)})
        return
    title = "Not possible" if isinstance(answer, Refused) else "Handed over"
    await ack(response_action="update", view=notices.notice_view(title, sentence))
    if below := body["view"].get("previous_view_id"):
        await clicks.redraw_view(below, request.id, user, deps, client)


async def hand(request_id: int, to: str, asker: str, deps: Deps) -> str:
    """Hand it over, or say why not; finished mrkdwn."""
    _, sentence = await _hand(Handing(request_id, asker, to, deps.clock()), deps)
    return sentence


async def _hand(wanted: Handing, deps: Deps) -> tuple[Request | Refused | HandDenial, str]:
    answer = await hand_over(deps.db, wanted, deps.policy)
    if isinstance(answer, Refused):
        return answer, await clicks.worded(answer, wanted.actor, deps)
    async with deps.db.snapshot() as session:
        admins = (await people.roster(session, deps.policy)).admins
        known = await people.known(session, {wanted.to, *admins})
    if isinstance(answer, HandDenial):
        return answer, handing.refused(answer, wanted.request_id, wanted.to, known, admins)
    return answer, handing.done(answer, wanted.to, known)
