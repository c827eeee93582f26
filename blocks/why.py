"""`/mp-requests why`: who may decide, whether the asker can, who was told when, what comes next."""

from slack_sdk.models.blocks import Block, SectionBlock

from blocks import absence, buttons, notices, request_text, timeline
from blocks.message import FALLBACK_LIMIT, Message
from blocks.text import SECTION_LIMIT, clip, date, line, mrkdwn, who
from store.domain import release_stages
from store.domain.explanation import Delivery, Why
from store.domain.request import Audience, Request

SHOWN = 10
"""How many people one paragraph names; the rest it counts."""


def build(why: Why, *, refusal: str = "") -> Message:
    """The answer; `refusal` is the finished sentence on why the asker cannot decide."""
    request = why.request
    parts = (
        f"*{request_text.title(request)}* · {request.ref}\n"
        f"{request_text.standing(request, why.people)}",
        _deciding(why, refusal),
        _telling(why),
        f"*What happens next*\n{_next(why)}",
    )
    return Message(
        clip(
            f"Why {request_text.named(request)} · {request.ref} stands where it does",
            FALLBACK_LIMIT,
        ),
        (*map(_section, parts), buttons.row(buttons.details(request))),
    )


def _deciding(why: Why, refusal: str) -> str:
    request = why.request
    if not request.is_open:
        by = request_text.decider(request, why.people) or "nobody we know"
        said = f"Nobody any more: it was {request.status.label.lower()} by {by}."
        alone = request_text.emergency(request, why.people)
        said += f"\n{alone}" if alone else ""
    elif why.deciders:
        said = f"{_named(why.deciders, why)}.{_away(why)}{_who_has_it(why)}"
    else:
        said = (
            "Nobody at the moment: whoever was asked is no reviewer any more. "
            "An admin can set `reviewers` in the policy file."
        )
    if why.policy_of:
        said += f" By the policy of {date(why.policy_of)}."
    you = "You can: the card and the details have the buttons." if not why.denial else refusal
    return f"*Who may decide*\n{said}\n{you}" if request.is_open else f"*Who may decide*\n{said}"


def _away(why: Why) -> str:
    """A sentence of each reviewer who is away; they may decide all the same."""
    return "".join(
        f" {who(user, why.people)} is {absence.period(away.absence)}"
        + (f"; {who(away.stand_in, why.people)} stands in." if away.stand_in else ".")
        for user, away in list(why.request.away.items())[:SHOWN]
    )


def _who_has_it(why: Why) -> str:
    testing = request_text.testing(why.request, why.people)
    handed = request_text.handed(why.request, why.people)
    said = f" {testing}; others may decide it all the same." if testing else ""
    return f"{said}\n{handed}" if handed else said


def _telling(why: Why) -> str:
    shown = [_copy(copy, why) for copy in why.deliveries[:SHOWN]]
    if len(why.deliveries) > SHOWN:
        shown.append(f"and {len(why.deliveries) - SHOWN:,} more")
    reminded = [f"⏰ {who(user, why.people)} was reminded {date(at)}" for user, at in why.reminded]
    return "\n".join(["*Who was told*", *shown, *reminded[:SHOWN]])


def _copy(copy: Delivery, why: Why) -> str:
    named = (
        f"<#{copy.recipient}>"
        if copy.audience is Audience.CHANNEL
        else who(copy.recipient, why.people)
    )
    role = {
        Audience.SUBMITTER: " (submitter)",
        Audience.REVIEWER: " (reviewer)",
        Audience.CALLED: " (called)",
        Audience.EMERGENCY: " (the emergency)",
    }
    return f"{named}{role.get(copy.audience, '')} · {_when(copy)}"


def _when(copy: Delivery) -> str:
    if copy.failed:
        return f"could not be told: {line(copy.failed, 120)}"
    when = date(copy.at) if copy.at else "on its way"
    return f"in one message with others, {when}" if copy.gathered else when


def _next(why: Why) -> str:
    request = why.request
    if request.is_open and request.is_staged:
        ahead = request.terms.stages[request.stage :]
        then = f" Then “{line(ahead[0].name, 80)}” opens." if ahead else ""
        by_rule = f"By the rule “{line(request.terms.rule, 80)}”. " if request.terms.rule else ""
        return (
            f"{by_rule}{request_text.stages(request, why.people)}\n"
            f"One rejection ends the review; an approval counts as one vote.{then} "
            f"{_reminding(why)}{_escalation(request)}"
        )
    if request.is_open:
        return (
            "The first decision ends the review, and the submitter hears it at once. Until then it "
            f"is in its reviewers' digest. {_reminding(why)}{_escalation(request)}"
        )
    if request.release_stage:
        able = [stage.label for stage in release_stages.possible(request)]
        where = f"It is in {timeline.next_stage(request)}."
        return f"{where} Then: {' or '.join(able)}." if able else f"{where} That is final."
    return notices.next_step(request)


def _reminding(why: Why) -> str:
    if why.is_late:
        since = date(why.remind_at)
        return f"Overdue since {since}; reviewers are reminded each working morning."
    return f"Reviewers are reminded from {date(why.remind_at)} on."


def _escalation(request: Request) -> str:
    if request.escalated_at or not request.escalate_at:
        return ""
    return f" If nobody has decided it by {date(request.escalate_at)}, others are called."


def _named(users: tuple[str, ...], why: Why) -> str:
    shown = [who(user, why.people) for user in users[:SHOWN]]
    more = f" and {len(users) - SHOWN:,} more" if len(users) > SHOWN else ""
    return ", ".join(shown) + more


def _section(sentence: str) -> Block:
    return SectionBlock(text=mrkdwn(clip(sentence, SECTION_LIMIT)), expand=True)
