"""One input of the request form: how a value is asked for, read back and shown again.

What must stay true: an input left as it was drawn changes nothing. So a value that Slack cannot
show whole (too long, a comma inside a keyword) is kept as it is unless a person changes the text.
"""

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from slack_sdk.models.blocks import (
    ExternalDataSelectElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    StaticSelectElement,
)

from blocks.text import clean, plain, words
from store.domain.categories.stored import size

INPUT_LIMIT = 3000
"""Slack: max_length of a plain text input."""


class Kind(StrEnum):
    """How a value is written in the form."""

    TEXT = "text"
    LONG = "long"
    COMMAS = "commas"
    LINES = "lines"
    LINKS = "links"  # a title and an address a line
    SIZE = "size"
    SELECT = "select"
    SEARCH = "search"  # options that the bot is asked for while somebody types
    RADIO = "radio"
    YES_NO = "yes_no"
    FEATURES = "features"  # a list with a step of its own, never an input

    @property
    def chosen(self) -> bool:
        """Picked from options rather than typed."""
        return self in {Kind.SELECT, Kind.SEARCH, Kind.RADIO, Kind.YES_NO}

    @property
    def lines(self) -> bool:
        """Whether what is typed may have several lines."""
        return self in {Kind.LONG, Kind.LINES, Kind.LINKS}


YES_NO = (("yes", "Yes"), ("no", "No"))


@dataclass(frozen=True, slots=True)
class FormField:
    """One row of the form. `path` is the value's place in the interchange format, and the id of
    both its block and its input; `also` are further places that take the same value.

    `asks`: the bot hears at once what was chosen, and draws the form anew.
    """

    path: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    hint: str = ""
    placeholder: str = ""
    limit: int = INPUT_LIMIT
    options: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()
    asks: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Every place in the interchange format that this field fills."""
        return (self.path, *self.also)


def block_id(field: FormField, filled: str) -> str:
    """The id of its block. `filled` names what the form was filled in from: Slack keeps what
    stands in an input whose block it knows, whatever the new view says.
    """
    return f"{field.path}#{filled}"[:255] if filled else field.path


def state_of(view: Mapping[str, Any]) -> dict[str, Any]:
    """A view's `state.values` by the paths of its inputs."""
    values = (view.get("state") or {}).get("values") or {}
    return {block.partition("#")[0]: entry for block, entry in values.items()}


def block_ids(view: Mapping[str, Any]) -> dict[str, str]:
    """The ids of a view's inputs by their paths."""
    values = (view.get("state") or {}).get("values") or {}
    return {block.partition("#")[0]: block for block in values}


def draw(field: FormField, value: Any, *, filled: str = "") -> InputBlock:
    """The input with `value` as the interchange format has it; for `filled` see block_id."""
    hint = _understood(field, value) or field.hint
    return InputBlock(
        block_id=block_id(field, filled),
        dispatch_action=True if field.asks else None,
        label=words(field.label),
        hint=words(hint) if hint else None,
        optional=not field.required,
        element=_choice(field, value) if field.kind.chosen else _input(field, value),
    )


def fill(
    values: Mapping[str, Any], fields: Iterable[FormField], state: Mapping[str, Any]
) -> dict[str, Any]:
    """`values` with what stands in a view's `state.values`; inputs it lacks change nothing."""
    filled = copy.deepcopy(dict(values))
    for field in fields:
        if field.path not in state:
            continue
        held = at(values, field.path)
        value = read(field, state, held)
        for path in field.paths:
            if value != held or at(values, path) is None:
                _put(filled, path, value)
    return filled


def read(field: FormField, state: Mapping[str, Any], held: Any = None) -> Any:
    """The value from a view's `state.values`; None when it was left empty.

    It is `held`, exactly, when the input still shows what `held` looked like in it.
    """
    entry = state.get(field.path, {}).get(field.path, {})
    if field.kind.chosen:
        chosen = (entry.get("selected_option") or {}).get("value")
        if field.kind is Kind.SEARCH and held and chosen == option(str(held)).value:
            return held
        return chosen == "yes" if chosen and field.kind is Kind.YES_NO else chosen
    typed = clean(entry.get("value") or "").strip()
    if typed == _shown(field, held).strip():
        return held if typed else None
    value = _READ.get(field.kind, str)(typed) if typed else None
    return None if value == [] else value


