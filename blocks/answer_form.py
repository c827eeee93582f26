"""The form behind *Answer*: the question in full, and one field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import ContextBlock, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from blocks import questions, request_text
from blocks.buttons import RequestRound, parse_question
from blocks.notices import section
from blocks.text import mrkdwn, plural, words
from store.domain.questions import TEXT_LIMIT, Question
from store.domain.request import People, Request
from store.domain.typed_text import tidy

CALLBACK_ID = "question.answer"
ANSWER = "answer"
"""Block id, and action id of the one input."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What the form says to which question; `text` is tidy and 1 to 3,000 characters."""

    request: RequestRound
    number: int
    text: str


def build(request: Request, question: Question, people: People, *, text: str = "") -> View:
    """The form for the answer to this question; `text` is what was typed so far."""
    others = request.questions_open - 1
    more = f" After this, {plural(others, 'more question')} about it." if others > 0 else ""
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(f"Answer · {request.ref}"[:24]),
        submit=words("Answer"),
        close=words("Cancel"),
        private_metadata=f"{RequestRound.of(request).encode()} {question.number}",
        blocks=[
            section(questions.asked(question, people)),
            *map(section, request_text.quotes(request, question.question)),
            InputBlock(
                block_id=ANSWER,
                label=words("Your answer"),
                element=PlainTextInputElement(
                    action_id=ANSWER,
                    multiline=True,
                    min_length=1,
                    max_length=TEXT_LIMIT,
                    initial_value=text or None,
                ),
            ),
            ContextBlock(
                elements=[mrkdwn(f"Everybody who can see the request can read it.{more}")]
            ),
        ],
    )


def parse(view: Mapping[str, Any]) -> Answering | dict[str, str]:
    """What was submitted, or a sentence for the input that needs another look, by block id."""
    about = parse_question(view.get("private_metadata") or "")
    if about is None:
        return {ANSWER: "This form is out of date. Close it and press Answer again."}
    text = tidy(view["state"]["values"].get(ANSWER, {}).get(ANSWER, {}).get("value") or "")
    if not text:
        return {ANSWER: "Write an answer, so that the review can go on."}
    if len(text) > TEXT_LIMIT:
        return {ANSWER: f"At most {TEXT_LIMIT:,} characters; this has {len(text):,}."}
    return Answering(*about, text)
