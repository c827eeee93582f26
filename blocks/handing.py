"""Handing a request to somebody: the form that asks to whom, and what is said of it.

All texts are finished mrkdwn.
"""

from collections.abc import Collection, Mapping
from typing import Any, assert_never

from slack_sdk.models.blocks import InputBlock, SectionBlock, UserSelectElement
from slack_sdk.models.views import View

from blocks import buttons, refusals, request_text
from blocks.buttons import RequestRound
from blocks.message import FALLBACK_LIMIT, Message
from blocks.notices import section
from blocks.text import clip, line, mrkdwn, who, words
from store.domain.access import HandDenial
from store.domain.request import People, Request

CALLBACK_ID = "hand"
PERSON = "person"
"""The block id, and the action id of the input in it."""


def form(request: Request) -> View:
    """Asks to whom."""
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(f"Hand over {request.ref}"[:24]),
        submit=words("Hand over"),
        close=words("Cancel"),
        private_metadata=RequestRound.of(request).encode(),
        blocks=[
            SectionBlock(text=mrkdwn(request_text.heading(request))),
            InputBlock(
                block_id=PERSON,
                label=words("To whom?"),
                element=UserSelectElement(action_id=PERSON),
                hint=words(
                    "Another reviewer of this stage; admins hand it to anybody. Whoever gets it "
                    "may decide this request at this stage. It is on record that you did."
                ),
            ),
        ],
    )


def parse(view: Mapping[str, Any]) -> tuple[RequestRound, str] | None:
    """The request, and to whom; None for anything we did not write."""
    request = RequestRound.parse(view.get("private_metadata") or "")
    chosen = view["state"]["values"].get(PERSON, {}).get(PERSON, {}).get("selected_user")
    return (request, chosen) if request and isinstance(chosen, str) and chosen else None


def done(request: Request, to: str, people: People) -> str:
    """To who handed it over."""
    stage = f" at “{line(request.stage_now.name, 80)}”" if request.terms.named else ""
    return f"🤝 {who(to, people)} has {request.ref} to decide{stage}, and is told now."


def notice(request: Request, reader: str, people: People) -> Message:
    """To whom it was handed, where its card was there before."""
    by = next((h.by for h in request.handed_at(request.stage) if h.to == reader), "")
    said = f"🤝 {who(by, people)} handed you *{request_text.title(request)}* · {request.ref}"
    return Message(
        clip(f"{who(by, people)} handed you {request_text.named(request)}", FALLBACK_LIMIT),
        (section(said), buttons.row(buttons.review(request), buttons.details(request))),
    )


def refused(
    denial: HandDenial, request_id: int, to: str, people: People, admins: Collection[str]
) -> str:
    """Why it cannot be handed to them, and to whom it can."""
    name, ref = who(to, people), f"MP-{request_id}"
    match denial:
        case HandDenial.ONESELF:
            return f"Name somebody else: nobody hands {ref} to themselves. Nothing was changed."
        case HandDenial.SUBMITTER:
            return f"{name} submitted {ref}, so somebody else decides it. Nothing was changed."
        case HandDenial.NOT_THIS_STAGE:
            admin = refusals.an_admin(admins, people)
            return (
                f"{name} is none of the reviewers of {ref} at this stage. Name one of them, or ask "
                f"{admin} to hand it over. Nothing was changed."
            )
        case HandDenial.LEFT:
            return f"{name} has left Slack: name somebody else. Nothing was changed."
        case HandDenial.HAS_IT:
            return f"{name} was handed {ref} already. Nothing was changed."
        case HandDenial.VOTED:
            return (
                f"{name} approved {ref} already, and counts once: name somebody else. "
                "Nothing was changed."
            )
        case _:
            assert_never(denial)
