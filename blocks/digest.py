"""What gathers waiting requests into one message: the digest of the morning, during the day a
reminder of what has waited long since, and at any time a burst of new ones.

One message a reviewer, however much waits: five rows of a part at most, the oldest first, then a
count. Each row leads to its request, and the whole to the queue. A burst is counts alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_sdk.models.blocks import Block, ContextBlock, SectionBlock

from blocks import buttons, calls, paging, questions, request_text
from blocks import emergencies as alone
from blocks.message import FALLBACK_LIMIT, Message
from blocks.notices import section
from blocks.text import age, clip, line, mrkdwn, ordinal, plural, who
from store.domain.bursts import Burst
from store.domain.clock import zone_of
from store.domain.lists.query import Scope
from store.domain.request import Audience, Environment, People, Person, Request

SHOWN = 5
"""Ours: more than this of a part is a list, and the queue is one button away."""

NO_LINKS: Mapping[int, str] = {}
"""Where the reader has no card of any, rows have their button alone."""
_LONG = timedelta(hours=1)
"""From when on it is said how long the oldest has waited."""


_NO_CALLS = calls.Part()


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the requests that wait, the oldest first, and how many wait; with those that waited
    when the digest came and were decided since.
    """

    requests: Sequence[Request] = ()
    count: int = 0


def build(
    reviewer: Person,
    overdue: Part,
    new: Part,
    total: int,
    people: People,
    *,
    emergencies: Sequence[Request] = (),
    called: calls.Part = _NO_CALLS,
    answers: Sequence[tuple[str, int]] = (),
    links: Mapping[int, str] = NO_LINKS,
    since: datetime,
    now: datetime,
) -> Message:
    """The digest: a greeting by the reviewer's own clock, what is overdue, what is new `since` the
    one before; first what was approved in an emergency, to who reviews it, and what the reader was
    called to; last for whose `answers` they wait, and how many. `links` lead from a row to the
    reader's own card.
    """
    waits = f"{plural(total, 'request')} {'is' if total == 1 else 'are'} waiting for you"
    if not total:
        waits = "Nothing is waiting for your decision."
    late = f" · *{overdue.count:,} overdue*" if overdue.count else ""
    greeting = f"Good {_daytime(reviewer, now)}, {_first_name(reviewer)}."
    return Message(
        clip(f"{greeting} {waits}{late.replace('*', '')}", FALLBACK_LIMIT),
        (
            SectionBlock(text=mrkdwn(f"*{greeting}* {waits}{late}")),
            *alone.unreviewed(emergencies, people),
            *calls.part(called, now),
            *([ways_on()] if total else []),
            *_part("Overdue", overdue, people, links, now),
            *_part(f"New since {_day(since, now, reviewer)}", new, people, links, now),
            *([section(questions.waited_for(answers, people))] if answers else []),
        ),
    )


def reminder(
    reviewer: Person,
    waiting: Part,
    people: People,
    *,
    links: Mapping[int, str] = NO_LINKS,
    now: datetime,
) -> Message:
    """What reminders have begun of since the digest, and for how long it has waited."""
    are = "request is" if waiting.count == 1 else "requests are"
    said = f"⏰ {_first_name(reviewer)}, {waiting.count:,} more {are} still waiting for you"
    return Message(
        clip(said, FALLBACK_LIMIT),
        (SectionBlock(text=mrkdwn(f"{said}.")), ways_on(), *_part("", waiting, people, links, now)),
    )


