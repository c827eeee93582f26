"""The write path: what is stored, what is owed for it, and every way to hear no."""

import asyncio
from dataclasses import replace

import pytest

from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import RejectionClass, Request, Status, Verdict
from store.engine.database import Database
from store.messages import cards
from store.requests import read
from store.requests.decide import Decision, decide, examine
from store.requests.submit import NewRequest, Submitted
from store.requests.submit import submit as store_request
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    denial,
    history,
    new_submission,
    outbox_rows,
    own_requests,
    pending_keys,
    send_all,
    submit,
    vote,
    withdraw,
)

pytestmark = pytest.mark.databases_differ


async def now_of(db: Database, request: Request) -> Request:
    async with db.snapshot() as session:
        return await read.one(session, request.id)


def card_keys(request: Request) -> set[str]:
    names = [f"reviewer:{BOB}", f"reviewer:{CAROL}", "channel:CREVIEWS", f"submitter:{ALICE}"]
    return {f"card:{request.id}:{name}" for name in names}


async def test_a_submission_is_stored_as_it_was_handed_in(db: Database) -> None:
    handed = new_submission()
    answer = await store_request(db, NewRequest(handed, ALICE, NOW), POLICY)
    assert isinstance(answer, Submitted)
    assert answer.new
    stored = await now_of(db, answer.request)
    assert stored == answer.request
    assert (stored.title, stored.details) == (handed.title, handed.details)
    assert (stored.created_at, stored.reviewers) == (NOW, (BOB, CAROL))
    assert (stored.status, stored.revision) == (Status.UNDER_REVIEW, 1)


async def test_a_submission_without_a_time_is_of_now(db: Database) -> None:
    assert (await submit(db, created_at=None)).created_at == NOW


async def test_the_same_external_id_again_is_the_same_request(db: Database) -> None:
    first = await submit(db, external_id="apply-7")
    await send_all(db)
    changed = new_submission(external_id="apply-7", title="Another title")
    again = await store_request(db, NewRequest(changed, ALICE, NOW), POLICY)
    assert again == Submitted(first, new=False, unlike=("title", "version"))
    assert await pending_keys(db) == set(), "a repeated submission sends nothing"


async def test_ten_submissions_at_once_are_one_request(db: Database) -> None:
    handed = new_submission(external_id="apply-7")
    answers = await asyncio.gather(
        *(store_request(db, NewRequest(handed, ALICE, NOW), POLICY) for _ in range(10))
    )
    stored = [answer for answer in answers if isinstance(answer, Submitted)]
    assert sorted(answer.new for answer in stored) == [False] * 9 + [True]
    (request,) = {answer.request.id: answer.request for answer in stored}.values()
    assert await history(db, request) == [(1, "submitted", ALICE)]
    assert await pending_keys(db) == card_keys(request)


@pytest.mark.parametrize(
    "policy",
    [Policy(), Policy(reviewers=(ALICE,)), Policy(reviewers=("SGROUP",), admins=(ALICE,))],
    ids=["nobody configured", "only the submitter", "an empty group"],
)
async def test_what_nobody_could_decide_is_refused_and_leaves_nothing(
    db: Database, policy: Policy
) -> None:
    answer = await store_request(db, NewRequest(new_submission(), ALICE, NOW), policy)
    assert answer == Refused(Denial.NOBODY_CAN_DECIDE)
    assert await outbox_rows(db) == {}


async def test_without_reviewers_the_workspace_admins_get_the_cards(db: Database) -> None:
    request = await submit(db, policy=Policy(admins=(ADA,)))
    assert request.reviewers == (ADA,)
    assert accepted(await vote(db, request, ADA)).decided_by == ADA


async def test_a_submission_owes_every_copy_of_its_card(db: Database) -> None:
    request = await submit(db)
    assert await pending_keys(db) == card_keys(request)


async def test_the_end_owes_every_card_again_and_word_to_the_submitter(db: Database) -> None:
    request = await submit(db)
    await send_all(db)
    await vote(db, request, BOB)
    assert await pending_keys(db) == card_keys(request) | {f"outcome:{request.id}"}


async def test_a_withdrawal_owes_word_to_the_reviewers(db: Database) -> None:
    request = await submit(db)
    await send_all(db)
    await withdraw(db, request)
    word = {f"withdrawn:{request.id}:{user}" for user in (BOB, CAROL)}
    assert await pending_keys(db) == card_keys(request) | word


async def test_a_rejection_keeps_its_class_and_reason_in_vote_request_and_history(
    db: Database,
) -> None:
    request = await submit(db)
    why = {
        "rejection_class": RejectionClass.PRIVACY,
        "reason": "The privacy text names no contact.",
    }
    rejected = accepted(await vote(db, request, CAROL, Verdict.REJECT, round=1, **why))
    assert (rejected.status, rejected.completed_on) == (Status.REJECTED, NOW)
    assert (rejected.rejection_class, rejected.decision_reason) == tuple(why.values())
    (word,) = rejected.votes
    assert (word.reviewer, word.rejection_class, word.reason) == (CAROL, *why.values())
    assert await history(db, request) == [(1, "submitted", ALICE), (2, "rejected", CAROL)]


@pytest.mark.parametrize("reviewer", [BOB, CAROL, ADA])
async def test_any_reviewer_and_the_admin_may_approve(db: Database, reviewer: str) -> None:
    approved = accepted(await vote(db, await submit(db), reviewer, round=1))
    assert (approved.status, approved.decided_by) == (Status.APPROVED, reviewer)
    assert approved == await now_of(db, approved)


async def test_nobody_decides_their_own_request(db: Database) -> None:
    request = await submit(db, submitted_by=BOB)
    assert request.reviewers == (CAROL,)
    assert denial(await vote(db, request, BOB, round=1)) is Denial.OWN_REQUEST


