"""Submitting and closing modals, and what the app's answer does to the stack."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.actions.member import NO_ANSWER, Answer, Member
from bot.sandbox.actions.use_controls import entry_for, field
from bot.sandbox.delivery import payloads
from bot.sandbox.delivery.acks import Ack
from bot.sandbox.state.controls import controls
from bot.sandbox.state.fields import KEYS, is_empty
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.views import View
from bot.sandbox.web_api.content import checked_view

Json = dict[str, Any]


async def submit(person: Member, view: View, values: Mapping[str, object]) -> Answer:
    """Fill in, press submit, apply the answer."""
    _require_in_front(person, view)
    if not view.payload.get("submit"):
        raise LookupError(f"{view.title!r} has no submit button")
    for key, value in values.items():
        control = field(view, key)
        entry = entry_for(person, view, control, value)
        view.state[control.block_id][control.action_id] = entry
    for control in controls(view.blocks):
        fillable = control.type in KEYS and control.required
        if fillable and is_empty(view.state[control.block_id][control.action_id]):
            raise ValueError(f"{control} must be filled in")
    payload = payloads.interaction("view_submission", person) | {"view": view.to_slack()}
    payload["trigger_id"] = person.workspace.triggers.new(person.id, view)
    payload["response_urls"] = _response_urls(person, view)
    ack = await person.workspace.deliver("interactive", payload)
    return _apply(person, view, ack) if ack.acked else person.answer(ack)


async def close(person: Member, view: View) -> Answer:
    """Press the close button: this view goes, with `clear_on_close` all of them."""
    _require_in_front(person, view)
    everything = bool(view.payload.get("clear_on_close"))
    if everything:
        person.workspace.views.clear(person.id)
    else:
        person.workspace.views.close(view)
    person.workspace.changed()
    if not view.payload.get("notify_on_close"):
        return person.answer(Ack(acked=True))
    payload = payloads.interaction("view_closed", person) | {"view": view.to_slack()}
    payload["is_cleared"] = everything
    return person.answer(await person.workspace.deliver("interactive", payload))


def _require_in_front(person: Member, view: View) -> None:
    if not person.views or person.views[-1] is not view:
        raise LookupError(f"{person.handle} does not have {view.title!r} in front")


def _response_urls(person: Member, view: View) -> list[Json]:
    """Addresses for the conversations chosen in fields that ask for one."""
    urls: list[Json] = []
    for control in controls(view.blocks):
        entry = view.state.get(control.block_id, {}).get(control.action_id, {})
        channel = entry.get("selected_conversation") or entry.get("selected_channel")
        if channel and control.element.get("response_url_enabled"):
            path = person.workspace.response_urls.new(channel, person.id)
            url: Json = {"block_id": control.block_id, "action_id": control.action_id}
            url |= {"channel_id": channel, "response_url": person.workspace.root_url + path}
            urls.append(url)
    return urls


def _apply(person: Member, view: View, ack: Ack) -> Answer:
    """Errors, update, push, clear, or just close; an answer Slack cannot use is a warning."""
    body = ack.body or {}
    try:
        errors = _errors(view, body)
        if not errors:
            _rearrange(person, view, body)
    except Refusal as refusal:
        return person.answer(ack, warning=f"{NO_ANSWER} ({refusal.code})")
    person.workspace.changed()
    return person.answer(ack, errors=errors)


def _errors(view: View, body: Json) -> dict[str, str]:
    """Field errors; Slack accepts them only for input blocks of this very view."""
    if body.get("response_action") != "errors":
        return {}
    errors: dict[str, str] = body.get("errors") or {}
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not errors or not inputs.issuperset(errors):
        raise Refusal("invalid_errors")
    return errors


def _rearrange(person: Member, view: View, body: Json) -> None:
    views, action = person.workspace.views, body.get("response_action")
    if action == "update":
        views.update(view, checked_view(body.get("view")))
    elif action == "push":
        views.push(person.id, checked_view(body.get("view")))
    elif action == "clear":
        views.clear(person.id)
    elif action is None:
        # The app may have cleared the stack meanwhile; then there is nothing left to close.
        if view in person.views:
            views.close(view)
    else:
        raise Refusal("invalid_response_action")