def written(field: FormField, value: Any) -> str:
    """A value as a person would type it into this field, however long."""
    if value is None or value in ("", [], ()):
        return ""
    if field.kind is Kind.LINKS and isinstance(value, list | tuple):
        titled = (f"{each.get('title') or ''} {each.get('url') or ''}" for each in value)
        return clean("\n".join(each.strip() for each in titled))
    if isinstance(value, list | tuple):
        return _SEPARATOR.get(field.kind, ", ").join(clean(str(each)) for each in value)
    return clean(str(value))


def spoken(field: FormField, value: Any) -> str:
    """A value as a person would say it: Yes, Production, 3.6 MB (3,774,874 bytes)."""
    if field.kind is Kind.YES_NO:
        return "Yes" if value is True else "No"
    if field.kind.chosen:
        return dict(field.options).get(str(value), str(value))
    if field.kind is Kind.SIZE and isinstance(value, int):
        return f"{size(value)} ({value:,} bytes)"
    return written(field, value)


def at(values: Any, path: str) -> Any:
    """The value at a path like `details.tagline`; None where there is none."""
    for key in path.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        values = values.setdefault(key, {})
    if value is None:
        values.pop(last, None)
    else:
        values[last] = value


def _lines(typed: str) -> list[str]:
    return [part.strip() for part in typed.splitlines() if part.strip()]


def _links(typed: str) -> list[dict[str, str]]:
    """ "Test report https://…" in a line, either way round; without an address it is refused."""
    found = []
    for each in _lines(typed):
        address = next((word for word in each.split() if "://" in word), "")
        title = " ".join(each.replace(address, " ").split()) if address else each
        found.append({"title": title.strip(_BETWEEN), "url": address})
    return found


_BETWEEN = " -–—:|"
"""What people write between a title and an address."""


def _commas(typed: str) -> list[str]:
    return [part.strip() for part in typed.replace("\n", ",").split(",") if part.strip()]


# A comma only between thousands: "3,6 MB" means 3.6 to some and must not become 36.
_SIZE = re.compile(
    r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\s*(bytes?|[kmg]?i?b)?", re.ASCII | re.IGNORECASE
)


def _bytes(typed: str) -> int | str:
    """Bytes from "3.6 MB" or "3,774,874", in steps of 1,024; other texts stay, to be refused."""
    found = _SIZE.fullmatch(typed)
    if not found:
        return typed
    unit = (found[3] or "b")[0].lower()
    if found[2] and unit == "b":
        return typed
    amount = Decimal(found[1].replace(",", "") + (found[2] or ""))
    return round(amount * (1 << 10 * "bkmg".index(unit)))


_READ = {Kind.LINES: _lines, Kind.LINKS: _links, Kind.COMMAS: _commas, Kind.SIZE: _bytes}
_SEPARATOR = {Kind.LINES: "\n"}


def _shown(field: FormField, value: Any) -> str:
    """What of a value stands in the input."""
    text = written(field, value)
    return (text if field.kind.lines else " ".join(text.split()))[: field.limit]


def _understood(field: FormField, value: Any) -> str:
    if field.kind is Kind.SIZE and isinstance(value, int):
        return f"Understood as {spoken(field, value)}."
    length = len(written(field, value))
    if field.kind.chosen or length <= field.limit:
        return ""
    return (
        f"Only the first {field.limit:,} of {length:,} characters fit here. "
        "All of it is kept unless you change this text."
    )


def _input(field: FormField, value: Any) -> InputInteractiveElement:
    return PlainTextInputElement(
        action_id=field.path,
        placeholder=words(field.placeholder) if field.placeholder else None,
        multiline=field.kind.lines,
        max_length=field.limit,
        initial_value=_shown(field, value) or None,
    )


def option(value: str, label: str = "") -> Option:
    """Slack: 150 characters of value, 75 of text."""
    return Option(value=value[:150], text=words(plain(label or value, 75) or "…"))


def offered(options: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The answer of a search: values with their labels."""
    return [option(value, label).to_dict() for value, label in options]


def _choice(field: FormField, value: Any) -> InputInteractiveElement:
    if field.kind is Kind.SEARCH:
        return ExternalDataSelectElement(
            action_id=field.path,
            placeholder=words(field.placeholder),
            min_query_length=0,
            initial_option=option(str(value), spoken(field, value)) if value else None,
        )
    options = [Option(value=each, text=words(label)) for each, label in field.options]
    wanted = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    chosen = next((option for option in options if option.value == wanted), None)
    if field.kind is not Kind.SELECT:
        return RadioButtonsElement(action_id=field.path, options=options, initial_option=chosen)
    return StaticSelectElement(
        action_id=field.path,
        placeholder=words(field.placeholder or "Choose one"),
        options=options,
        initial_option=chosen,
    )