async def test_the_policy_may_let_people_decide_their_own_request(db: Database) -> None:
    request = await submit(db, submitted_by=BOB, policy=own_requests())
    assert request.reviewers == (BOB, CAROL)
    assert accepted(await vote(db, request, BOB, policy=own_requests())).decided_by == BOB


@pytest.mark.parametrize("round", [0, 2, -1, 2**40])
async def test_another_round_than_the_current_one_is_stale(db: Database, round: int) -> None:
    request = await submit(db)
    assert denial(await vote(db, request, BOB, round=round)) is Denial.STALE
    assert denial(await withdraw(db, request, round=round)) is Denial.STALE
    assert await now_of(db, request) == request


async def test_a_late_click_hears_who_was_faster_and_changes_nothing(db: Database) -> None:
    request = await submit(db)
    approved = accepted(await vote(db, request, BOB, round=1))
    late = await vote(db, request, CAROL, Verdict.REJECT, round=1)
    assert late == Refused(Denial.CLOSED, request.id, approved)
    assert denial(await withdraw(db, request, round=1)) is Denial.CLOSED
    assert await now_of(db, request) == approved


async def test_a_late_click_redraws_the_clickers_card(db: Database) -> None:
    request = await submit(db)
    await vote(db, request, BOB)
    await show_everybody(db, request, revision=2)
    await vote(db, request, CAROL, round=1)
    assert await pending_keys(db) == {f"card:{request.id}:reviewer:{CAROL}"}


async def test_a_late_click_redraws_every_card_that_lags_behind(db: Database) -> None:
    request = await submit(db)
    await vote(db, request, BOB)
    await show_everybody(db, request, revision=1)
    await vote(db, request, CAROL, round=1)
    assert await pending_keys(db) == card_keys(request)


async def show_everybody(db: Database, request: Request, *, revision: int) -> None:
    """Everything is sent, and Slack shows this revision everywhere."""
    await send_all(db)
    async with db.transaction() as session:
        for key in card_keys(request):
            _, _, audience, recipient = key.split(":")
            card = await cards.find(session, request.id, audience, recipient, now=NOW)
            posted = replace(card, channel=f"D{recipient}", ts="1.0", shown_revision=revision)
            await cards.record_posted(session, [posted])


async def test_a_posted_card_is_edited_where_it_is(db: Database) -> None:
    request = await submit(db)
    await show_everybody(db, request, revision=1)
    await vote(db, request, BOB)
    lanes = {row.lane for row in (await outbox_rows(db)).values() if row.kind == "card"}
    assert lanes == {f"edit:{who}" for who in (ALICE, BOB, CAROL, "CREVIEWS")}


async def test_only_the_submitter_withdraws(db: Database) -> None:
    request = await submit(db)
    for user in (BOB, CAROL, ADA):
        assert denial(await withdraw(db, request, user)) is Denial.NOT_THE_SUBMITTER
    assert accepted(await withdraw(db, request)).status is Status.WITHDRAWN


async def test_what_mallory_may_not_see_does_not_exist_for_mallory(db: Database) -> None:
    request = await submit(db)
    for answer in (await vote(db, request, MALLORY), await withdraw(db, request, MALLORY)):
        assert answer == Refused(Denial.UNKNOWN, request.id)


async def test_mallory_clicking_a_card_in_the_channel_is_told_who_decides(db: Database) -> None:
    request = await submit(db)
    answer = await vote(db, request, MALLORY, round=1)
    assert answer == Refused(Denial.NOT_A_REVIEWER, request.id, request)
    await vote(db, request, BOB)
    assert denial(await vote(db, request, MALLORY, round=1)) is Denial.NOT_A_REVIEWER


async def test_where_no_channel_shows_it_a_click_of_a_stranger_learns_nothing(db: Database) -> None:
    request = await submit(db, policy=POLICY.model_copy(update={"channel": None}))
    assert denial(await vote(db, request, MALLORY, round=1)) is Denial.UNKNOWN


@pytest.mark.parametrize("request_id", [0, -1, 999, 2**63, 10**40])
async def test_there_is_no_such_request(db: Database, request_id: int) -> None:
    nothing = Decision(request_id, Act.WITHDRAW, ALICE, NOW)
    answer = await decide(db, nothing, POLICY)
    assert answer == Refused(Denial.UNKNOWN, request_id)


async def test_a_reviewer_who_lost_the_role_decides_nothing(db: Database) -> None:
    request = await submit(db)
    without_bob = POLICY.model_copy(update={"reviewers": (CAROL,)})
    assert denial(await vote(db, request, BOB, policy=without_bob)) is Denial.NOT_A_REVIEWER


async def test_a_reviewer_who_came_later_was_not_asked(db: Database) -> None:
    request = await submit(db)
    with_mallory = POLICY.model_copy(update={"reviewers": (BOB, CAROL, MALLORY)})
    assert denial(await vote(db, request, MALLORY, policy=with_mallory)) is Denial.NOT_A_REVIEWER


async def test_a_form_is_opened_only_for_what_may_still_be_done(db: Database) -> None:
    request = await submit(db)

    async def ask(actor: str, round: int | None = 1) -> Request | Refused:
        return await examine(db, Decision(request.id, Act.REJECT, actor, NOW, round), POLICY)

    assert await ask(BOB) == request
    assert denial(await ask(BOB, round=7)) is Denial.STALE
    assert denial(await ask(ALICE)) is Denial.OWN_REQUEST
    await vote(db, request, CAROL)
    await send_all(db)
    assert denial(await ask(BOB)) is Denial.CLOSED
    assert f"card:{request.id}:reviewer:{BOB}" in await pending_keys(db)
