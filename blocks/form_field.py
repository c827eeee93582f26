"""One input of the submit form: how a value is asked for, read from the form and written back.

What must stay true: `written` and `read` are inverses for every value the form can show, so that
"the same again, corrected" opens with what was submitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slack_sdk.models.blocks import (
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    StaticSelectElement,
)

from blocks.text import clean, words

INPUT_LIMIT = 3000
"""Slack: max_length of a plain text input."""


class Kind(StrEnum):
    """How a value is written in the form."""

    TEXT = "text"
    LONG = "long"
    COMMAS = "commas"
    LINES = "lines"
    FEATURES = "features"
    SELECT = "select"
    RADIO = "radio"

    @property
    def chosen(self) -> bool:
        """Picked from options rather than typed."""
        return self in {Kind.SELECT, Kind.RADIO}


@dataclass(frozen=True, slots=True)
class FormField:
    """One row of the form. `path` is the value's place in the interchange format, and the id of
    both its block and its input; `also` are further places that take the same value.
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

    @property
    def paths(self) -> tuple[str, ...]:
        """Every place in the interchange format that this field fills."""
        return (self.path, *self.also)


def draw(field: FormField, value: Any) -> InputBlock:
    """The input, filled with `value` as the interchange format has it."""
    return InputBlock(
        block_id=field.path,
        label=words(field.label),
        hint=words(field.hint) if field.hint else None,
        optional=not field.required,
        element=_choice(field, value) if field.kind.chosen else _input(field, value),
    )


def read(field: FormField, values: Mapping[str, Any]) -> Any:
    """The value from a submitted view's `state.values`; None when it was left empty."""
    state = values.get(field.path, {}).get(field.path, {})
    if field.kind.chosen:
        return (state.get("selected_option") or {}).get("value")
    typed = (state.get("value") or "").strip()
    return _READ.get(field.kind, str)(typed) if typed else None


def written(field: FormField, value: Any) -> str:
    """A value as a person would type it into this field."""
    if not value:
        return ""
    if isinstance(value, list | tuple):
        return _SEPARATOR.get(field.kind, ", ").join(map(_entry, value))
    return clean(str(value))


def _lines(typed: str) -> list[str]:
    return [part.strip() for part in typed.splitlines() if part.strip()]


def _commas(typed: str) -> list[str]:
    return [part.strip() for part in typed.replace("\n", ",").split(",") if part.strip()]


def _features(typed: str) -> list[dict[str, str]]:
    return [_feature(part) for part in _lines(typed)]


def _feature(typed: str) -> dict[str, str]:
    parts = (part.strip() for part in typed.split("|", 2))
    named = zip(("name", "version", "description"), parts, strict=False)
    return {key: part for key, part in named if part}


_READ = {Kind.LINES: _lines, Kind.COMMAS: _commas, Kind.FEATURES: _features}
_SEPARATOR = {Kind.LINES: "\n", Kind.FEATURES: "\n"}


def _entry(value: Any) -> str:
    if not isinstance(value, Mapping):
        return clean(str(value))
    parts = [" ".join(clean(str(value.get(key) or "")).split()) for key in _FEATURE_KEYS]
    return " | ".join(parts).rstrip(" |")


_FEATURE_KEYS = ("name", "version", "description")


def _input(field: FormField, value: Any) -> InputInteractiveElement:
    return PlainTextInputElement(
        action_id=field.path,
        placeholder=words(field.placeholder) if field.placeholder else None,
        multiline=field.kind in {Kind.LONG, Kind.LINES, Kind.FEATURES},
        max_length=field.limit,
        initial_value=written(field, value)[: field.limit] or None,
    )


def _choice(field: FormField, value: Any) -> InputInteractiveElement:
    options = [Option(value=each, text=words(label)) for each, label in field.options]
    chosen = next((option for option in options if option.value == value), None)
    if field.kind is Kind.RADIO:
        return RadioButtonsElement(action_id=field.path, options=options, initial_option=chosen)
    return StaticSelectElement(
        action_id=field.path,
        placeholder=words(field.placeholder or "Choose one"),
        options=options,
        initial_option=chosen,
    )
