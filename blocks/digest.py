"""What gathers several waiting requests into one message: the morning digest and the reminder.

One message a reviewer, however much waits: ten requests at most, oldest first, then a count.
"""

from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, ContextBlock, SectionBlock

from blocks import buttons, request_text
from blocks.message import FALLBACK_LIMIT, Message
from blocks.text import age, clip, line, mrkdwn, plural, who
from store.domain.clock import zone_of
from store.domain.request import People, Person, Request

SHOWN = 10
"""Ours: more than this is a list, and the list is one button away."""


def build(
    reviewer: Person, requests: Sequence[Request], total: int, people: People, *, now: datetime
) -> Message:
    """The digest: a greeting by the reviewer's own clock and what waits, oldest first."""
    greeting = f"Good {_daytime(reviewer, now)}, {line(reviewer.name, 80)}."
    return _gathered(f"{greeting} {_waiting(requests, total, now)}", requests, total, people, now)


def reminder(
    reviewer: Person, requests: Sequence[Request], total: int, people: People, *, now: datetime
) -> Message:
    """The reminder: the requests that have waited too long, and for how long."""
    opening = f"⏰ {line(reviewer.name, 80)}, a reminder: {_waiting(requests, total, now)}"
    return _gathered(opening, requests, total, people, now)


def _gathered(
    opening: str, requests: Sequence[Request], total: int, people: People, now: datetime
) -> Message:
    shown = _oldest_first(requests)[:SHOWN]
    rows = [_row(request, people, now) for request in shown]
    more = total - len(shown)
    rest: list[Block] = [ContextBlock(elements=[mrkdwn(f"and {more:,} more")])] if more > 0 else []
    open_all = buttons.link("Open My Approvals", buttons.LIST_APPROVALS)
    return Message(
        clip(opening, FALLBACK_LIMIT),
        (SectionBlock(text=mrkdwn(opening)), *rows, *rest, buttons.row(open_all)),
    )


def _row(request: Request, people: People, now: datetime) -> SectionBlock:
    mark = request_text.ENVIRONMENT_MARKS[request.environment]
    heading = f"{mark} *{request.ref} {line(request.title, 300)}*"
    rest = (
        request.environment.label,
        request.category.label,
        f"by {who(request.submitted_by, people)}",
        *([f"for {who(request.for_whom, people)}"] if request.for_whom else []),
        age(request.created_at, now),
    )
    return SectionBlock(
        text=mrkdwn(f"{heading}\n{' · '.join(rest)}"), accessory=buttons.details(request, "View")
    )


def _waiting(requests: Sequence[Request], total: int, now: datetime) -> str:
    if not requests:
        return "Nothing waits for you."
    waited = age(_oldest_first(requests)[0].created_at, now)
    if waited == "just now":
        return f"{plural(total, 'new request')} {'waits' if total == 1 else 'wait'} for you."
    if total == 1:
        return f"1 request has waited for you for {waited}."
    return f"{plural(total, 'request')} wait for you, the oldest for {waited}."


def _oldest_first(requests: Sequence[Request]) -> list[Request]:
    return sorted(requests, key=lambda request: (request.created_at, request.id))


def _daytime(reviewer: Person, now: datetime) -> str:
    hour = now.astimezone(zone_of(reviewer.timezone)).hour
    return "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
