"""Approve and Reject: the buttons of cards and details, and the forms that ask before either.

Where the policy wants a note with an approval, every way leads to the form that takes it.
"""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import approval_form, buttons, decision_form, notices
from handlers import clicks, queue, several
from handlers.clicks import Click
from handlers.deps import Deps
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.requests.decide import Decision, decide, examine

_OUT_OF_DATE = "This form is out of date. Nothing was changed; type the command again."


def register(app: AsyncApp) -> None:
    """Listen to both buttons and both forms."""
    app.action(buttons.APPROVE)(approve)
    app.action(buttons.APPROVE_WITH_NOTE)(ask_note)
    app.action(buttons.REJECT)(ask_why)
    app.view(decision_form.CALLBACK_ID)(reject)
    app.view(approval_form.CALLBACK_ID)(approve_several)
    app.view(approval_form.FROM_CARD)(approve_with_note)


async def approve(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the approval, then acknowledge; every copy of the card follows by the outbox."""
    click = Click.read(body)
    decision = click.decision(Act.APPROVE, deps.clock())
    answer = await decide(deps.db, decision, deps.policy)
    if isinstance(answer, Refused) and answer.denial is Denial.NOTE_WANTED:  # drawn before it was
        await ask_note(ack, body, client, deps)
        return
    await ack()
    await clicks.answer(click, answer, deps, client)


async def ask_note(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the form that takes a note with the approval, for who may approve."""
    click = Click.read(body)
    if await _opens_approval(click, client, deps, from_card=True):
        await clicks.keep_url(click, deps)
    await ack()


async def ask_whether(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """Open the form that asks before an approval, for who may approve."""
    await _opens_approval(Click.read(body), client, deps)
    await ack()


async def _opens_approval(
    click: Click, client: AsyncWebClient, deps: Deps, *, from_card: bool = False
) -> bool:
    """Open the form before an approval, or say why they may not; whether they may."""
    decision = click.decision(Act.APPROVE, deps.clock())
    answer = await examine(deps.db, decision, deps.policy)
    if isinstance(answer, Refused):
        await clicks.refuse(click, answer, deps, client)
        return False
    form = await several.approval_form_of([answer], click.user, deps, from_card=from_card)
    await clicks.open_view(client, click, form)
    return True


async def ask_why(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the reject form for who may reject; the others hear at once why not."""
    click = Click.read(body)
    decision = click.decision(Act.REJECT, deps.clock())
    answer = await examine(deps.db, decision, deps.policy)
    if isinstance(answer, Refused):
        await clicks.refuse(click, answer, deps, client)
    else:
        await clicks.open_view(client, click, decision_form.build(answer))
        await clicks.keep_url(click, deps)
    await ack()


async def reject(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the rejection with its reason; what was typed survives a field error.

    The form closes. Details that it was opened from stay, and show how the request stands.
    """
    user, form = body["user"]["id"], decision_form.parse(body["view"])
    if isinstance(form, dict):
        await ack(response_action="errors", errors=form)
        return
    decisions = [
        Decision(
            request_id=each.id,
            act=Act.REJECT,
            actor=user,
            at=deps.clock(),
            round=each.round,
            rejection_class=form.rejection_class,
            reason=form.reason,
        )
        for each in form.requests
    ]
    if len(decisions) > 1:
        answers = await several.answers(decisions, deps)
        await ack(response_action="update", view=notices.answers_view("Rejecting", answers))
        return
    await _end(ack, body, decisions[0], form.queue, deps, client)


async def approve_with_note(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """Record the approval with its note; what was typed survives a field error."""
    form = approval_form.parse(body["view"])
    if isinstance(form, dict):
        await ack(response_action="errors", errors=form)
        return
    decisions = _approvals(form, body, deps)
    if len(decisions) != 1:
        await ack(response_action="update", view=notices.notice_view("Approving", _OUT_OF_DATE))
        return
    await _end(ack, body, decisions[0], form.queue, deps, client)


async def approve_several(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Record each approval that was asked about, then say of each what became of it."""
    form = approval_form.parse(body["view"])
    if isinstance(form, dict):
        await ack(response_action="errors", errors=form)
        return
    decisions = _approvals(form, body, deps)
    answers = await several.answers(decisions, deps) or [_OUT_OF_DATE]
    await ack(response_action="update", view=notices.answers_view("Approving", answers))


def _approvals(form: approval_form.Approval, body: dict[str, Any], deps: Deps) -> list[Decision]:
    user, now = body["user"]["id"], deps.clock()
    return [
        Decision(each.id, Act.APPROVE, user, now, each.round, note=form.note)
        for each in form.requests
    ]


async def _end(
    ack: AsyncAck,
    body: dict[str, Any],
    decision: Decision,
    queue_below: str,
    deps: Deps,
    client: AsyncWebClient,
) -> None:
    """Decide by a form, which closes. The queue below goes on; details that it was opened from stay
    and show how the request stands.
    """
    user, below = decision.actor, body["view"].get("previous_view_id")
    answer = await decide(deps.db, decision, deps.policy)
    if queue_below:
        await ack()  # closes the form alone
        told = await clicks.told(answer, user, deps)
        stays = isinstance(answer, Refused) and answer.denial is Denial.STALE
        await queue.go_on(below, queue_below, user, [told], deps, client, stays=stays)
        return
    if isinstance(answer, Refused):
        await ack(response_action="update", view=await clicks.refusal_view(answer, user, deps))
    elif below:
        await ack()  # closes the form alone
    else:
        await ack(response_action="clear")
    if below:
        await clicks.redraw_view(below, decision.request_id, user, deps, client)
