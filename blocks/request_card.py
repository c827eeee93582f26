"""The card of a request: what a reviewer decides from, and the submitter's own copy.

What must stay true: a card is drawn from the record alone, so any copy can be drawn again at any
time; after the end only the buttons go, and how it ended comes on top of the same facts.
"""

from slack_sdk.models.blocks import Block, ButtonElement, SectionBlock

from blocks import buttons, request_text
from blocks.message import FALLBACK_LIMIT, Message
from blocks.text import clip, mrkdwn, quote, who
from store.domain.request import Audience, People, Request, Status


def build(
    request: Request,
    people: People,
    *,
    may_decide: bool = True,
    may_send: bool = False,
    audience: Audience = Audience.REVIEWER,
) -> Message:
    """The card for those who decide, waiting or decided."""
    row = [buttons.approve(request), buttons.reject(request)] if may_decide else []
    row = row if request.is_open else _after(request, may_send=may_send)
    return Message(
        _fallback(request, people, audience),
        (*_body(request, people), buttons.row(*row, buttons.details(request))),
    )


def taken_away(
    request: Request,
    people: People,
    *,
    audience: Audience = Audience.REVIEWER,
    stood_in: bool = False,
) -> Message:
    """The card of somebody who is no reviewer any more, or no longer stands in for one, or in a
    channel where requests are shown no more: no buttons, and nothing that is new.

    `request` comes without what others add to it. Of how it ended they are told nothing.
    """
    why = "You are no longer a reviewer of this request; others decide it."
    if audience is Audience.CHANNEL:
        why = "Requests are no longer shown in this channel; others decide it."
    elif stood_in:
        why = "You no longer stand in for a reviewer of this request; others decide it."
    named = f"*{request_text.title(request)}* · {request.ref}"
    facts = _body(request, people) if request.is_open else [_said(named)]
    where = "shown here" if audience is Audience.CHANNEL else "yours to review"
    fallback = f"No longer {where}: {request_text.named(request)}"
    return Message(clip(fallback, FALLBACK_LIMIT), (_said(why), *facts))


def receipt(request: Request, people: People) -> Message:
    """The submitter's own copy: whom it waits for, and the way back while there is one."""
    row = [buttons.withdraw(request)] if request.is_open else []
    row = [buttons.again(request)] if request.came_to_nothing else row
    sent = [_said(f"📨 {_receipt_sentence(request, people)}")] if request.is_open else []
    return Message(
        _fallback(request, people, Audience.SUBMITTER),
        (*sent, *_body(request, people), buttons.row(*row, buttons.details(request))),
    )


def _after(request: Request, *, may_send: bool) -> list[ButtonElement]:
    return [buttons.send_again(request)] if may_send and request.is_refused_there else []


def _body(request: Request, people: People) -> list[Block]:
    logo = request_text.logo(request)
    said = filter(None, (request_text.remarks(request), request_text.changes(request)))
    warning = request_text.warning(request)
    stands_in = request_text.standing_in(request, people)
    return [
        *([_said(warning)] if warning else []),
        *_ending(request, people),
        *([_said(stands_in)] if stands_in and request.is_open else []),
        SectionBlock(text=mrkdwn(request_text.facts(request, people)), accessory=logo),
        *map(_said, said),
    ]


def _ending(request: Request, people: People) -> list[Block]:
    if request.is_open:
        return []
    banner = _said(request_text.banner(request, people))
    reasons = filter(None, (request.decision_reason, request.platform_reason))
    return [banner, *(_said(quote(reason)) for reason in reasons)]


def _said(sentence: str) -> SectionBlock:
    # Expanded, because Slack otherwise folds long texts behind "See more", and the part of a
    # reason that is folded is the part nobody reads.
    return SectionBlock(text=mrkdwn(sentence), expand=True)


def _receipt_sentence(request: Request, people: People) -> str:
    waiting = request_text.waiting_for(request, people)
    after = f" and waits for {waiting}" if waiting else ""
    return f"*Submitted.* {request.ref} is under review{after}."


_ASKS = {Audience.REVIEWER: "asks you to approve", Audience.CHANNEL: "asks for approval of"}
_ENDED = {Status.APPROVED: "approved", Status.REJECTED: "rejected", Status.WITHDRAWN: "withdrew"}


def _fallback(request: Request, people: People, audience: Audience) -> str:
    named = request_text.named(request)
    if not request.is_open:
        by = request_text.decider(request, people) or "Somebody"
        return clip(f"{by} {_ENDED[request.status]} {named}", FALLBACK_LIMIT)
    if audience is Audience.SUBMITTER:
        waiting = (
            f": waiting for {request_text.waiting_for(request, people)}"
            if request.reviewers
            else ""
        )
        return clip(f"You submitted {named}{waiting}", FALLBACK_LIMIT)
    return clip(f"{who(request.submitted_by, people)} {_ASKS[audience]} {named}", FALLBACK_LIMIT)
