"""Features in the request form: add, edit, remove, each kept in the draft at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons
from blocks.request_form import features, field, fields, steps
from blocks.request_form.features import Choice
from blocks.request_form.steps import Step
from handlers import clicks, request_form
from handlers.clicks import Click
from handlers.deps import Deps
from store import drafts
from store.domain.draft import Draft
from store.domain.json_values import FieldProblem

_ALONE = "details.features.0."
"""Where problems of a feature are named when it is looked at by itself."""


def register(app: AsyncApp) -> None:
    """Listen to the button, the menu beside each feature, and the modal."""
    app.action(buttons.FORM_ADD_FEATURE)(add)
    app.action(buttons.FORM_FEATURE)(change)
    app.view(features.CALLBACK_ID)(save)


async def add(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Keep what was typed so far, then ask for a feature on top of it."""
    click, draft = Click.read(body), await request_form.keep_typed(body, deps)
    view = features.build(draft, len(draft.features)) if draft else request_form.no_such_draft()
    await clicks.open_view(client, click, view)
    await ack()


async def change(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Ask for that feature again, or take it out."""
    click, draft = Click.read(body), await request_form.keep_typed(body, deps)
    chosen = Choice.parse(clicks.chosen(body))
    if draft is None or chosen is None:
        await clicks.open_view(client, click, request_form.no_such_draft())
    elif chosen.act == "edit":
        await clicks.open_view(client, click, features.build(draft, chosen.number))
    else:
        await _remove(draft, chosen, click, client, deps)
    await ack()


async def save(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Keep the feature and draw the form below with it; or say what is wrong with it."""
    user, view = body["user"]["id"], body["view"]
    draft_id, number = features.place(view.get("private_metadata") or "")
    draft = await drafts.find(deps.db, draft_id, owner=user)
    if draft is None:
        await ack(response_action="update", view=request_form.no_such_draft())
        return
    asked, feature = fields.feature(draft.category), _typed(draft, number, view)
    wrong = steps.errors(_problems(draft, feature, deps.clock()), asked)
    if wrong:
        await ack(response_action="errors", errors=wrong)
        return
    changed = await drafts.change(
        deps.db,
        draft_id,
        owner=user,
        to=lambda now: now.with_feature(number, feature),
        now=deps.clock(),
    )
    await _redraw(changed, view.get("root_view_id"), client)
    await ack()


async def _remove(
    draft: Draft, chosen: Choice, click: Click, client: AsyncWebClient, deps: Deps
) -> None:
    changed = await drafts.change(
        deps.db,
        draft.id,
        owner=click.user,
        to=lambda now: now.without_feature(chosen.number, of=chosen.of),
        now=deps.clock(),
    )
    await _redraw(changed, click.view_id, client)


async def _redraw(draft: Draft | None, view_id: str | None, client: AsyncWebClient) -> None:
    view = steps.build(draft, Step.DETAILS) if draft else request_form.no_such_draft()
    await request_form.redraw(view, view_id, client)


def _typed(draft: Draft, number: int, view: Mapping[str, Any]) -> dict[str, Any]:
    """The feature as it stands in the modal; keys the modal does not ask for stay."""
    known = draft.features[number] if number < len(draft.features) else {}
    asked = fields.feature(draft.category)
    return field.fill(known, asked, view["state"]["values"])


def _problems(draft: Draft, feature: Mapping[str, Any], now: datetime) -> Sequence[FieldProblem]:
    """What is wrong with this feature, whatever else may be wrong with the draft."""
    alone = Draft(draft.id, draft.owner, {**draft.values, "details": {"features": [feature]}})
    return [
        FieldProblem(problem.field.removeprefix(_ALONE), problem.sentence)
        for problem in request_form.problems_of(alone, now)
        if problem.field.startswith(_ALONE)
    ]
