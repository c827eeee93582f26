"""Using controls in messages and views: clicks, choices, typing for options."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.actions.member import Answer, Member
from bot.sandbox.delivery import payloads
from bot.sandbox.delivery.acks import Ack
from bot.sandbox.limits import options_problems
from bot.sandbox.state.controls import BUTTONS, Control, controls, find, is_option
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.fields import KEYS, enter
from bot.sandbox.state.views import View

Json = dict[str, Any]

# Slack: an external select asks the app from the third character on, unless told otherwise.
_USUAL_QUERY_LENGTH = 3
_PICKERS = ("users_select", "conversations_select", "channels_select")


@dataclass
class Surface:
    """A message or view with controls, as one person has it before them.

    `where` makes the parts of a payload that say where something was used.
    """

    name: str
    blocks: list[Json]
    state: Json
    view: View | None
    where: Callable[[], Json]


def surface_of(person: Member, where: Message | View) -> Surface:
    """The surface, or LookupError if the person does not see it."""
    person.require_active()
    if isinstance(where, View):
        return _view_surface(person, where)
    return _message_surface(person, where)


def _view_surface(person: Member, view: View) -> Surface:
    top = person.views[-1] if person.views else None
    if view is not top and view is not person.home:
        raise LookupError(f"{person.handle} does not have {view.title or view.type!r} in front")
    return Surface(repr(view.title), view.blocks, view.state, view, lambda: payloads.in_view(view))


def seen(person: Member, message: Message) -> tuple[Message, Conversation]:
    """The message as it is now, and where. LookupError for one that this person does not see."""
    place = person.workspace.conversations[message.channel]
    current = place.messages[message.ts]
    if person.id not in place.members or current not in place.visible_to(person.id):
        raise LookupError(f"{person.handle} does not see the message {message.text!r}")
    return current, place


def _message_surface(person: Member, message: Message) -> Surface:
    workspace = person.workspace
    current, place = seen(person, message)
    shown = message if message.stale else current

    def where() -> Json:
        path = workspace.response_urls.new(place.id, person.id, current)
        return {**payloads.in_message(shown, place), "response_url": workspace.root_url + path}

    return Surface(repr(shown.text), shown.blocks, shown.state, None, where)


async def click(
    person: Member, where: Message | View, action_id: str, value: str | None, *, confirm: bool
) -> Answer:
    """Click a button or an entry of an overflow menu."""
    surface = surface_of(person, where)
    control = find(surface.blocks, action_id, value, surface.name)
    if control.type not in BUTTONS:
        raise LookupError(f"{control} is no button; choose a value instead")
    entry: Json = {}
    if control.type == "overflow":
        options = control.options()
        chosen = [option for option in options if value is None or is_option(option, value)]
        if len(chosen) != 1:
            raise LookupError(f"{control} needs one of its values")
        entry["selected_option"] = chosen[0]
    if _is_cancelled(control, confirm):
        return person.answer(Ack(acked=True))
    return await _dispatch(person, surface, control, entry)


async def choose(
    person: Member, where: Message | View, action_id: str, value: object, *, confirm: bool
) -> Answer:
    """Give a control a value and tell the app if the control does so."""
    surface = surface_of(person, where)
    control = find(surface.blocks, action_id, None, surface.name)
    entry = entry_for(person, surface.view, control, value)
    if _is_cancelled(control, confirm):
        return person.answer(Ack(acked=True))
    surface.state.setdefault(control.block_id, {})[control.action_id] = entry
    if not control.dispatches:
        return person.answer(Ack(acked=True))
    return await _dispatch(person, surface, control, entry)


def entry_for(person: Member, view: View | None, control: Control, value: object) -> Json:
    """The state entry for `value`, which must be among what the person can pick from."""
    offered = view.offered.get(control.action_id, []) if view else []
    entry = enter(control, value, offered)
    if control.type.endswith(_PICKERS):
        of_people = control.type.endswith("users_select")
        there = person.workspace.people if of_people else person.workspace.conversations
        picked = entry[KEYS[control.type][0]]
        for identity in picked if isinstance(picked, list) else [picked]:
            if identity is not None and identity not in there:
                raise LookupError(f"{control.action_id} has nobody and nothing called {identity!r}")
    return entry


def _is_cancelled(control: Control, confirm: bool) -> bool:
    return not confirm and "confirm" in control.element


async def _dispatch(person: Member, surface: Surface, control: Control, entry: Json) -> Answer:
    workspace = person.workspace
    payload = payloads.interaction("block_actions", person) | surface.where()
    payload["trigger_id"] = workspace.triggers.new(person.id, surface.view)
    payload["actions"] = [payloads.action(control, entry, workspace.new_ts())]
    return person.answer(await workspace.deliver("interactive", payload))


async def type_options(person: Member, view: View, action_id: str, typed: str) -> list[Json]:
    """The options an external select offers for what was typed; none if the app fails."""
    surface = _view_surface(person, view)
    control = find(surface.blocks, action_id, None, surface.name)
    if not control.type.endswith("external_select"):
        raise LookupError(f"{control} does not ask the app for options")
    if len(typed) < int(control.element.get("min_query_length", _USUAL_QUERY_LENGTH)):
        return []
    payload = payloads.interaction("block_suggestion", person) | surface.where()
    payload |= {"action_id": action_id, "block_id": control.block_id, "value": typed}
    ack = await person.workspace.deliver("interactive", payload)
    body = ack.body or {}
    if not ack.acked or options_problems(body):
        return []
    grouped = [option for group in body.get("option_groups") or [] for option in group["options"]]
    view.offered[action_id] = [*(body.get("options") or []), *grouped]
    return view.offered[action_id]


def field(view: View, key: str) -> Control:
    """A field of a view by action id or block id."""
    there = [control for control in controls(view.blocks) if control.type not in BUTTONS]
    fitting = [control for control in there if key in (control.action_id, control.block_id)]
    if len(fitting) != 1:
        listing = "".join(f"\n  - {control}" for control in there) or " none"
        raise LookupError(f"{view.title!r} has no single field {key!r}. Its fields:{listing}")
    return fitting[0]
