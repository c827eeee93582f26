"""`/mp-requests redact MP-12 question 2`: the form that asks once, and what comes of it."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View

from blocks import hide_form, notices
from handlers import clicks, command_text
from handlers.deps import Deps
from store.domain.access import Refused
from store.domain.hidden import meant
from store.requests.hide import Hiding, examine, hide

_OUT_OF_DATE = "This form is out of date. Nothing was changed; type the command again."


def register(app: AsyncApp) -> None:
    """Listen to the form."""
    app.view(hide_form.CALLBACK_ID)(confirmed)


async def form(request_id: int, typed: str, asker: str, deps: Deps) -> View | str | Refused:
    """The form for who may hide it; a sentence where no such text is there, or why not."""
    found = await examine(deps.db, request_id, asker, deps.policy, now=deps.clock())
    if isinstance(found, Refused):
        return found
    text = meant(command_text.said(typed), found.written)
    if text is None:
        return hide_form.which(found.request, found.written, found.people)
    if not text.can_be_hidden:
        return hide_form.not_there(found.request, text)
    return hide_form.build(found.request, text, found.people, asker=asker)


async def confirmed(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Hide it, and say what is so now in place of the form."""
    asked, user = hide_form.parse(body["view"]), body["user"]["id"]
    if asked is None:
        await ack(response_action="update", view=notices.notice_view("Hiding", _OUT_OF_DATE))
        return
    hiding = Hiding(asked.request_id, asked.name, asked.sealed_in, user, deps.clock())
    answer = await hide(deps.db, hiding, deps.policy)
    if isinstance(answer, Refused):
        view = await clicks.refusal_view(answer, user, deps)
    else:
        view = notices.notice_view("Hidden", hide_form.hidden(answer, asked.name))
    await ack(response_action="update", view=view)
