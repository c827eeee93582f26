"""Notes between those who review: `/mp-requests note MP-12 text`, and the form in the details."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, note_form, notes
from handlers import clicks, command_text
from handlers.clicks import Click
from handlers.deps import Deps
from store.domain.access import Refused
from store.domain.lifecycle import Act
from store.requests.ask import examine
from store.requests.note import NewNote, note


def register(app: AsyncApp) -> None:
    """Listen to the button and to the form."""
    app.action(buttons.NOTE)(write)
    app.view(note_form.CALLBACK_ID)(written)


async def write(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the form for who may write one."""
    click = Click.read(body)
    found = await form(click.request.id, click.user, deps)
    if isinstance(found, Refused):
        await clicks.refuse(click, found, deps, client)
    else:
        await clicks.open_view(client, click, found)
    await ack()


async def written(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the note, then show it in the details it was written from."""
    user, said = body["user"]["id"], note_form.parse(body["view"])
    if isinstance(said, dict):
        await ack(response_action="errors", errors=said)
        return
    request, text = said
    answer = await note(deps.db, NewNote(request.id, user, text, deps.clock()), deps.policy)
    if isinstance(answer, Refused):
        await ack(response_action="update", view=await clicks.refusal_view(answer, user, deps))
        return
    await ack()
    if below := body["view"].get("previous_view_id"):
        await clicks.redraw_view(below, answer.id, user, deps, client)


async def form(request_id: int, asker: str, deps: Deps) -> View | Refused:
    """The form for who may write one, or why not."""
    now = deps.clock()
    found = await examine(deps.db, Act.NOTE, request_id, asker, deps.policy, now=now)
    return found if isinstance(found, Refused) else note_form.build(found)


async def typed(request_id: int, text: str, asker: str, deps: Deps) -> str:
    """Record what was typed, or say why not; a sentence of finished mrkdwn."""
    said = command_text.said(text)
    if problem := note_form.problem_with(said):
        return f"{problem} Nothing was changed."
    answer = await note(deps.db, NewNote(request_id, asker, said, deps.clock()), deps.policy)
    if isinstance(answer, Refused):
        return await clicks.worded(answer, asker, deps)
    return f"📝 Noted on {answer.ref}. {notes.READERS}"
