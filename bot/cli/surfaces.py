"""Every surface the bot draws, from the packaged sample: what `doctor --blocks` shows to Slack.

Some texts are long by one way of counting characters and short by another: what Slack says of them
settles how it counts.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.models.views import View

from blocks import (
    answer_form,
    approval_form,
    ask_form,
    calls,
    decision_form,
    digest,
    emergencies,
    emergency_form,
    export,
    filter_form,
    handing,
    hide_form,
    home,
    note_form,
    notices,
    paging,
    plainer,
    questions,
    queue,
    request_card,
    request_details,
    request_list,
    undelivered,
)
from blocks.message import Json, Message
from blocks.request_form import features, steps
from bot.sandbox import SAMPLE
from handlers.commands import SUBCOMMANDS
from store.domain import submission
from store.domain.approval_notes import Asking
from store.domain.bursts import Burst, Waiting
from store.domain.draft import Draft, values_of
from store.domain.export import Export, ExportState, Format
from store.domain.hidden import Written
from store.domain.lifecycle import Act
from store.domain.lists.query import ListQuery, Page, Scope
from store.domain.lists.queue import Place, Queue
from store.domain.notes import Note
from store.domain.questions import TEXT_LIMIT, Question
from store.domain.request import (
    Audience,
    Category,
    Environment,
    Person,
    PlatformAnswer,
    RejectionClass,
    Request,
    Status,
    Verdict,
    Vote,
)

Surface = tuple[str, Message | View]
"""What it is, and the finished message or view."""
_SUBMITTER, _REVIEWER = "U0SUBMITTER", "U0REVIEWERS"
_PEOPLE = {
    _SUBMITTER: Person(_SUBMITTER, "Erin Garcia"),
    _REVIEWER: Person(_REVIEWER, "Bob Reyes"),
}
_TABS = (Scope.APPROVALS, Scope.MINE, Scope.ALL)
_CHINESE, _EMOJI = "请说明隐私政策", "\N{PARTY POPPER}"


def surfaces(now: datetime) -> Iterator[Surface]:
    """All of them, drawn as of now."""
    waiting = {category: _sample(category, now) for category in Category}
    for request in waiting.values():
        yield from _of_one(request)
        yield f"reject form, {request.category.label}", decision_form.build(request)
        yield (
            f"emergency form, {request.category.label}",
            emergency_form.build(
                request, _PEOPLE, emergencies.afterwards(frozenset(), frozenset(), _PEOPLE)
            ),
        )
        yield f"hand-over form, {request.category.label}", handing.form(request)
        yield from _form(request)
    release = waiting[Category.RELEASE]
    for status in (Status.APPROVED, Status.REJECTED, Status.WITHDRAWN):
        yield from _of_one(_ended(release, status, now))
    yield from _told(release, now)
    yield from _lists(list(waiting.values()), now)
    yield from _questions(release, now)
    yield from _long(release, now)


def payload(surface: Message | View) -> tuple[str, Json]:
    """As blocks.validate takes it: the argument, and what goes into it."""
    if isinstance(surface, View):
        return "view", surface.to_dict()
    return "message", surface.payload()


def _of_one(request: Request) -> Iterator[Surface]:
    name = f"{request.category.label}, {request.status.label}"
    yield f"card, {name}", request_card.build(request, _PEOPLE, acts=frozenset(Act))
    yield f"receipt, {name}", request_card.receipt(request, _PEOPLE)
    yield f"card of who reviews no more, {name}", request_card.taken_away(request, _PEOPLE)
    yield f"details, {name}", request_details.build(request, _PEOPLE, frozenset(Act))


def _form(request: Request) -> Iterator[Surface]:
    draft = Draft("d1", _SUBMITTER, values_of(request))
    for step in steps.Step:
        yield f"form, {request.category.label}, step {step.number}", steps.build(draft, step)
    if draft.features:
        yield f"feature form, {request.category.label}", features.build(draft, 0)


def _told(release: Request, now: datetime) -> Iterator[Surface]:
    reviewer, several = _PEOPLE[_REVIEWER], [release] * digest.SHOWN
    for status in (Status.APPROVED, Status.REJECTED):
        yield f"outcome, {status.label}", notices.outcome(_ended(release, status, now), _PEOPLE)
    refused = replace(
        _ended(release, Status.APPROVED, now),
        platform_answer=PlatformAnswer.REFUSED,
        platform_answered_at=now,
        platform_reason="package expired",
    )
    told = notices.not_accepted(refused, _PEOPLE, reader=release.submitted_by, may_send=True)
    yield "not accepted", told
    alone = replace(_ended(release, Status.APPROVED, now), incident="https://incidents.example/7")
    yield "emergency", notices.emergency(alone, _PEOPLE, frozenset(Act))
    yield "card, emergency", request_card.build(alone, _PEOPLE, acts=frozenset(Act))
    yield "handed over", handing.notice(release, _REVIEWER, _PEOPLE)
    yield "card, not accepted", request_card.build(refused, _PEOPLE, may_send=True)
    long_open = replace(release, escalated_at=now, escalated_to=(_REVIEWER,))
    yield "card, called", request_card.call(long_open, _PEOPLE, may_decide=False)
    yield "card, others called", request_card.build(long_open, _PEOPLE)
    for status in (Status.APPROVED, Status.REJECTED, Status.WITHDRAWN):
        yield f"watched, {status.label}", notices.watched(_ended(release, status, now), _PEOPLE)
    yield "withdrawn", notices.withdrawn(_ended(release, Status.WITHDRAWN, now), _PEOPLE)
    yield "nudge", notices.nudge(_ended(release, Status.APPROVED, now))
    part, since = digest.Part(several, 37), now - timedelta(days=3)
    answers = ((_SUBMITTER, 2),)
    said = digest.build(*(reviewer, part, part, 99, _PEOPLE), answers=answers, since=since, now=now)
    yield "digest", said
    struck = digest.Part([_ended(release, Status.APPROVED, now), release], 1)
    said = digest.build(reviewer, struck, digest.Part(), 1, _PEOPLE, since=since, now=now)
    yield "digest, with what was decided since", said
    said = digest.build(
        *(reviewer, part, part, 99, _PEOPLE),
        emergencies=[alone] * 5,
        called=calls.Part([long_open] * 5, 37),
        since=since,
        now=now,
    )
    yield "digest, with calls and emergencies", said
    yield "reminder", digest.reminder(reviewer, part, _PEOPLE, now=now)
    waiting = [Waiting(each, None, 40, since) for each in Environment]
    gathered = Burst(1, _REVIEWER, Audience.REVIEWER, 99, waiting)
    yield "burst", digest.burst(gathered, _PEOPLE, now=now)
    calling = replace(gathered, audience=Audience.CALLED)
    yield "burst of calls", digest.burst(calling, _PEOPLE, now=now)
    yield "departure", notices.departure(_REVIEWER, several, 37, _PEOPLE)
    yield "not delivered", undelivered.build("the card", "C0REVIEWS01", "is_archived")
    yield "policy refused", notices.policy_refused("POLICY_FILE policy.toml: there is none.")
    yield "policies differ", notices.policies_differ()
    yield "help", notices.help([(each.example, each.meaning) for each in SUBCOMMANDS])
    yield "a sentence in a modal", notices.notice_view("Not possible", "Nothing was changed.")
    made = Export(1, _REVIEWER, ListQuery(), Format.CSV, ExportState.MAKING, now, rows=5)
    yield "export", export.build(made, _PEOPLE)


def _questions(release: Request, now: datetime) -> Iterator[Surface]:
    """Open, answered, and as long as they may be, in Chinese."""
    open_ = Question(1, _REVIEWER, now, (_CHINESE * TEXT_LIMIT)[:TEXT_LIMIT])
    answered = replace(open_, answer=open_.question, answered_at=now)
    yield "ask form", ask_form.build(release, _PEOPLE, ["Is the test account valid?"])
    yield "answer form", answer_form.build(release, open_, _PEOPLE)
    for name, question in (("open", open_), ("answered", answered)):
        asked = replace(release, questions=(question, question))
        yield f"card, {name} questions", request_card.build(asked, _PEOPLE)
        yield f"receipt, {name} questions", request_card.receipt(asked, _PEOPLE)
        yield f"details, {name} questions", request_details.build(asked, _PEOPLE, frozenset(Act))
        yield f"question, {name}", questions.to_submitter(release, question, _PEOPLE)
    noted = replace(release, notes=(Note(1, _REVIEWER, now, open_.question),))
    yield "card, a note", request_card.build(noted, _PEOPLE)
    yield "details, a note", request_details.build(noted, _PEOPLE, frozenset(Act))
    yield "note form", note_form.build(release)
    text = Written("question 1", "question 1", _REVIEWER, open_.question, sealed_in=2)
    yield "hide form", hide_form.build(release, text, _PEOPLE, asker=_REVIEWER)
    takes = replace(release, approve_note=Asking.REQUIRED)
    yield "approve form, with a note", approval_form.build([takes], _PEOPLE, from_card=True)
    votes = (Vote(_REVIEWER, 1, Verdict.APPROVE, now, note=open_.question),) * 2
    noted = replace(_ended(release, Status.APPROVED, now), votes=votes)
    yield "card, approved with notes", request_card.build(noted, _PEOPLE)
    yield "details, approved with notes", request_details.build(noted, _PEOPLE, frozenset(Act))
    yield "outcome, with notes", notices.outcome(noted, _PEOPLE)
    told = questions.to_asker(release, answered, _PEOPLE, may_decide=True)
    yield "question answered, to who asked", told
    waiting = replace(release, questions=(open_,) * questions.REMINDED)
    yield "questions of a working day", questions.reminder([waiting], _PEOPLE)
    yield "question not delivered", questions.unreached(release, open_, _PEOPLE)


def _lists(requests: list[Request], now: datetime) -> Iterator[Surface]:
    page, query = Page(tuple(requests), 37, len(requests)), ListQuery(Scope.ALL)
    yield "list", request_list.build(query, page, _PEOPLE, now=now)
    yield "filter form", filter_form.build(filter_form.Origin(query, now))
    begun = Queue(query, now, place=Place(0, now, requests[0].id))
    yield "queue", queue.build(begun, requests[0], _PEOPLE, 37)
    yield "approve form", approval_form.build(requests[:2], _PEOPLE)
    counts = dict.fromkeys(Status, 5)
    for scope in _TABS:
        shown = home.Shown(paging.opening(scope), page, _PEOPLE, _TABS, counts)
        yield f"Home, {scope.label}", home.build(shown, now=now)
        some = page.requests[:5]
        shown = replace(shown, unreviewed=some, called=calls.Part(some, 37))
        yield f"Home, {scope.label}, calls and emergencies", home.build(shown, now=now)


def _long(release: Request, now: datetime) -> Iterator[Surface]:
    """The same number of characters, and ever more bytes; then the ways out."""
    for name, words in (("Latin", "word "), ("Chinese", _CHINESE), ("emoji", _EMOJI)):
        reason = (words * 2000)[:2000]
        ended = replace(_ended(release, Status.REJECTED, now), decision_reason=reason)
        card = request_card.build(ended, _PEOPLE)
        yield f"card, a reason of 2,000 characters, {name}", card
        *_, clipped, words_alone = plainer.messages(card, "")
        yield f"card, clipped, {name}", clipped
    yield "card, without blocks", words_alone


def _ended(request: Request, status: Status, now: datetime) -> Request:
    by = _SUBMITTER if status is Status.WITHDRAWN else _REVIEWER
    why: dict[str, Any] = {}
    if status is Status.REJECTED:
        reason = "The privacy text names no contact."
        why = {"rejection_class": RejectionClass.PRIVACY, "decision_reason": reason}
    return replace(request, status=status, decided_by=by, completed_on=now, **why)


def _sample(category: Category, now: datetime) -> Request:
    """The first request of this category in the packaged sample, waiting."""
    lines = map(json.loads, SAMPLE.read_text("utf-8").splitlines())
    found = next(line for line in lines if line["category"] == category.value)
    read = submission.read({**found, "created_at": None}, now=now)
    return Request(
        id=128,
        revision=1,
        external_id=read.external_id,
        category=category,
        title=read.title,
        mini_program_id=read.mini_program.id,
        mini_program_name=read.mini_program.name,
        environment=read.environment,
        version=read.version,
        submitted_by=_SUBMITTER,
        created_at=now - timedelta(days=2),
        details=read.details,
        reviewers=(_REVIEWER,),
    )
