"""The form for a new request: by shortcut, by `/mp-requests new`, and its submission."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import request_form
from handlers import clicks
from handlers.deps import Deps
from store import requests
from store.domain import submission
from store.domain.access import Refused
from store.domain.submission import FieldProblem, SubmissionError

SHORTCUT = "request.new"


def register(app: AsyncApp) -> None:
    """Listen to the shortcut and to the form."""
    app.shortcut(SHORTCUT)(open_form)
    app.view(request_form.CALLBACK_ID)(submit)


async def open_form(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
    """Open an empty form."""
    await clicks.shown(client.views_open(trigger_id=body["trigger_id"], view=request_form.build()))
    await ack()


async def submit(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Check, store, owe the cards; then close the form. A refused form keeps what was typed.

    The view's id is the external id: the same form submitted twice is one request.
    """
    user, view = body["user"]["id"], body["view"]
    filled = request_form.parse(view, submitted_by=user, external_id=f"slack-{view['id']}")
    try:
        accepted = submission.read(filled)
    except SubmissionError as error:
        await ack(response_action="errors", errors=request_form.errors(error.problems))
        return
    answer = await requests.submit(
        deps.db, accepted, submitter=user, policy=deps.policy, now=deps.clock()
    )
    if isinstance(answer, Refused):
        sentence = await clicks.worded(answer, user, deps)
        problem = FieldProblem("category", sentence)
        await ack(response_action="errors", errors=request_form.errors([problem]))
    else:
        await ack()
