"""The form behind *Away* on Home: who, from when to when, and who stands in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from slack_sdk.models.blocks import (
    DatePickerElement,
    InputBlock,
    InputInteractiveElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from blocks.notices import section
from blocks.text import words
from store.domain.absences import Absence, AbsenceDenial, Leave

CALLBACK_ID = "absence"
PERSON, FIRST, LAST, DELEGATE = "person", "first_day", "last_day", "delegate"
"""Block ids, and the action ids of the one input in each."""
_AT = {
    AbsenceDenial.NOT_AN_ADMIN: PERSON,
    AbsenceDenial.OWN_DELEGATE: DELEGATE,
    AbsenceDenial.NOT_A_DELEGATE: DELEGATE,
    AbsenceDenial.DELEGATE_HAS_LEFT: DELEGATE,
}


def build(asker: str, now_away: Absence | None, *, for_others: bool) -> View:
    """The form, filled in with the absence there is; `for_others` is for admins."""
    delegate = now_away.delegate if now_away else None
    last = now_away.last_day.isoformat() if now_away and now_away.last_day else None
    person = _input(PERSON, "Who is away?", UserSelectElement(action_id=PERSON, initial_user=asker))
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words("Being away"),
        submit=words("Save"),
        close=words("Cancel"),
        blocks=[
            section(
                "What is waiting for a reviewer who is away also goes to whoever stands in. "
                "Both names are on record, and no reminders come."
            ),
            *([person] if for_others else []),
            _input(
                FIRST,
                "First day",
                DatePickerElement(action_id=FIRST),
                hint="Leave empty to begin now.",
            ),
            _input(
                LAST,
                "Last day",
                DatePickerElement(action_id=LAST, initial_date=last),
                hint="That day included. Leave empty if you do not know it yet.",
            ),
            _input(
                DELEGATE,
                "Who stands in?",
                UserSelectElement(action_id=DELEGATE, initial_user=delegate),
                hint="Leave empty for nobody.",
            ),
        ],
    )


def parse(values: Mapping[str, Any], asker: str) -> Leave:
    """What was submitted; what of it is not possible the store says."""

    def chosen(name: str, kind: str) -> str | None:
        found: str | None = ((values.get(name) or {}).get(name) or {}).get(kind)
        return found or None

    first, last = (chosen(name, "selected_date") for name in (FIRST, LAST))
    return Leave(
        user=chosen(PERSON, "selected_user") or asker,
        by=asker,
        first=date.fromisoformat(first) if first else None,
        last=date.fromisoformat(last) if last else None,
        delegate=chosen(DELEGATE, "selected_user"),
    )


def place_of(denial: AbsenceDenial) -> str:
    """The input beside which a "no" is said."""
    return _AT.get(denial, LAST)


def _input(
    name: str, label: str, element: InputInteractiveElement, *, hint: str = ""
) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=words(label),
        optional=name != PERSON,
        element=element,
        hint=words(hint) if hint else None,
    )
