"""The form behind *Add a note*: one field, and who will read it."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.blocks import (
    ContextBlock,
    InputBlock,
    PlainTextInputElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from blocks import notes, request_text
from blocks.buttons import RequestRound
from blocks.text import mrkdwn, words
from store.domain.questions import TEXT_LIMIT
from store.domain.request import Request
from store.domain.typed_text import tidy

CALLBACK_ID = "note.write"
NOTE = "note"
"""Block id, and action id of the one input."""


def build(request: Request) -> View:
    """The form."""
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(f"Note on {request.ref}"[:24]),
        submit=words("Add"),
        close=words("Cancel"),
        private_metadata=RequestRound.of(request).encode(),
        blocks=[
            SectionBlock(text=mrkdwn(request_text.heading(request))),
            InputBlock(
                block_id=NOTE,
                label=words("Note"),
                element=PlainTextInputElement(
                    action_id=NOTE, multiline=True, min_length=1, max_length=TEXT_LIMIT
                ),
            ),
            ContextBlock(elements=[mrkdwn(notes.READERS)]),
        ],
    )


def parse(view: Mapping[str, Any]) -> tuple[RequestRound, str] | dict[str, str]:
    """The request and the note, or a sentence for the input that needs another look."""
    request = RequestRound.parse(view.get("private_metadata") or "")
    text = tidy(view["state"]["values"].get(NOTE, {}).get(NOTE, {}).get("value") or "")
    if request is None:
        return {NOTE: "This form is out of date. Close it and press Add a note again."}
    if problem := problem_with(text):
        return {NOTE: problem}
    return request, text


def problem_with(text: str) -> str | None:
    """Why this is no note; None where it is one."""
    if not text:
        return "Write what the other reviewers should know."
    if len(text) > TEXT_LIMIT:
        return f"A note has at most {TEXT_LIMIT:,} characters; this has {len(text):,}."
    return None
