"""What people see of every category in every status, kept as JSON to paste into Block Kit Builder.

`GOLDEN=renew pytest tests/blocks/test_golden.py` draws the files anew; their diff is then read
like any other change.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from blocks import (
    answer_form,
    approval_form,
    ask_form,
    decision_form,
    emergencies,
    emergency_form,
    filter_form,
    handing,
    home,
    note_form,
    notices,
    paging,
    questions,
    queue,
    request_card,
    request_details,
)
from blocks import request_list as listing
from bot.sandbox.limits import message_problems, view_problems
from store.domain.approval_notes import Asking
from store.domain.evidence import Evidence, Exhibit
from store.domain.lifecycle import Act
from store.domain.lists.query import Cursor, Filter, ListQuery, Page, Scope, Sort
from store.domain.lists.queue import Place, Queue
from store.domain.notes import Note
from store.domain.questions import Question
from store.domain.request import (
    Category,
    Environment,
    HandOver,
    PlatformAnswer,
    Predecessor,
    Request,
    Status,
    Verdict,
    Vote,
)
from store.domain.rest import Rest
from store.domain.terms import Stage, Terms
from tests.cast import ALICE, BOB, CAROL, NOW, PEOPLE, sample_of
from tests.harness_blocks import in_status

GOLDEN = Path(__file__).parent / "golden"
DECIDES = frozenset({Act.SEE, Act.APPROVE, Act.REJECT})
TABS = (Scope.APPROVALS, Scope.MINE, Scope.ALL)
Json = dict[str, Any]


def shown(category: Category, status: Status) -> Request:
    """The sample's first request of the category, in that status."""
    sample = sample_of(category)
    return in_status(
        status,
        category=category,
        title=sample["title"],
        mini_program_id=sample["mini_program"]["id"],
        mini_program_name=sample["mini_program"]["name"],
        environment=Environment(sample["environment"]),
        version=sample.get("version"),
        details=sample["details"],
    )


def second_try() -> Request:
    """A release with one before it on its target, a rejected try, and a warning."""
    request = shown(Category.RELEASE, Status.UNDER_REVIEW)
    older = {**request.details, "version": "3.2.3", "tagline": "Pay bills", "whitelist": []}
    release = Predecessor(100, Category.RELEASE, "3.2.3", Status.APPROVED, NOW, details=older)
    last = {**request.details, "description": "Pay bills."}
    reason = "The privacy text names no contact."
    rejected = Predecessor(
        110,
        Category.RELEASE,
        "3.2.4",
        Status.REJECTED,
        NOW,
        decision_reason=reason,
        details=last,
    )
    warnings = ("3.2.4 was rejected here before (MP-110)",)
    return replace(request, base=release, predecessor=rejected, attempt=2, warnings=warnings)


def with_evidence(request: Request) -> Request:
    """The same with a test version and four links, of which one may not be followed, and with one
    in a question; the try before had none.
    """
    exhibits = (
        Exhibit("Test report", "https://jira.example.com/browse/QA-324"),
        Exhibit("Security review", "https://wiki.example.com/security/bills-pay"),
        Exhibit("Old page", "http://wiki.example.com/old"),
        Exhibit("", "https://xn--mnchen-3ya.example.com/video?id=7"),
    )
    shown_at = "https://preview.example.com/bills-pay"
    asked = Question(1, BOB, NOW, "Is https://jira.example.com/browse/QA-325 part of it?")
    return replace(
        request,
        evidence=Evidence(exhibits, shown_at, f"{shown_at}.png"),
        questions=(asked,),
        link_hosts=("example.com",),
    )


def of_evidence() -> Iterator[tuple[str, Json]]:
    """Where the evidence of a request stands."""
    request = with_evidence(second_try())
    yield "mini_program_release/evidence_card", request_card.build(request, PEOPLE).payload()
    details = request_details.build(request, PEOPLE, DECIDES)
    yield "mini_program_release/evidence_details", details.to_dict()


