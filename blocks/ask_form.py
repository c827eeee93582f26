"""The form behind *Ask*: one field, and the ready-made questions that the policy has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ContextBlock,
    InputBlock,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from blocks import request_text
from blocks.buttons import RequestRound
from blocks.text import mrkdwn, plain, who, words
from store.domain.questions import TEXT_LIMIT
from store.domain.request import People, Request
from store.domain.typed_text import tidy

CALLBACK_ID = "question.ask"
QUESTION, READY = "question", "ready"
"""Block ids, and the action ids of the one input in each."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What the form says: `text` is tidy and 1 to 3,000 characters.

    `queue` is that of the view below, as it carries it; empty where there is none.
    """

    request: RequestRound
    text: str
    queue: str = ""


def build(
    request: Request,
    people: People,
    ready: Sequence[str] = (),
    *,
    text: str = "",
    queue: str = "",
) -> View:
    """The form. `ready` are questions to choose from, each of at most 150 characters; `text` is
    what was typed so far.
    """
    asked = who(request.submitted_by, people)
    readers = (
        f"{asked} gets it as a message. Everybody who can see the request can read question and "
        "answer. The review goes on meanwhile."
    )
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(f"Ask about {request.ref}"[:24]),
        submit=words("Ask"),
        close=words("Cancel"),
        private_metadata="\n".join(filter(None, (RequestRound.of(request).encode(), queue))),
        blocks=[
            SectionBlock(text=mrkdwn(request_text.heading(request))),
            *([_ready(ready)] if ready else []),
            InputBlock(
                block_id=QUESTION,
                label=words("Question"),
                optional=bool(ready),
                element=PlainTextInputElement(
                    action_id=QUESTION,
                    multiline=True,
                    max_length=TEXT_LIMIT,
                    initial_value=text or None,
                ),
            ),
            ContextBlock(elements=[mrkdwn(readers)]),
        ],
    )


def parse(view: Mapping[str, Any]) -> Asking | dict[str, str]:
    """What was submitted, or a sentence for the input that needs another look, by block id.

    Of a ready-made question and words of one's own, both are asked.
    """
    values = view["state"]["values"]
    about, _, queue = (view.get("private_metadata") or "").partition("\n")
    request = RequestRound.parse(about)
    if request is None:
        return {QUESTION: "This form is out of date. Close it and press Ask again."}
    chosen = values.get(READY, {}).get(READY, {}).get("selected_option") or {}
    typed = values.get(QUESTION, {}).get(QUESTION, {}).get("value") or ""
    text = "\n".join(filter(None, (tidy(chosen.get("value") or ""), tidy(typed))))
    if not text:
        return {QUESTION: "Write what you want to know, so that it can be answered."}
    if len(text) > TEXT_LIMIT:
        return {QUESTION: f"At most {TEXT_LIMIT:,} characters; this has {len(text):,}."}
    return Asking(request, text, queue)


def _ready(ready: Sequence[str]) -> InputBlock:
    return InputBlock(
        block_id=READY,
        label=words("Ready-made question"),
        optional=True,
        element=StaticSelectElement(
            action_id=READY,
            placeholder=words("Choose one, or write your own below"),
            options=[Option(value=each, text=words(plain(each, 75))) for each in ready],
        ),
    )
