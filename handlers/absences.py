"""Being away: `/mp-requests away until 3 Dec to @carol`, `back`, and the form on Home."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import absence, absence_form, buttons, notices
from blocks.text import safe, unmarked
from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store import people
from store.domain import absence_text
from store.domain.absence_text import LeaveError
from store.domain.absences import AbsenceDenial, Leave
from store.requests import away


def register(app: AsyncApp) -> None:
    """Listen to the buttons on Home and to the form."""
    app.action(buttons.AWAY)(ask)
    app.action(buttons.BACK)(end)
    app.view(absence_form.CALLBACK_ID)(submitted)


async def go(text: str, asker: str, deps: Deps) -> str:
    """Set somebody as away, or say what is wrong with the words; finished mrkdwn."""
    async with deps.db.snapshot() as session:
        zone = await people.zone(session, asker, deps.policy)
    try:
        leave = absence_text.parse(text, asker, deps.clock().astimezone(zone).date())
    except LeaveError as error:
        return safe(str(error))
    sentence, _ = await _go(leave, deps)
    return sentence


async def come_back(text: str, asker: str, deps: Deps) -> str:
    """Set somebody as back, or say what is wrong with the words; finished mrkdwn."""
    try:
        user = absence_text.person(text.strip(), asker)
    except LeaveError as error:
        return safe(str(error))
    return await _come_back(user, asker, deps)


async def ask(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the form, filled in with the absence there is."""
    click = Click.read(body)
    async with deps.db.snapshot() as session:
        rules = await people.rules(session, deps.policy, only={click.user})
    form = absence_form.build(
        click.user,
        rules.roster.absences.get(click.user),
        for_others=click.user in rules.roster.admins,
    )
    await clicks.open_view(client, click, form)
    await ack()


async def submitted(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Set them as away and say so; what is not possible is said beside the input."""
    leave = absence_form.parse(body["view"]["state"]["values"], body["user"]["id"])
    sentence, denial = await _go(leave, deps)
    if denial:
        errors = {absence_form.place_of(denial): unmarked(sentence)}
        await ack(response_action="errors", errors=errors)
    else:
        view = notices.notice_view("Being away", sentence)
        await ack(response_action="update", view=view)


async def end(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """They are back; Home is drawn anew without the absence."""
    user = body["user"]["id"]
    await _come_back(user, user, deps)
    await ack()


async def _go(leave: Leave, deps: Deps) -> tuple[str, AbsenceDenial | None]:
    answer = await away.go_away(deps.db, leave, deps.policy, now=deps.clock())
    denial = answer if isinstance(answer, AbsenceDenial) else None
    stand_in = None if isinstance(answer, AbsenceDenial) else answer.stand_in
    async with deps.db.snapshot() as session:
        named = {user for user in (leave.user, leave.delegate, stand_in) if user}
        known = await people.known(session, named)
    if isinstance(answer, AbsenceDenial):
        return absence.refused(answer, leave, known), denial
    return absence.agreed(answer.absence, stand_in, known, by=leave.by), None


async def _come_back(user: str, by: str, deps: Deps) -> str:
    answer = await away.come_back(deps.db, user, by=by, policy=deps.policy, now=deps.clock())
    delegate = None if isinstance(answer, AbsenceDenial) else answer.delegate
    async with deps.db.snapshot() as session:
        known = await people.known(session, [user, delegate or user])
    if isinstance(answer, AbsenceDenial):
        return absence.refused(answer, Leave(user, by), known)
    return absence.ended(answer, known, by=by)
