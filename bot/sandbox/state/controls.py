"""The interactive elements in blocks: list them, name them, find one.

Slack names every block and element that the app left unnamed; so does `with_ids`, and from
there on `block_id` and `action_id` can be relied on.
"""

import copy
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
BUTTONS = frozenset({"button", "icon_button", "workflow_button", "overflow"})


@dataclass(frozen=True)
class Control:
    """An interactive element and the block it sits in."""

    block: Json
    element: Json

    @property
    def type(self) -> str:
        return str(self.element["type"])

    @property
    def block_id(self) -> str:
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        return str(self.element["action_id"])

    @property
    def in_input(self) -> bool:
        """Whether it is a form field, whose value is sent on submit."""
        return str(self.block["type"]) == "input"

    @property
    def dispatches(self) -> bool:
        """Whether using it tells the app at once."""
        return not self.in_input or bool(self.block.get("dispatch_action"))

    @property
    def required(self) -> bool:
        return self.in_input and not self.block.get("optional", False)

    @property
    def label(self) -> str:
        """What a person reads on or beside it."""
        source = self.block.get("label") if self.in_input else self.element.get("text")
        return str((source or self.element.get("placeholder") or {}).get("text", ""))

    def options(self) -> list[Json]:
        """The choices it carries, groups flattened."""
        groups = self.element.get("option_groups") or []
        grouped = [option for group in groups for option in group["options"]]
        return [*(self.element.get("options") or []), *grouped]

    def __str__(self) -> str:
        value = self.element.get("value")
        suffix = f" value={value!r}" if value is not None else ""
        offers = ", ".join(repr(option.get("value")) for option in self.options())
        return f"{self.action_id} ({self.type} {self.label!r}{suffix}{offers and ': ' + offers})"


def controls(blocks: Iterable[Json] | None) -> Iterator[Control]:
    """Every interactive element, top to bottom."""
    for block in blocks or ():
        for element in _elements(block):
            if "action_id" in element:
                yield Control(block, element)


def _elements(block: Json) -> Iterator[Json]:
    """The places where Block Kit puts elements, as Slack lists them block by block."""
    if block.get("type") == "carousel":
        for card in block.get("elements") or []:
            yield from _elements(card)
        return
    if block.get("type") in ("actions", "context_actions"):
        yield from block.get("elements") or []
    if block.get("type") == "card":
        yield from block.get("actions") or []
    for place in ("accessory", "element"):
        if isinstance(block.get(place), dict):
            yield block[place]


_INTERACTIVE_SUFFIXES = ("_select", "_input", "button", "buttons", "picker")


def _is_interactive(element: Mapping[str, Any]) -> bool:
    kind = str(element.get("type", ""))
    return kind in ("checkboxes", "overflow") or kind.endswith(_INTERACTIVE_SUFFIXES)


def with_ids(blocks: Iterable[Mapping[str, Any]] | None) -> list[Json]:
    """A copy of the blocks with every unnamed block and element named."""
    named: list[Json] = [copy.deepcopy(dict(block)) for block in blocks or ()]
    for block in named:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in _elements(block):
            if _is_interactive(element):
                element.setdefault("action_id", secrets.token_urlsafe(4))
    return named


def find(blocks: Iterable[Json], action_id: str, value: str | None, what: str) -> Control:
    """The one control called `action_id` (and carrying `value`), or LookupError with the list.

    Of buttons and menus that stand in several blocks and are the same, the first.
    """
    there = list(controls(blocks))
    fitting = [c for c in there if c.action_id == action_id and _carries(c, value)]
    alike = {"button", "static_select", "overflow"}
    if fitting and all(c.type in alike and c.element == fitting[0].element for c in fitting):
        return fitting[0]
    if len(fitting) == 1:
        return fitting[0]
    problem = "is not there" if not fitting else "is there several times; give its value"
    listing = "".join(f"\n  - {control}" for control in there) or " nothing"
    wanted = action_id if value is None else f"{action_id} with value {value!r}"
    raise LookupError(f"{wanted} {problem}. What can be used in {what}:{listing}")


def _carries(control: Control, value: str | None) -> bool:
    if value is None or control.type not in BUTTONS:
        return True
    if control.type == "overflow":
        return any(is_option(option, value) for option in control.options())
    return value in (control.element.get("value"), control.label)


def is_option(option: Mapping[str, Any], wanted: object) -> bool:
    """Whether a person naming `wanted` means this option: by value or by its text."""
    return wanted in (option.get("value"), option["text"]["text"])


def words(node: object) -> Iterator[str]:
    """Every text a reader of these blocks could see."""
    if isinstance(node, list):
        for child in node:
            yield from words(child)
    elif isinstance(node, dict):
        for name, child in node.items():
            if isinstance(child, str):
                if name in ("text", "alt_text", "title", "fallback"):
                    yield child
            else:
                yield from words(child)
