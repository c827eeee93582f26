"""Approving alone in an emergency: its form, and marking such an approval as reviewed."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, emergencies, emergency_form, notices
from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store import people
from store.domain.access import Refused, reviewers_after
from store.domain.lifecycle import Act
from store.requests import read
from store.requests.decide import Decision, decide
from store.requests.emergencies import Marking, mark_reviewed


def register(app: AsyncApp) -> None:
    """Listen to the form and to the button."""
    app.view(emergency_form.CALLBACK_ID)(approve)
    app.action(buttons.MARK_REVIEWED)(mark)


async def ask(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the form for who may approve alone."""
    click = Click.read(body)
    answer = await form(click.request.id, click.user, deps)
    if isinstance(answer, Refused):
        await clicks.refuse(click, answer, deps, client)
    else:
        await clicks.open_view(client, click, answer)
        await clicks.keep_url(click, deps)
    await ack()


async def form(request_id: int, user: str, deps: Deps) -> View | Refused:
    """The form, for who may approve this request alone; a courtesy, not the rule."""
    now, policy = deps.clock(), deps.policy
    async with deps.db.snapshot() as session:
        answer = await read.examined(
            session, request_id, Act.EMERGENCY, actor=user, policy=policy, now=now
        )
        if isinstance(answer, Refused):
            return answer
        known = await people.known(session, answer.people())
    return emergency_form.build(answer, known, await _afterwards(user, deps))


async def _afterwards(alone: str, deps: Deps) -> str:
    """Who reviews what this person approves alone."""
    async with deps.db.snapshot() as session:
        roster = await people.roster(session, deps.policy)
        reviewers = reviewers_after(alone, roster)
        known = await people.known(session, reviewers)
    return emergencies.afterwards(reviewers, roster.admins, known)


async def approve(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the approval; what is missing is said beside its input."""
    user, said = body["user"]["id"], emergency_form.parse(body["view"])
    if isinstance(said, dict):
        await ack(response_action="errors", errors=said)
        return
    decision = Decision(
        said.request.id,
        Act.EMERGENCY,
        user,
        deps.clock(),
        said.request.round,
        reason=said.reason,
        incident=said.incident,
    )
    answer = await decide(deps.db, decision, deps.policy)
    title = "Not possible" if isinstance(answer, Refused) else "Approved"
    sentence = await clicks.told(answer, user, deps)
    if not isinstance(answer, Refused):
        sentence += f"\n{await _afterwards(user, deps)}"
    await ack(response_action="update", view=notices.notice_view(title, sentence))
    if below := body["view"].get("previous_view_id"):
        await clicks.redraw_view(below, said.request.id, user, deps, client)


async def mark(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Somebody has looked at it."""
    click = Click.read(body)
    marking = Marking(click.request.id, click.user, deps.clock(), click.message)
    answer = await mark_reviewed(deps.db, marking, deps.policy)
    await ack()
    await clicks.answer(click, answer, deps, client)
