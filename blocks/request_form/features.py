"""Features in the form: those added so far, and the modal that asks for one of them.

A form shows forty features to change; what an earlier request had beyond that is kept and said.
Each feature is asked for in a modal of its own, on top of the form.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    Option,
    OverflowMenuElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from blocks import buttons
from blocks.request_form import fields
from blocks.request_form.field import FormField, at, draw
from blocks.text import line, mrkdwn, plural, words
from store.domain.draft import Draft

CALLBACK_ID = "request.form.feature"
ROWS = 40
"""Ours: of Slack's 100 blocks and 250 kB, the rest is for the other inputs and their remarks."""
SHOWN = 60
"""Ours: characters of a feature's name, and of its description, in its row."""

_CHOICE = re.compile(r"(edit|remove):([0-9]{1,4}):([0-9]{1,4})", re.ASCII)
_PLACE = re.compile(r"(\S+) ([0-9]{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen beside a feature: its number from 0, `of` how many were listed then."""

    act: str
    number: int
    of: int

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """Read an entry of the menu back; None for anything we did not write."""
        found = _CHOICE.fullmatch(value)
        return cls(found[1], int(found[2]), int(found[3])) if found else None

    def __str__(self) -> str:
        return f"{self.act}:{self.number}:{self.of}"


def listed(draft: Draft, field: FormField) -> Iterator[Block]:
    """The features so far, each with its menu, and the way to add one."""
    features = draft.features
    optional = "" if field.required else " (optional)"
    none = "" if features else "\nNone yet."
    yield SectionBlock(text=mrkdwn(f"*{field.label}*{optional}{none}"), block_id=field.path)
    for number, feature in enumerate(features[:ROWS]):
        yield _row(feature, number, len(features))
    if len(features) > ROWS:
        rest = plural(len(features) - ROWS, "more feature")
        yield ContextBlock(elements=[mrkdwn(f"And {rest}, submitted as they are.")])
    add = "Add another feature" if features else "Add a feature"
    yield buttons.row(buttons.link(add, buttons.FORM_ADD_FEATURE, draft.id))


def build(draft: Draft, number: int) -> View:
    """The modal of one feature: number `number` from 0, or a new one at the end."""
    features = draft.features
    known = features[number] if number < len(features) else {}
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        private_metadata=f"{draft.id} {number}",
        title=words("Edit feature" if known else "Add a feature"),
        submit=words("Save"),
        close=words("Back"),
        blocks=[draw(field, at(known, field.path)) for field in fields.feature(draft.category)],
    )


def place(private_metadata: str) -> tuple[str, int]:
    """The draft and the number a feature's modal is about; no draft for what we did not write."""
    found = _PLACE.fullmatch(private_metadata)
    return (found[1], int(found[2])) if found else ("", 0)


def _row(feature: dict[str, Any], number: int, count: int) -> SectionBlock:
    name = " ".join(str(feature.get(key) or "") for key in ("name", "version"))
    said = line(str(feature.get("description") or ""), SHOWN)
    heading = f"{number + 1}. *{line(name, SHOWN)}*"
    menu = [
        Option(value=str(Choice(act, number, count)), text=words(label))
        for act, label in (("edit", "Edit"), ("remove", "Remove"))
    ]
    return SectionBlock(
        text=mrkdwn(f"{heading}\n{said}" if said else heading),
        accessory=OverflowMenuElement(action_id=buttons.FORM_FEATURE, options=menu),
    )
