"""What a browser's form holds, as values that a person puts into fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.actions.people import Person
from bot.sandbox.actions.use_controls import entry_for
from bot.sandbox.state.controls import Control, controls
from bot.sandbox.state.fields import KEYS, is_empty
from bot.sandbox.state.views import View

REQUIRED = "Please complete this required field."
"""The words of Slack's own client."""


def value(control: Control, given: Any, tz: str) -> Any:
    """A value as `Person.choose` takes it; empty is None, a moment is in the person's zone."""
    if given in (None, ""):
        return None
    if control.type == "datetimepicker":
        return datetime.fromisoformat(str(given)).replace(tzinfo=ZoneInfo(tz))
    return given


def typed(view: View, given: Mapping[str, Any], tz: str) -> dict[str, Any]:
    """The values of the fields that are there, by block id."""
    fields = {control.block_id: control for control in controls(view.blocks) if control.in_input}
    return {
        block_id: value(fields[block_id], one, tz)
        for block_id, one in given.items()
        if block_id in fields
    }


def problems(person: Person, view: View, values: Mapping[str, Any]) -> dict[str, str]:
    """What Slack's client says below a field before it sends anything, by block id."""
    found: dict[str, str] = {}
    for control in controls(view.blocks):
        if control.in_input and control.type in KEYS:
            problem = _problem(person, view, control, values)
            found |= {control.block_id: problem} if problem else {}
    return found


def _problem(person: Person, view: View, control: Control, values: Mapping[str, Any]) -> str | None:
    entry = view.state[control.block_id][control.action_id]
    if control.block_id in values:
        try:
            entry = entry_for(person, view, control, values[control.block_id])
        except (ValueError, LookupError) as refused:
            said = str(refused).removeprefix(f"{control} ")
            return f"{said[:1].upper()}{said[1:]}."
    return REQUIRED if control.required and is_empty(entry) else None
