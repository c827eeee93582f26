"""Ask, Answer, and closing a question: the buttons of cards, details and messages, what is typed,
and the forms.

Whether somebody may is asked again by the store when a form is submitted; the look before it opens
spares them the typing.
"""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import answer_form, ask_form, buttons
from blocks.text import who
from handlers import clicks, queue
from handlers.clicks import Click
from handlers.deps import Deps
from store import people
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.request import People, Request
from store.requests import ask as asking


def register(app: AsyncApp) -> None:
    """Listen to the buttons and to both forms."""
    app.action(buttons.ASK)(ask)
    app.action(buttons.QUEUE_ASK)(ask)
    app.view(ask_form.CALLBACK_ID)(asked)
    app.action(buttons.ANSWER)(answer)
    app.view(answer_form.CALLBACK_ID)(answered)
    app.action(buttons.CLOSE)(close)


async def ask(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the form for who may ask; the others hear at once why not.

    From the queue it carries the place there; what it leads to is shown below it.
    """
    click = Click.read(body)
    in_queue = body["actions"][0].get("action_id") == buttons.QUEUE_ASK
    carried = queue.carried(body) if in_queue else ""
    form = await asking_form(click.request.id, click.user, deps, queue=carried)
    if isinstance(form, Refused):
        await clicks.refuse(click, form, deps, client)
    else:
        await clicks.open_view(client, click, form)
        await clicks.keep_url(click, deps)
    await ack()


async def asked(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the question; what was typed survives a field error. The queue goes on below."""
    user, form = body["user"]["id"], ask_form.parse(body["view"])
    if isinstance(form, dict):
        await ack(response_action="errors", errors=form)
        return
    new = asking.NewQuestion(form.request.id, user, form.text, deps.clock())
    outcome = await asking.ask(deps.db, new, deps.policy)
    if not form.queue:
        await _end(ack, body, outcome, deps, client)
        return
    await ack()  # closes the form alone
    told = await _told(outcome, user, deps)
    below = body["view"].get("previous_view_id")
    await queue.go_on(below, form.queue, user, [told], deps, client, skipped=True)


async def answer(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the form for who was asked, with the question in view."""
    click = Click.read(body)
    request, number = buttons.parse_question(click.value) or (click.request, 0)
    form = await answering_form(request.id, click.user, deps, number=number)
    if isinstance(form, Refused):
        await clicks.refuse(click, form, deps, client)
    else:
        await clicks.open_view(client, click, form)
    await ack()


async def answered(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the answer, then show it in the details it was given from."""
    user, form = body["user"]["id"], answer_form.parse(body["view"])
    if isinstance(form, dict):
        await ack(response_action="errors", errors=form)
        return
    said = asking.Answer(form.request.id, form.number, user, form.text, deps.clock())
    await _end(ack, body, await asking.answer(deps.db, said, deps.policy), deps, client)


async def close(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Close it without an answer, then show the details as they are now."""
    click = Click.read(body)
    request, number = buttons.parse_question(click.value) or (click.request, 0)
    closing = asking.Closing(request.id, number, click.user, deps.clock())
    outcome = await asking.close(deps.db, closing, deps.policy)
    await ack()
    if isinstance(outcome, Refused):
        await clicks.refuse(click, outcome, deps, client)
    elif click.view_id:
        await clicks.redraw_view(click.view_id, request.id, click.user, deps, client)


async def asking_form(
    request_id: int, asker: str, deps: Deps, *, text: str = "", queue: str = ""
) -> View | Refused:
    """The form for who may ask, with what they typed so far, or why not."""
    now = deps.clock()
    found = await asking.examine(deps.db, Act.ASK, request_id, asker, deps.policy, now=now)
    if isinstance(found, Refused):
        return found
    ready = deps.policy.questions_for(found)
    return ask_form.build(found, await _people(found, deps), ready, text=text, queue=queue)


async def answering_form(
    request_id: int, asker: str, deps: Deps, *, number: int | None = None, text: str = ""
) -> View | Refused:
    """The form for the answer to that question, or to the first that is open; or why not."""
    now = deps.clock()
    found = await asking.examine(deps.db, Act.ANSWER, request_id, asker, deps.policy, now=now)
    if isinstance(found, Refused):
        return found
    meant = [q for q in found.questions if q.is_open and number in {None, q.number}]
    if not meant:
        return Refused(Denial.NOTHING_TO_ANSWER, found.id, found)
    shown, known = deps.policy.shown(found), await _people(found, deps)
    return answer_form.build(shown, meant[0], known, text=text)


async def _end(
    ack: AsyncAck,
    body: dict[str, Any],
    outcome: Request | Refused,
    deps: Deps,
    client: AsyncWebClient,
) -> None:
    """After a form: why not, in its place; else it closes, and details below show what is so."""
    user, below = body["user"]["id"], body["view"].get("previous_view_id")
    if isinstance(outcome, Refused):
        await ack(response_action="update", view=await clicks.refusal_view(outcome, user, deps))
        return
    await ack()
    if below:
        await clicks.redraw_view(below, outcome.id, user, deps, client)


async def _told(outcome: Request | Refused, user: str, deps: Deps) -> str:
    if isinstance(outcome, Refused):
        return await clicks.worded(outcome, user, deps)
    asked = who(outcome.submitted_by, await _people(outcome, deps))
    return f"❓ You asked {asked} about {outcome.ref}."


async def _people(request: Request, deps: Deps) -> People:
    async with deps.db.snapshot() as session:
        return await people.known(session, request.people())
