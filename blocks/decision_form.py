"""Rejecting: a modal that asks for the kind of violation and, always, for a reason.

The reason is what the submitter acts on, so there is no rejection without one. The kind is the
platform's list; a request can also be turned down for something that is no violation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    InputBlock,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from blocks import request_text
from blocks.buttons import RequestRound
from blocks.notices import section
from blocks.text import mrkdwn, words
from store.domain.request import RejectionClass, Request
from store.domain.typed_text import tidy

CALLBACK_ID = "decision.reject"
REASON = "reason"
REJECTION_CLASS = "rejection_class"
"""Block ids, and the action ids of the one input in each."""
REASON_LIMIT = 2000
"""Ours: a card has to show the whole reason above the facts."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """What the form says, of each of `requests`: `reason` is tidy and 1 to 2,000 characters.

    `queue` is that of the view below, as it carries it; empty where there is none.
    """

    requests: tuple[RequestRound, ...]
    rejection_class: RejectionClass | None
    reason: str
    queue: str = ""


def build(
    *requests: Request,
    reason: str = "",
    rejection_class: RejectionClass | None = None,
    left_out: Sequence[str] = (),
    queue: str = "",
) -> View:
    """The form; `reason` prefills it, for `/mp-requests reject MP-12 MP-13 …` and for a second try.

    `left_out` says of other requests why they are not asked about, in finished mrkdwn. `queue` is
    that of the view below.
    """
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(f"Reject {request_text.these(requests)}"[:24]),
        submit=words({1: "Reject", 2: "Reject both"}.get(len(requests), "Reject all")),
        close=words("Cancel"),
        private_metadata="\n".join(filter(None, (RequestRound.encode_all(requests), queue))),
        blocks=[
            *(SectionBlock(text=mrkdwn(request_text.heading(each))) for each in requests),
            _class_input(rejection_class),
            _reason_input(reason),
            *map(section, left_out),
        ],
    )


def parse(view: Mapping[str, Any]) -> Rejection | dict[str, str]:
    """What was submitted, or a sentence for each input that needs another look, by block id."""
    values = view["state"]["values"]
    about, _, queue = (view.get("private_metadata") or "").partition("\n")
    requests = RequestRound.parse_all(about)
    reason = tidy(values[REASON][REASON].get("value") or "")
    if not requests:
        return {REASON: "This form is out of date. Close it and press Reject again."}
    if not reason:
        return {REASON: "Say why, so that the submitter knows what to change."}
    if len(reason) > REASON_LIMIT:
        return {REASON: f"At most {REASON_LIMIT:,} characters; this has {len(reason):,}."}
    return Rejection(requests, _class(values), reason, queue)


def _class(values: Mapping[str, Any]) -> RejectionClass | None:
    chosen = values.get(REJECTION_CLASS, {}).get(REJECTION_CLASS, {}).get("selected_option") or {}
    known = {kind.value: kind for kind in RejectionClass}
    return known.get(chosen.get("value", ""))


def _class_input(chosen: RejectionClass | None) -> InputBlock:
    return InputBlock(
        block_id=REJECTION_CLASS,
        label=words("Kind of violation"),
        optional=True,
        element=StaticSelectElement(
            action_id=REJECTION_CLASS,
            placeholder=words("Choose one, if it is a violation"),
            options=[_option(kind) for kind in RejectionClass],
            initial_option=_option(chosen) if chosen else None,
        ),
    )


def _reason_input(reason: str) -> InputBlock:
    return InputBlock(
        block_id=REASON,
        label=words("Reason"),
        hint=words("The submitter sees this. Say what to change."),
        element=PlainTextInputElement(
            action_id=REASON,
            multiline=True,
            min_length=1,
            max_length=REASON_LIMIT,
            initial_value=reason[:REASON_LIMIT] or None,
        ),
    )


def _option(kind: RejectionClass) -> Option:
    return Option(value=kind.value, text=words(kind.label))
