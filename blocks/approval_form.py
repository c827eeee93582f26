"""Approving by command, from a list's row or with a note: a modal that asks once, with each request
in view, and takes what its submitter is told with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import Block, ContextBlock, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from blocks import request_card, request_text
from blocks.buttons import RequestRound
from blocks.notices import section
from blocks.text import mrkdwn, words
from store.domain.approval_notes import Asking
from store.domain.questions import TEXT_LIMIT
from store.domain.request import People, Request
from store.domain.typed_text import tidy

CALLBACK_ID, FROM_CARD = "decision.approve", "decision.approve.card"
"""Of a form that says what became of each, and of one that closes: what is below shows it."""
NOTE = "note"
"""Block id, and action id of the one input."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What the form says: the requests as they were shown, none for a form that is not ours.

    `note` is tidy and at most 3,000 characters. `queue` is that of the view below, as it carries
    it; empty where there is none.
    """

    requests: tuple[RequestRound, ...]
    note: str | None
    queue: str = ""


def build(
    requests: Sequence[Request],
    people: People,
    *,
    left_out: Sequence[str] = (),
    from_card: bool = False,
    queue: str = "",
) -> View:
    """The question, with what a card says of each request.

    `left_out` says of other requests why they are not asked about, in finished mrkdwn.
    `from_card`: it was opened from a card, from the details or, with its `queue`, from there.
    """
    count = len(requests)
    return View(
        type="modal",
        callback_id=FROM_CARD if from_card else CALLBACK_ID,
        title=words(f"Approve {request_text.these(requests)}"),
        submit=words({1: "Approve", 2: "Approve both"}.get(count, f"Approve all {count}")),
        close=words("Not yet"),
        private_metadata="\n".join(filter(None, (RequestRound.encode_all(requests), queue))),
        blocks=[
            *(block for each in requests for block in request_card.facts(each, people)),
            *_note({each.approve_note for each in requests}),
            ContextBlock(elements=[mrkdwn("An approval cannot be undone here.")]),
            *map(section, left_out),
        ],
    )


def parse(view: Mapping[str, Any]) -> Approval | dict[str, str]:
    """What was submitted, or a sentence for the note that needs another look."""
    about, _, queue = (view.get("private_metadata") or "").partition("\n")
    typed = view.get("state", {}).get("values", {}).get(NOTE, {}).get(NOTE, {}).get("value")
    note = tidy(typed or "")
    if len(note) > TEXT_LIMIT:
        return {NOTE: f"A note has at most {TEXT_LIMIT:,} characters; this has {len(note):,}."}
    asked = next((each for each in view.get("blocks", ()) if each.get("block_id") == NOTE), None)
    if asked and not asked.get("optional") and not note:
        return {NOTE: "Write what the submitter should know: the policy wants a note with it."}
    return Approval(RequestRound.parse_all(about), note or None, queue)


def _note(asking: set[Asking]) -> list[Block]:
    if asking <= {Asking.OFF}:
        return []
    field = InputBlock(
        block_id=NOTE,
        label=words("Note to the submitter"),
        hint=words("The submitter sees this, and so does everybody who can see the request."),
        optional=Asking.REQUIRED not in asking,
        element=PlainTextInputElement(action_id=NOTE, multiline=True, max_length=TEXT_LIMIT),
    )
    return [field]
