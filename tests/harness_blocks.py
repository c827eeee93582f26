"""Pure functions and snapshots: what the builders draw for one request, and how that reads.

Take it for rules, words and layout: what a request in any status, or one full of hostile text,
looks like on a screen in Manila. Nothing here needs a database, a loop or Slack.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from slack_sdk.models.views import View

from blocks import (
    answer_form,
    approval_form,
    ask_form,
    calls,
    decision_form,
    digest,
    notices,
    questions,
    request_card,
    request_details,
)
from blocks.message import Message
from blocks.request_form import steps
from bot.sandbox import screen
from store.domain.approval_notes import Asking
from store.domain.draft import Draft, values_of
from store.domain.evidence import Evidence, Exhibit
from store.domain.lifecycle import Act
from store.domain.notes import Note
from store.domain.questions import TEXT_LIMIT, Question
from store.domain.request import Audience, Category, RejectionClass, Request, Status, Verdict, Vote
from tests.cast import ALICE, BOB, CAROL, NOW, PEOPLE, request, sample_of

EVERY_ACT = frozenset(Act)
HOSTILE = {
    "mentions": "<!channel> <@UALICE> <!subteam^S1|team>",
    "links": "<https://evil.example|Approve here> https://evil.example evil.example",
    "marks": "*bold* _italic_ ~gone~ `code` ```block``` > quote :fire:",
    "lines": "\n\n> first\n\r\n second\t\x00\x07\u202egnp.exe\u2028",
    "emoji": "👨‍👩‍👧🇵🇭👍🏽" * 40,
    "chinese": "小程序发布请求" * 60,
    "arabic": "برنامج صغير للدفع " * 30,
    "entities": "&<>" * 1700,
    "long": "words and words " * 312,
}


_LONGEST = f"https://a.example/{'&x' * 330}"
"""An address that is as long as a link may be."""


def ended(status: Status, **changes: Any) -> Request:
    """The request after its end, an hour after the story's now began."""
    by = ALICE if status is Status.WITHDRAWN else BOB
    reason = {}
    if status is Status.REJECTED:
        reason = {
            "rejection_class": RejectionClass.PRIVACY,
            "decision_reason": "The privacy text names no contact.",
        }
    given = {"decided_by": by, "completed_on": NOW - timedelta(hours=1), **reason, **changes}
    return request(status=status, revision=2, round=2, **given)


def in_status(status: Status, **changes: Any) -> Request:
    """The request in any status."""
    return request(**changes) if status is Status.UNDER_REVIEW else ended(status, **changes)


def of_category(category: Category) -> dict[str, Any]:
    """The changes that make the request one of the sample's of this category."""
    found = sample_of(category)
    return {"category": category, "details": found["details"], "title": found["title"]}


def hostile(category: Category, text: str) -> dict[str, Any]:
    """The changes that put `text` wherever a person or the platform may write."""
    feature = {"name": text, "version": text, "description": text, "status": text, "apis": [text]}
    details: dict[str, Any] = dict.fromkeys(category.spec.model.model_fields, text)
    details |= {"features": [feature] * 100, "keywords": [text] * 50, "more": {text[:50]: text}}
    return {
        "category": category,
        "details": details,
        "title": text[:150],
        "mini_program_name": text[:150],
        "version": text[:64],
        "questions": (
            Question(1, BOB, NOW, text, text, NOW),
            Question(2, BOB, NOW, text, is_closable=True),
            Question(3, BOB, NOW, (text * TEXT_LIMIT)[:TEXT_LIMIT]),
        ),
        "notes": (Note(1, BOB, NOW, text),),
        "votes": tuple(Vote(by, 1, Verdict.APPROVE, NOW, note=text) for by in (BOB, CAROL)),
        "approve_note": Asking.OPTIONAL,
        "evidence": Evidence(
            tuple(Exhibit(text[:150], url) for url in (text[:300], _LONGEST)),
            _LONGEST,
            text[:2000],
        ),
    }


def messages(shown: Request) -> Iterator[Message]:
    """Every message that is about one request."""
    people = PEOPLE
    for audience in Audience:
        yield request_card.build(shown, people, audience=audience)
    yield request_card.build(shown, people, may_decide=False)
    yield request_card.receipt(shown, people)
    called = replace(shown, escalated_at=NOW, escalated_to=(BOB, CAROL, ALICE))
    yield request_card.build(called, people)
    for may_decide in (True, False):
        yield request_card.call(called, people, may_decide=may_decide)
    part, since = digest.Part([shown] * 12, 37), NOW - timedelta(days=1)
    yield digest.build(people[BOB], part, part, 99, people, since=since, now=NOW)
    yield digest.build(
        *(people[BOB], part, part, 99, people),
        emergencies=[shown] * 5,
        called=calls.Part([shown] * 5, 37),
        since=since,
        now=NOW,
    )
    yield digest.reminder(people[BOB], digest.Part([shown], 1), people, now=NOW)
    yield notices.outcome(shown, people)
    yield notices.withdrawn(shown, people)
    yield notices.watched(shown, people)
    for question in shown.questions:
        yield questions.to_submitter(shown, question, people)
        yield questions.to_asker(shown, question, people, may_decide=True)
        yield questions.unreached(shown, question, people)


def views(shown: Request) -> Iterator[View]:
    """Every modal that is about one request."""
    yield request_details.build(shown, PEOPLE, EVERY_ACT)
    yield request_details.build(shown, PEOPLE, frozenset())
    yield approval_form.build([shown], PEOPLE)
    yield decision_form.build(shown, reason=str(shown.decision_reason or ""))
    yield ask_form.build(shown, PEOPLE, [question.question[:150] for question in shown.questions])
    for question in shown.questions:
        yield answer_form.build(shown, question, PEOPLE)
    draft = Draft("d1", shown.submitted_by, values_of(shown), shown)
    for step in steps.Step:
        yield steps.build(draft, step)


def name_of(user_id: str) -> str:
    """A person's name, as the sandbox's screen asks for it."""
    return PEOPLE[user_id].name if user_id in PEOPLE else user_id


def words(shown: Message | View) -> str:
    """What a reader in Manila sees."""
    payload: Mapping[str, Any] = shown.payload() if isinstance(shown, Message) else shown.to_dict()
    return screen.text(payload, names=name_of, reader_tz="Asia/Manila", now=NOW)
