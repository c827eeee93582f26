"""Approving alone in an emergency: a form that asks for the number, a reason and the incident."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    InputBlock,
    InputInteractiveElement,
    PlainTextInputElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from blocks import request_text
from blocks.buttons import RequestRound
from blocks.decision_form import REASON_LIMIT
from blocks.notices import section
from blocks.text import mrkdwn, words
from store.domain.emergency import LINK_LIMIT, REASON_LEAST, is_link
from store.domain.request import People, Request
from store.domain.request_number import exactly
from store.domain.typed_text import tidy

CALLBACK_ID = "emergency"
NUMBER, REASON, INCIDENT = "number", "reason", "incident"
"""Block ids, and the action ids of the one input in each."""


@dataclass(frozen=True, slots=True)
class Alone:
    """What the form says: which request, why, and where the incident is."""

    request: RequestRound
    reason: str
    incident: str


def build(request: Request, people: People, afterwards: str) -> View:
    """The form, with what is passed over in view; `afterwards` says who reviews it then."""
    stages = request_text.stages(request, people)
    passed = f"This passes over what it still needs: {stages}. " if stages else ""
    why = PlainTextInputElement(
        action_id=REASON, multiline=True, min_length=REASON_LEAST, max_length=REASON_LIMIT
    )
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words("Emergency approval"),
        submit=words("Approve alone"),
        close=words("Cancel"),
        private_metadata=RequestRound.of(request).encode(),
        blocks=[
            SectionBlock(text=mrkdwn(request_text.heading(request))),
            section(
                f"🚨 {passed}Everybody who is passed over is told, and it is marked for ever. "
                f"{afterwards} This cannot be undone here."
            ),
            _input(
                NUMBER,
                f"Type {request.ref} to be sure",
                PlainTextInputElement(action_id=NUMBER, max_length=20),
            ),
            _input(REASON, f"Why can it not wait? (at least {REASON_LEAST} characters)", why),
            _input(
                INCIDENT,
                "Link to the incident (https://…)",
                PlainTextInputElement(action_id=INCIDENT, max_length=LINK_LIMIT),
            ),
        ],
    )


def parse(view: Mapping[str, Any]) -> Alone | dict[str, str]:
    """What was submitted, or a sentence for each input that needs another look, by block id."""
    values = view["state"]["values"]
    request = RequestRound.parse(view.get("private_metadata") or "")
    if request is None:
        return {NUMBER: "This form is out of date. Close it and open it again."}
    number, reason, incident = (
        tidy(values[name][name].get("value") or "") for name in (NUMBER, REASON, INCIDENT)
    )
    wrong = {}
    typed = exactly(number)
    if typed is None or typed.number != request.id:
        wrong[NUMBER] = f"Type MP-{request.id}, the number of this request."
    if len(reason) < REASON_LEAST:
        wrong[REASON] = f"At least {REASON_LEAST} characters: the others read it."
    elif len(reason) > REASON_LIMIT:
        wrong[REASON] = f"At most {REASON_LIMIT:,} characters; this has {len(reason):,}."
    if not is_link(incident):
        wrong[INCIDENT] = "Paste the address of the incident; it begins with https://."
    return wrong or Alone(request, reason, incident)


def _input(name: str, label: str, element: InputInteractiveElement) -> InputBlock:
    return InputBlock(block_id=name, label=words(label), element=element)
