"""The card of a request: what a reviewer decides from, and the submitter's own copy.

What must stay true: a card is drawn from the record alone, so any copy can be drawn again at any
time. The first line says what is asked and how bad a mistake is; what one decides by comes next at
full size, what identifies the request last and small. After the end it shrinks to how it ended.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from slack_sdk.models.blocks import Block, ContextBlock, SectionBlock

from blocks import approval_notes, buttons, notes, questions, request_text, timeline
from blocks.message import FALLBACK_LIMIT, Message
from blocks.text import clip, mrkdwn, plural, who
from store.domain.evidence import NO_EVIDENCE
from store.domain.lifecycle import Act
from store.domain.request import Audience, People, Request, Status

REASON_SHOWN = 300
"""Ours: characters of a reason on a decided card."""


def build(
    request: Request,
    people: People,
    *,
    may_decide: bool = True,
    may_ask: bool = True,
    may_send: bool = False,
    acts: AbstractSet[Act] = frozenset(),
    audience: Audience = Audience.REVIEWER,
) -> Message:
    """The card for those who decide, waiting or decided; `acts` are what else its reader may do."""
    if not request.is_open:
        is_unsent = may_send and request.is_refused_there
        row = [buttons.send_again(request)] if is_unsent else []
        row += [buttons.mark_reviewed(request)] if Act.MARK_REVIEWED in acts else []
        left = [buttons.row(*row)] if row else []
        ended = (*_ending(request, people), *notes.counted(request), *left)
        return Message(_fallback(request, people, audience), ended)
    row = [buttons.approve(request), buttons.reject(request)] if may_decide else []
    row += [buttons.ask(request)] if may_ask else []
    return Message(
        _fallback(request, people, audience),
        (
            *facts(request, people),
            *questions.folded(request, people),
            *notes.counted(request),
            buttons.row(*row, *buttons.more(request, acts | {Act.SEE})),
        ),
    )


def call(request: Request, people: People, *, may_decide: bool) -> Message:
    """The card of who is called to what nobody has decided: what happened so far, and whether they
    may decide it themselves.
    """
    named = request_text.named(request)
    waiting = request_text.waiting_for(request, people)
    alone = "Only they can decide it: you are called to get it moving."
    able = "You can decide it too." if may_decide else alone
    whom = f" It is waiting for {waiting}. {able}" if waiting else ""
    hours = request.terms.escalate_after_hours
    long = f"in {plural(hours, 'working hour')}" if hours else "for long"
    why = _said(f"📣 *You are called: nobody has decided this {long}.*{whom}")
    row = [buttons.approve(request), buttons.reject(request)] if may_decide else []
    row += buttons.approve_with_note(request, buttons.APPROVE_WITH_NOTE) if may_decide else []
    return Message(
        clip(f"You are called to {named}: nobody has decided it {long}", FALLBACK_LIMIT),
        (
            why,
            *facts(replace(request, escalated_at=None), people),
            *questions.folded(request, people),
            _said(timeline.so_far(request, people)),
            buttons.row(*row, buttons.details(request)),
        ),
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
    bare = replace(request, evidence=NO_EVIDENCE)
    shown = facts(bare, people) if request.is_open else [_said(named)]
    where = "shown here" if audience is Audience.CHANNEL else "yours to review"
    fallback = f"No longer {where}: {request_text.named(request)}"
    return Message(clip(fallback, FALLBACK_LIMIT), (_said(why), *shown))


def receipt(request: Request, people: People) -> Message:
    """The submitter's own copy: whom it waits for, and the way back while there is one."""
    fallback = _fallback(request, people, Audience.SUBMITTER)
    if request.is_open:
        sent = _said(f"📨 {_receipt_sentence(request, people)}")
        way_back = buttons.row(buttons.withdraw(request), buttons.details(request))
        asked = questions.folded(request, people, may_answer=True)
        return Message(fallback, (sent, *facts(request, people), *asked, way_back))
    row = [buttons.row(buttons.again(request))] if request.came_to_nothing else []
    return Message(fallback, (*_ending(request, people), *row))


def facts(request: Request, people: People) -> list[Block]:
    """What one decides by, and last what tells it from others; forms that ask show the same."""
    asked = (
        request_text.headline(request),
        request_text.what(request),
        request_text.stages(request, people),
    )
    said = filter(
        None,
        (
            request_text.warning(request),
            request_text.standing_in(request, people),
            request_text.called(request, people),
            request_text.testing(request, people),
            request_text.handed(request, people),
            request_text.remarks(request, people),
        ),
    )
    return [
        SectionBlock(
            text=mrkdwn("\n".join(filter(None, asked))),
            accessory=request_text.logo(request),
            expand=True,
        ),
        *_evidence(request),
        *map(_said, said),
        ContextBlock(elements=[mrkdwn(request_text.small(request, people))]),
    ]


def _evidence(request: Request) -> list[Block]:
    there, links = request_text.test_version(request), request_text.evidence(request)
    opens = buttons.preview(request)
    shown = [SectionBlock(text=mrkdwn(there), accessory=opens, expand=True)] if there else []
    return [*shown, *([_said(links)] if links else [])]


def _ending(request: Request, people: People) -> list[Block]:
    """How it ended; the beginning of why, since the rest is in the details."""
    ended = SectionBlock(
        text=mrkdwn(request_text.ending(request, people)), accessory=buttons.details(request)
    )
    alone = filter(None, [request_text.emergency(request, people)])
    reasons = filter(None, (request.decision_reason, request.platform_reason))
    quoted = (request_text.quote(request, each, REASON_SHOWN) for each in reasons)
    why = (SectionBlock(text=mrkdwn(each)) for each in quoted)
    said = (*map(_said, alone), *why, *approval_notes.folded(request, people))
    return [ended, *said, *questions.folded(request, people)]


def _said(sentence: str) -> SectionBlock:
    # Expanded, because Slack otherwise folds long texts behind "See more", and the part of a
    # reason that is folded is the part nobody reads.
    return SectionBlock(text=mrkdwn(sentence), expand=True)


def _receipt_sentence(request: Request, people: People) -> str:
    waiting = request_text.waiting_for(request, people)
    waiting = "your answer" if request.rest else waiting
    after = f" and is waiting for {waiting}" if waiting else ""
    return f"*Submitted.* {request.ref} is under review{after}."


_ASKS = {
    Audience.REVIEWER: "asks you to approve",
    Audience.CHANNEL: "asks for approval of",
    Audience.CALLED: "asks for approval of",
    Audience.EMERGENCY: "asks for approval of",
}
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
