"""Hiding what somebody wrote: the form that shows it once more and asks, and what is said after."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import ContextBlock, SectionBlock
from slack_sdk.models.views import View

from blocks import request_text
from blocks.notices import section
from blocks.text import line, mrkdwn, quote, who, words
from store.domain.hidden import Written
from store.domain.request import People, Request

CALLBACK_ID = "text.hide"
SHOWN = 300
"""Ours: characters of the text in the form."""
NAMED = 15
"""How many texts a sentence names: the last ones."""
STAYS = (
    "Not changed: what was typed in Slack itself, reminders of a question, downloaded files, what "
    "other systems were told, and messages from before the bot could hide texts."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which text the form asks about, as it was then."""

    request_id: int
    name: str
    sealed_in: int


def build(request: Request, text: Written, people: People, *, asker: str) -> View:
    """The form; its submission is the confirmation."""
    asked = json.dumps([request.id, text.name, text.sealed_in])
    instead = f"hidden by {who(asker, people)}"
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words("Hide a text"),
        submit=words("Hide"),
        close=words("Cancel"),
        private_metadata=asked,
        blocks=[
            SectionBlock(text=mrkdwn(request_text.heading(request))),
            section(f"{_called(text)}, by {_writer(text, people)}:"),
            section(quote(text.text, SHOWN)),
            section(
                f"Everybody reads “{instead}” in its place: on cards and messages that are in "
                "Slack already, in lists, files, the API and webhooks. It stays sealed in the "
                "history, for an audit alone. *This cannot be undone.*"
            ),
            ContextBlock(elements=[mrkdwn(STAYS)]),
        ],
    )


def parse(view: Mapping[str, Any]) -> Asked | None:
    """What the form asked about; None for anything we did not write."""
    try:
        request_id, name, sealed_in = json.loads(view.get("private_metadata") or "")
    except (ValueError, TypeError):
        return None
    known = isinstance(request_id, int) and isinstance(name, str) and isinstance(sealed_in, int)
    return Asked(request_id, name, sealed_in) if known else None


def hidden(request: Request, name: str) -> str:
    """To who hid it: what is so now, and what is not in our hands; in finished mrkdwn."""
    said = f"🙈 That text of {request.ref} is hidden now. {STAYS}"
    column, _, number = name.partition(" ")
    question = request.question(int(number)) if column == "question" else None
    if question and question.is_open:
        said += f" Question {number} is still open: close it in the details if it needs no answer."
    return said


def which(request: Request, written: Sequence[Written], people: People) -> str:
    """What could be hidden of a request, for who named none of it; in finished mrkdwn."""
    able = [each for each in written if each.can_be_hidden]
    if not able:
        return (
            f"Nothing that people said about {request.ref} is left to hide. What was submitted is "
            "not hidden: its submitter can withdraw the request."
        )
    listed = [
        f"`{each.called}`  {_writer(each, people)}: “{line(each.text, 60)}”"
        for each in able[-NAMED:]
    ]
    more = [f"… and {len(able) - NAMED} earlier"] if len(able) > NAMED else []
    example = f"`/mp-requests redact {request.ref} {able[-1].called}`"
    return "\n".join([f"Which text of {request.ref}? For example {example}", *listed, *more])


def not_there(request: Request, text: Written) -> str:
    """Why this text cannot be hidden (any more); in finished mrkdwn."""
    if text.is_hidden:
        return f"{_called(text)} of {request.ref} is hidden already. Nothing was changed."
    return f"{_called(text)} of {request.ref} was erased, so nothing is left to hide."


def _called(text: Written) -> str:
    return text.called.capitalize()


def _writer(text: Written, people: People) -> str:
    return who(text.by, people) if text.by else "the platform"
