"""Approving by command or from a list's row: a modal that asks once, with each request in view."""

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import ContextBlock
from slack_sdk.models.views import View

from blocks import request_card, request_text
from blocks.buttons import RequestRound
from blocks.notices import section
from blocks.text import mrkdwn, words
from store.domain.request import People, Request

CALLBACK_ID = "decision.approve"


def build(requests: Sequence[Request], people: People, *, left_out: Sequence[str] = ()) -> View:
    """The question, with what a card says of each request.

    `left_out` says of other requests why they are not asked about, in finished mrkdwn.
    """
    count = len(requests)
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(f"Approve {request_text.these(requests)}"),
        submit=words({1: "Approve", 2: "Approve both"}.get(count, f"Approve all {count}")),
        close=words("Not yet"),
        private_metadata=RequestRound.encode_all(requests),
        blocks=[
            *(block for each in requests for block in request_card.facts(each, people)),
            ContextBlock(elements=[mrkdwn("An approval cannot be undone here.")]),
            *map(section, left_out),
        ],
    )


def _asked(request: Request) -> str:
    return "\n".join(filter(None, (request_text.warning(request), request_text.heading(request))))


def parse(view: Mapping[str, Any]) -> tuple[RequestRound, ...]:
    """The requests to approve, as they were shown; none for a form that is not ours."""
    return RequestRound.parse_all(view.get("private_metadata") or "")
