"""What form fields hold, and what Slack's client lets a person enter.

A state entry has the shape of `view.state.values[block_id][action_id]`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.sandbox.state.controls import Control, controls, is_option

Json = dict[str, Any]
State = dict[str, dict[str, Json]]

# Element type -> the key its value has in the state, the key that pre-fills it.
KEYS: Mapping[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}
_TEXTS = frozenset({"plain_text_input", "email_text_input", "url_text_input"})
# Slack: a plain_text_input takes at most 3000 characters.
_LONGEST_TEXT = 3000


def holds_many(kind: str) -> bool:
    """Whether an element of this type holds a list."""
    return kind.startswith("multi_") or kind in ("checkboxes", "file_input")


def initial(control: Control) -> Json:
    """The entry of a control nobody has touched."""
    key, prefilled = KEYS[control.type]
    empty: Any = [] if holds_many(control.type) else None
    return {"type": control.type, key: control.element.get(prefilled, empty)}


def state_of(blocks: Iterable[Json], earlier: State | None = None) -> State:
    """The state of a view's fields; what was entered in fields that are still there stays."""
    state: State = {}
    for control in controls(blocks):
        if control.type not in KEYS:
            continue
        kept = (earlier or {}).get(control.block_id, {}).get(control.action_id)
        same = kept is not None and kept["type"] == control.type
        entry = kept if kept is not None and same else initial(control)
        state.setdefault(control.block_id, {})[control.action_id] = entry
    return state


def is_empty(entry: Mapping[str, Any]) -> bool:
    """Whether nothing has been entered."""
    return entry[KEYS[entry["type"]][0]] in (None, "", [])


def enter(control: Control, value: object, offered: Iterable[Json] = ()) -> Json:
    """The entry after the person put `value` in; ValueError or LookupError if Slack would not
    let them. `offered` are the options an external select has shown."""
    if control.type not in KEYS:
        raise LookupError(f"{control} takes no value")
    key = KEYS[control.type][0]
    if holds_many(control.type):
        return {"type": control.type, key: _several(control, value, offered)}
    return {"type": control.type, key: None if value is None else _one(control, value, offered)}


def _several(control: Control, value: object, offered: Iterable[Json]) -> list[Any]:
    if value is None or isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"{control} takes a list, not {value!r}")
    chosen = [_one(control, single, offered) for single in value]
    most = control.element.get("max_selected_items")
    if most is not None and len(chosen) > most:
        raise ValueError(f"{control} takes at most {most}")
    return chosen


def _one(control: Control, value: object, offered: Iterable[Json]) -> Any:
    if control.type in _TEXTS:
        return _text(control, str(value))
    if control.type.endswith(("static_select", "external_select")) or control.type in (
        "radio_buttons",
        "checkboxes",
    ):
        # An external select lists none of its own but those the app chose beforehand.
        chosen = control.element.get("initial_options") or [control.element.get("initial_option")]
        options = [*control.options(), *(option for option in chosen if option), *offered]
        return _option(control, value, options)
    return _ENTRIES.get(control.type, _identified)(control, value)


def _option(control: Control, value: object, options: list[Json]) -> Json:
    for option in options:
        if is_option(option, value):
            return option
    offers = ", ".join(repr(option.get("value")) for option in options) or "nothing"
    raise LookupError(f"{control.action_id} has no option {value!r}; it offers {offers}")


def _text(control: Control, text: str) -> str | None:
    element = control.element
    longest = int(element.get("max_length", _LONGEST_TEXT))
    if len(text) > longest:
        raise ValueError(f"{control} takes at most {longest} characters, not {len(text)}")
    if text and len(text) < int(element.get("min_length", 0)):
        raise ValueError(f"{control} needs at least {element['min_length']} characters")
    if "\n" in text and not element.get("multiline", False):
        raise ValueError(f"{control} has one line")
    if text and control.type == "url_text_input" and "://" not in text:
        raise ValueError(f"{control} needs a full address, not {text!r}")
    if text and control.type == "email_text_input" and "@" not in text.strip("@"):
        raise ValueError(f"{control} needs an e-mail address, not {text!r}")
    return text or None


def _number(control: Control, value: object) -> str:
    element = control.element
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{control} needs a number, not {value!r}") from None
    if not element.get("is_decimal_allowed") and number != number.to_integral_value():
        raise ValueError(f"{control} needs a whole number, not {value!r}")
    low, high = element.get("min_value", number), element.get("max_value", number)
    if not Decimal(str(low)) <= number <= Decimal(str(high)):
        raise ValueError(f"{control} needs a number from {low} to {high}, not {value!r}")
    return str(value)


def _day(_control: Control, value: object) -> str:
    return (value if isinstance(value, date) else date.fromisoformat(str(value))).isoformat()


def _clock_time(_control: Control, value: object) -> str:
    parsed = value if isinstance(value, time) else time.fromisoformat(str(value))
    return parsed.strftime("%H:%M")


def _moment(_control: Control, value: object) -> int:
    return int(value.timestamp()) if isinstance(value, datetime) else int(str(value))


def _rich_text(_control: Control, value: object) -> Any:
    if isinstance(value, dict):
        return value
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": str(value)}]}
    return {"type": "rich_text", "elements": [section]}


def _identified(_control: Control, value: object) -> str:
    """People, conversations and files may be given themselves or by id."""
    return str(getattr(value, "id", value))


_ENTRIES: Mapping[str, Callable[[Control, Any], Any]] = {
    "number_input": _number,
    "datepicker": _day,
    "timepicker": _clock_time,
    "datetimepicker": _moment,
    "rich_text_input": _rich_text,
}