def of_one_request() -> Iterator[tuple[str, Json]]:
    """Cards, receipts and details of every category in every status."""
    for category in Category:
        for status in Status:
            request, name = shown(category, status), f"{category.value}/{status.value}"
            details = request_details.build(request, PEOPLE, DECIDES)
            yield f"{name}_card", request_card.build(request, PEOPLE).payload()
            yield f"{name}_receipt", request_card.receipt(request, PEOPLE).payload()
            yield f"{name}_details", details.to_dict()
        waiting = shown(category, Status.UNDER_REVIEW)
        yield f"{category.value}/reject_form", decision_form.build(waiting).to_dict()
    again = second_try()
    begun = Queue(paging.opening(Scope.APPROVALS), NOW, 3, 1, place=Place(0, NOW, 128))
    told = ["✅ *This request is approved.*\nMP-3"]
    drawn = queue.build(begun, again, PEOPLE, 52, told=told)
    yield "mini_program_release/queue", drawn.to_dict()
    yield "mini_program_release/queue_ended", queue.ended(begun, told=told).to_dict()
    yield "mini_program_release/second_try_card", request_card.build(again, PEOPLE).payload()
    details = request_details.build(again, PEOPLE, DECIDES)
    yield "mini_program_release/second_try_details", details.to_dict()
    tested = replace(shown(Category.RELEASE, Status.UNDER_REVIEW), tester=BOB, testing_since=NOW)
    card = request_card.build(tested, PEOPLE, acts=DECIDES | {Act.TEST})
    yield "mini_program_release/tested_card", card.payload()
    details = request_details.build(tested, PEOPLE, DECIDES | {Act.LET_GO})
    yield "mini_program_release/tested_details", details.to_dict()
    given = (HandOver(1, CAROL, BOB, NOW),)
    handed = replace(shown(Category.RELEASE, Status.UNDER_REVIEW), handed=given)
    card = request_card.build(handed, PEOPLE, acts=DECIDES | {Act.HAND, Act.EMERGENCY})
    yield "mini_program_release/handed_card", card.payload()
    yield "mini_program_release/hand_form", handing.form(handed).to_dict()
    then = emergencies.afterwards({CAROL}, {CAROL}, PEOPLE)
    form = emergency_form.build(handed, PEOPLE, then)
    yield "mini_program_release/emergency_form", form.to_dict()
    alone = replace(
        shown(Category.RELEASE, Status.APPROVED),
        incident="https://incidents.example/7",
        decision_reason="Payments are down for everybody.",
    )
    reviewable = request_card.build(alone, PEOPLE, acts=DECIDES | {Act.MARK_REVIEWED})
    yield "mini_program_release/emergency_card", reviewable.payload()
    details = request_details.build(alone, PEOPLE, DECIDES | {Act.MARK_REVIEWED})
    yield "mini_program_release/emergency_details", details.to_dict()
    message = notices.emergency(alone, PEOPLE, DECIDES)
    yield "mini_program_release/emergency_told", message.payload()
    refused = replace(
        shown(Category.RELEASE, Status.APPROVED),
        platform_answer=PlatformAnswer.REFUSED,
        platform_answered_at=NOW,
        platform_reason="package expired",
    )
    sendable = request_card.build(refused, PEOPLE, may_send=True)
    yield "mini_program_release/not_accepted_card", sendable.payload()
    details = request_details.build(refused, PEOPLE, DECIDES | {Act.SEND})
    yield "mini_program_release/not_accepted_details", details.to_dict()
    message = notices.not_accepted(refused, PEOPLE, reader=refused.submitted_by, may_send=False)
    yield "mini_program_release/not_accepted_told", message.payload()
    plain = shown(Category.RELEASE, Status.REJECTED)
    view = request_details.build(plain, PEOPLE, DECIDES, pictures=False)
    yield "mini_program_release/rejected_details_plain", view.to_dict()


OPEN = Question(3, CAROL, NOW, "Who tests it?")
ANSWERED = Question(2, BOB, NOW, "Which agreement\ncovers this?", "The one of 3 May.", NOW)
CLOSED = Question(1, BOB, NOW, "Is it live already?", closed_by=BOB, closed_at=NOW)


def of_questions() -> Iterator[tuple[str, Json]]:
    """Open, answered and closed ones on cards and in details of every status, notes, the forms."""
    for status in Status:
        last = OPEN if status is Status.UNDER_REVIEW else replace(OPEN, closed_at=NOW)
        request = replace(
            shown(Category.RELEASE, status),
            questions=(CLOSED, ANSWERED, replace(last, is_closable=last.is_open)),
            questions_asked=3,
            questions_open=int(last.is_open),
            rest=Rest(NOW, {}) if last.is_open else None,
        )
        name = f"questions/{status.value}"
        details = request_details.build(request, PEOPLE, DECIDES | {Act.ASK})
        yield f"{name}_card", request_card.build(request, PEOPLE).payload()
        yield f"{name}_receipt", request_card.receipt(request, PEOPLE).payload()
        yield f"{name}_details", details.to_dict()
        yield f"{name}_asked", questions.to_submitter(request, last, PEOPLE).payload()
    waiting = shown(Category.RELEASE, Status.UNDER_REVIEW)
    said = (Note(1, BOB, NOW, "The test account\nworks."), Note(2, CAROL, NOW, "Here too."))
    noted = replace(waiting, notes=said)
    yield "notes/card", request_card.build(noted, PEOPLE).payload()
    yield "notes/details", request_details.build(noted, PEOPLE, DECIDES | {Act.NOTE}).to_dict()
    yield "notes/form", note_form.build(waiting).to_dict()
    ready = ("Which merchant agreement covers this?", "Is the test account valid?")
    yield "questions/ask_form", ask_form.build(waiting, PEOPLE, ready).to_dict()
    yield "questions/answer_form", answer_form.build(waiting, OPEN, PEOPLE).to_dict()
    told = questions.to_asker(waiting, ANSWERED, PEOPLE, may_decide=True)
    yield "questions/answered", told.payload()
    asked = replace(waiting, questions=(OPEN, OPEN))
    yield "questions/reminder", questions.reminder([asked], PEOPLE).payload()
    yield "questions/answered_by_you", questions.to_submitter(waiting, ANSWERED, PEOPLE).payload()
    yield "questions/unreached", questions.unreached(waiting, OPEN, PEOPLE).payload()


