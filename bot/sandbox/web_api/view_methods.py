"""views.*: the app shows modals and home tabs."""

from typing import Any

from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.views import View
from bot.sandbox.state.workspace_state import WorkspaceState
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.content import checked_view

Json = dict[str, Any]


def open_(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """views.open: a modal for whoever earned the trigger."""
    payload = _modal(arguments)
    trigger = workspace.triggers.exchange(arguments.text("trigger_id"))
    return _answer(workspace, workspace.views.open(trigger.user_id, payload))


def push(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """views.push: only on top of the modal in which the trigger was earned."""
    payload = _modal(arguments)
    trigger = workspace.triggers.exchange(arguments.text("trigger_id"))
    if trigger.view not in workspace.views.stack(trigger.user_id):
        raise Refusal("not_found")
    return _answer(workspace, workspace.views.push(trigger.user_id, payload))


def update(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """views.update: by id or external id, guarded by `hash`."""
    payload = checked_view(arguments.structure("view"))
    view_id, external_id = arguments.optional("view_id"), arguments.optional("external_id")
    if view_id is None and external_id is None:
        raise Refusal("invalid_arguments")
    view = workspace.views.find(view_id, external_id)
    if payload["type"] != view.type:
        raise Refusal("invalid_arguments")
    known_hash = arguments.optional("hash")
    return _answer(workspace, workspace.views.update(view, payload, known_hash))


def publish(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """views.publish: the home tab of one person."""
    payload = checked_view(arguments.structure("view"))
    if payload["type"] != "home":
        raise Refusal("invalid_arguments")
    user_id = arguments.text("user_id")
    if user_id not in workspace.people:
        raise Refusal("user_not_found")
    known_hash = arguments.optional("hash")
    return _answer(workspace, workspace.views.publish(user_id, payload, known_hash))


def _modal(arguments: Arguments) -> Json:
    payload = checked_view(arguments.structure("view"))
    if payload["type"] != "modal":
        raise Refusal("invalid_arguments")
    return payload


def _answer(workspace: WorkspaceState, view: View) -> Json:
    workspace.changed()
    return {"view": view.to_slack()}
