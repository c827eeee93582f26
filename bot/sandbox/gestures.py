"""Using controls in messages and views: clicks, choices, typing for options."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox import payloads
from bot.sandbox.acks import Ack
from bot.sandbox.conversations import Message
from bot.sandbox.elements import BUTTONS, Control, controls, find, is_option
from bot.sandbox.fields import KEYS, enter
from bot.sandbox.limits import options_problems
from bot.sandbox.views import View

if TYPE_CHECKING:
    from bot.sandbox.people import Answer, Person

Json = dict[str, Any]

# What Slack shows beside a control or in a modal when the app does not answer in time.
NO_ANSWER = "We had some trouble connecting. Try again?"
# Slack: an external select asks the app from the third character on, unless told otherwise.
_USUAL_QUERY_LENGTH = 3
_PICKERS = ("users_select", "conversations_select", "channels_select")


@dataclass
class Surface:
    """A message or view with controls, as one person has it before them."""

    name: str
    blocks: list[Json]
    state: Json
    view: View | None
    parts: Callable[[], Json]


def surface_of(person: "Person", where: Message | View) -> Surface:
    """The surface, or LookupError if the person does not see it."""
    person.require_active()
    if isinstance(where, View):
        return _view_surface(person, where)
    return _message_surface(person, where)


def _view_surface(person: "Person", view: View) -> Surface:
    top = person.views[-1] if person.views else None
    if view is not top and view is not person.home:
        raise LookupError(f"{person.handle} does not have {view.title or view.type!r} in front")
    return Surface(repr(view.title), view.blocks, view.state, view, lambda: payloads.in_view(view))


def _message_surface(person: "Person", message: Message) -> Surface:
    workspace = person.workspace
    where = workspace.conversations[message.channel]
    current = where.messages[message.ts]
    shown = message if message.stale else current
    if person.id not in where.members or current not in where.visible_to(person.id):
        raise LookupError(f"{person.handle} does not see the message {message.text!r}")

    def parts() -> Json:
        path = workspace.response_urls.new(where.id, person.id, current)
        return {**payloads.in_message(shown, where), "response_url": workspace.root_url + path}

    return Surface(repr(shown.text), shown.blocks, shown.state, None, parts)


async def click(
    person: "Person", where: Message | View, action_id: str, value: str | None, *, confirm: bool
) -> "Answer":
    """Click a button or an entry of an overflow menu."""
    surface = surface_of(person, where)
    control = find(surface.blocks, action_id, value, surface.name)
    if control.type not in BUTTONS:
        raise LookupError(f"{control} is no button; choose a value instead")
    entry = {"selected_option": _overflow(control, value)} if control.type == "overflow" else {}
    return await _use(person, surface, control, entry, confirm=confirm)


def _overflow(control: Control, value: str | None) -> Json:
    options = control.options()
    chosen = [option for option in options if value is None or is_option(option, value)]
    if len(chosen) != 1:
        raise LookupError(f"{control} needs one of its values")
    return chosen[0]


async def choose(
    person: "Person", where: Message | View, action_id: str, value: object, *, confirm: bool
) -> "Answer":
    """Give a control a value and tell the app if the control does so."""
    surface = surface_of(person, where)
    control = find(surface.blocks, action_id, None, surface.name)
    entry = entered(person, surface.view, control, value)
    if _cancelled(control, confirm):
        return person.answer(Ack(acked=True))
    surface.state.setdefault(control.block_id, {})[control.action_id] = entry
    if not control.dispatches:
        return person.answer(Ack(acked=True))
    return await _use(person, surface, control, entry, confirm=True)


def entered(person: "Person", view: View | None, control: Control, value: object) -> Json:
    """The entry for `value`, which must be among what the person can pick from."""
    offered = view.offered.get(control.action_id, []) if view else []
    entry = enter(control, value, offered)
    if control.type.endswith(_PICKERS):
        picked = entry[KEYS[control.type][0]]
        for identity in picked if isinstance(picked, list) else [picked]:
            _check_there(person, control, identity)
    return entry


def _check_there(person: "Person", control: Control, identity: str | None) -> None:
    workspace = person.workspace
    there = workspace.people if control.type.endswith("users_select") else workspace.conversations
    if identity is not None and identity not in there:
        raise LookupError(f"{control.action_id} has nobody and nothing called {identity!r}")


def _cancelled(control: Control, confirm: bool) -> bool:
    return not confirm and "confirm" in control.element


async def _use(
    person: "Person", surface: Surface, control: Control, entry: Json, *, confirm: bool
) -> "Answer":
    if _cancelled(control, confirm):
        return person.answer(Ack(acked=True))
    workspace = person.workspace
    payload = payloads.interaction("block_actions", person) | surface.parts()
    payload["trigger_id"] = workspace.triggers.new(person.id, surface.view)
    payload["actions"] = [payloads.action(control, entry, workspace.new_ts())]
    return person.answer(await workspace.deliver("interactive", payload))


async def type_options(person: "Person", view: View, action_id: str, typed: str) -> list[Json]:
    """The options an external select offers for what was typed; none if the app fails."""
    surface = _view_surface(person, view)
    control = find(surface.blocks, action_id, None, surface.name)
    if not control.type.endswith("external_select"):
        raise LookupError(f"{control} does not ask the app for options")
    if len(typed) < int(control.element.get("min_query_length", _USUAL_QUERY_LENGTH)):
        return []
    payload = payloads.interaction("block_suggestion", person) | surface.parts()
    payload |= {"action_id": action_id, "block_id": control.block_id, "value": typed}
    ack = await person.workspace.deliver("interactive", payload)
    if not ack.acked or options_problems(ack.body or {}):
        return []
    offered = _flat(ack.body or {})
    view.offered[action_id] = offered
    return offered


def _flat(body: Json) -> list[Json]:
    groups = body.get("option_groups") or []
    return [*(body.get("options") or []), *(option for g in groups for option in g["options"])]


def field(view: View, key: str) -> Control:
    """A field of a view by action id or block id."""
    there = [control for control in controls(view.blocks) if control.type not in BUTTONS]
    fitting = [control for control in there if key in (control.action_id, control.block_id)]
    if len(fitting) != 1:
        listing = "".join(f"\n  - {control}" for control in there) or " none"
        raise LookupError(f"{view.title!r} has no single field {key!r}. Its fields:{listing}")
    return fitting[0]