def burst(found: Burst, people: People, *, now: datetime) -> Message:
    """Many new requests: how many, what of them still waits where, and since when."""
    head, ways = _head(found), ways_on()
    if found.audience is Audience.CALLED:
        ways = buttons.row(calls.show())
    waiting = sum(each.count for each in found.waiting)
    if not waiting:
        said = f"*{head}:* none is waiting any more."
        return Message(f"{head}: none is waiting any more.", (SectionBlock(text=mrkdwn(said)),))
    where = ", ".join(
        f"{count:,} {environment.label}"
        for environment in Environment
        if (count := sum(w.count for w in found.waiting if w.environment is environment))
    )
    still = f"*{head}:*" if waiting == found.total else f"*{head}*, {waiting:,} still waiting:"
    oldest = min(each.since for each in found.waiting)
    waited = f" The oldest has waited {age(oldest, now)}." if now - oldest >= _LONG else ""
    lent: Counter[str] = Counter()
    for each in found.waiting:
        if each.for_whom:
            lent[each.for_whom] += each.count
    named = ", ".join(f"{n:,} for {who(user, people)}" for user, n in lent.most_common(3))
    in_place = f" Of these {named}." if named else ""
    said = f"{still} {where}.{in_place}{waited}"
    return Message(
        clip(f"{head}: {where}", FALLBACK_LIMIT), (SectionBlock(text=mrkdwn(said)), ways)
    )


def _head(found: Burst) -> str:
    if found.audience is Audience.CALLED:
        return f"📣 You are called to {plural(found.total, 'request')}, undecided for long"
    you = "" if found.audience is Audience.CHANNEL else " for you"
    return f"{plural(found.total, 'new request')}{you}"


def ways_on() -> Block:
    """The way into the queue of what waits, and to the list of it."""
    waiting = paging.encode(paging.opening(Scope.APPROVALS))
    return buttons.row(
        buttons.link(
            "Start reviewing",
            buttons.QUEUE_START,
            waiting,
            about=Scope.APPROVALS.label,
            marked=True,
        ),
        buttons.link("Open My Approvals", buttons.LIST_APPROVALS),
    )


def _part(
    heading: str, part: Part, people: People, links: Mapping[int, str], now: datetime
) -> list[Block]:
    if not part.requests:
        return []
    shown = sorted(part.requests, key=lambda request: (request.created_at, request.id))[:SHOWN]
    more = part.count - sum(request.is_open for request in shown)
    headed: list[Block] = [SectionBlock(text=mrkdwn(f"*{heading}*"))] if heading else []
    rest: list[Block] = [ContextBlock(elements=[mrkdwn(f"and {more:,} more")])] if more > 0 else []
    return [*headed, *(_row(request, people, links, now) for request in shown), *rest]


def _row(request: Request, people: People, links: Mapping[int, str], now: datetime) -> SectionBlock:
    mark = request_text.ENVIRONMENT_MARKS[request.environment]
    if not request.is_open:
        return SectionBlock(
            text=mrkdwn(
                f"{mark} ~{_title(request, links)}~ · {request_text.ended_by(request, people)}"
            )
        )
    attempt = f"{ordinal(request.attempt)} attempt" if request.attempt > 1 else ""
    facts = (
        f"{mark} *{_title(request, links)}*",
        request.environment.label,
        attempt,
        who(request.submitted_by, people),
        f"for {who(request.for_whom, people)}" if request.for_whom else "",
        f"{who(request.tester, people)} is testing" if request.tester else "",
        *(f"handed to you by {who(each.by, people)}" for each in request.handed),
        request_text.waits_for(request, people) if request.rest else "",
        age(request.created_at, now),
    )
    return SectionBlock(
        text=mrkdwn(" · ".join(filter(None, facts))), accessory=buttons.review(request)
    )


def _title(request: Request, links: Mapping[int, str]) -> str:
    title, card = line(request.title, 300), links.get(request.id)
    return f"<{card}|{title}>" if card else title


def _first_name(reviewer: Person) -> str:
    return line((reviewer.name.split() or [""])[0], 80)


def _day(since: datetime, now: datetime, reviewer: Person) -> str:
    """A day not long ago by the reviewer's calendar: "yesterday", "Friday"."""
    day, today = (each.astimezone(zone_of(reviewer.timezone)).date() for each in (since, now))
    return "yesterday" if (today - day).days == 1 else f"{day:%A}"


def _daytime(reviewer: Person, now: datetime) -> str:
    hour = now.astimezone(zone_of(reviewer.timezone)).hour
    return "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