def of_approval_notes() -> Iterator[tuple[str, Json]]:
    """Where the policy takes a note with an approval, and where one was given."""
    waiting = shown(Category.RELEASE, Status.UNDER_REVIEW)
    takes = replace(waiting, approve_note=Asking.OPTIONAL)
    wants = replace(waiting, approve_note=Asking.REQUIRED)
    yield "approval_notes/card", request_card.build(takes, PEOPLE, acts=DECIDES).payload()
    wanting = request_card.build(wants, PEOPLE, acts=DECIDES).payload()
    yield "approval_notes/wanted_card", wanting
    yield "approval_notes/form", approval_form.build([takes], PEOPLE, from_card=True).to_dict()
    begun = Queue(paging.opening(Scope.APPROVALS), NOW, place=Place(0, NOW, 128))
    yield "approval_notes/queue", queue.build(begun, takes, PEOPLE, 2).to_dict()
    stages = (Stage("Product", 1), Stage("Compliance", 1))
    said = ("The test account\nworks.", "Go live after 9 Dec. " * 20)
    votes = tuple(
        Vote(by, number, Verdict.APPROVE, NOW, note=note)
        for number, (by, note) in enumerate(zip((BOB, CAROL), said, strict=True), 1)
    )
    approved = shown(Category.RELEASE, Status.APPROVED)
    approved = replace(approved, terms=Terms("Releases", stages), stage=2, votes=votes)
    details = request_details.build(approved, PEOPLE, DECIDES)
    yield "approval_notes/approved_card", request_card.build(approved, PEOPLE).payload()
    yield "approval_notes/approved_details", details.to_dict()
    yield "approval_notes/watched", notices.watched(approved, PEOPLE).payload()
    watching = request_details.build(replace(waiting, is_watched=True), PEOPLE, DECIDES)
    yield "mini_program_release/watched_details", watching.to_dict()
    yield "approval_notes/outcome", notices.outcome(approved, PEOPLE).payload()


def of_lists() -> Iterator[tuple[str, Json]]:
    """Lists and Homes of all categories in every status, empty ones, the filter form."""
    counts = dict.fromkeys(Status, 5)
    for status in Status:
        query = ListQuery(Scope.ALL, Filter(statuses=(status,)))
        rows = tuple(replace(shown(c, status), id=128 - n) for n, c in enumerate(Category))
        page = Page(rows, 37, 5, next=Cursor(NOW, 124, first=6))
        drawn = home.Shown(query, page, PEOPLE, TABS, counts)
        yield f"home/{status.value}", home.build(drawn, now=NOW).to_dict()
        yield f"list/{status.value}", listing.build(query, page, PEOPLE, now=NOW).payload()
    nothing = home.Shown(ListQuery(), Page((), 0, 0), PEOPLE, TABS[:2], {})
    waiting = replace(nothing, query=paging.opening(Scope.APPROVALS))
    yield "home/empty_my_requests", home.build(nothing, now=NOW).to_dict()
    yield "home/empty_my_approvals", home.build(waiting, now=NOW).to_dict()
    filled = Filter((Status.APPROVED,), (Environment.SANDBOX,), tuple(Category), (ALICE,), "pay")
    for name, query in (
        ("empty", ListQuery()),
        ("filled", ListQuery(Scope.ALL, filled, Sort.COMPLETED_LAST)),
    ):
        origin = filter_form.Origin(query, NOW)
        yield f"filter_form/{name}", filter_form.build(origin).to_dict()


DRAWN = dict(
    [
        *of_one_request(),
        *of_evidence(),
        *of_questions(),
        *of_approval_notes(),
        *of_lists(),
    ]
)


@pytest.mark.parametrize("name", DRAWN)
def test_it_is_drawn_as_it_was(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    drawn = json.dumps(DRAWN[name], indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("GOLDEN") == "renew":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    diff = unified_diff(kept.splitlines(), drawn.splitlines(), "kept", "drawn now", lineterm="")
    assert kept == drawn, "\n".join([f"{name}; GOLDEN=renew keeps what is drawn now", *diff])


@pytest.mark.parametrize("name", DRAWN)
def test_slack_takes_what_is_kept(name: str) -> None:
    kept = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert (view_problems(kept) if "type" in kept else message_problems(kept)) == []


def test_nothing_is_kept_that_is_not_drawn() -> None:
    kept = {str(path.relative_to(GOLDEN).with_suffix("")) for path in GOLDEN.rglob("*.json")}
    assert kept == set(DRAWN)
