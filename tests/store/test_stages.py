"""Rules of the policy: stages that open one after the other, and how many votes each needs."""

import asyncio
from collections import Counter

import pytest
from sqlmodel import col, select

from store import groups, people
from store.domain.absences import Leave
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.lists.query import ListQuery, Scope
from store.domain.policy import Policy
from store.domain.request import Request, Status, Verdict
from store.engine.database import Database
from store.messages import homes, reminders, roles
from store.requests import read
from store.requests.away import go_away
from store.requests.decide import Decision, OnPlatform, decide, decide_batch
from store.requests.submit import NewRequest
from store.requests.submit import submit as store_request
from store.tables import AssignmentRow
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import (
    accepted,
    denial,
    findings,
    history,
    new_submission,
    pending_keys,
    replicas,
    send_all,
    submit,
    vote,
    withdraw,
)

DAN, ERIN = "UDAN", "UERIN"
CROWD = tuple(f"UCROWD{number}" for number in range(50))


def ruled(stages: str, more: str = "", workspace: str = "") -> Policy:
    """Ada administers, Bob reviews for the workspace; Production goes by one rule."""
    return Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        reviewers = ["{BOB}"]
        {workspace}
        [[rules]]
        name = "Production"
        environment = ["production"]
        stages = [{stages}]
        {more}
    """)


TWO = ruled(
    f'{{name = "Product", reviewers = ["{CAROL}"]}},'
    f'{{name = "Compliance", reviewers = ["{DAN}", "{ERIN}"], needed = 2}}'
)


async def test_stages_open_one_after_the_other_and_the_last_vote_approves(db: Database) -> None:
    request = await submit(db, policy=TWO)
    assert request.assigned == {1: (CAROL,), 2: (DAN, ERIN)}
    assert await pending_keys(db) == {
        f"card:{request.id}:reviewer:{CAROL}", f"card:{request.id}:submitter:{ALICE}"
    }  # fmt: skip

    assert denial(await vote(db, request, DAN, policy=TWO)) is Denial.STAGE_TO_COME
    opened = accepted(await vote(db, request, CAROL, policy=TWO))
    assert (opened.status, opened.stage, opened.reviewers) == (
        Status.UNDER_REVIEW, 2, (DAN, ERIN)
    )  # fmt: skip
    assert {f"card:{request.id}:reviewer:{who}" for who in (DAN, ERIN)} <= await pending_keys(db)
    assert denial(await vote(db, request, CAROL, policy=TWO)) is Denial.STAGE_PASSED

    voted = accepted(await vote(db, request, DAN, policy=TWO))
    assert (voted.is_open, voted.revision, voted.round) == (True, 3, 2)
    assert denial(await vote(db, request, DAN, policy=TWO)) is Denial.VOTED
    approved = accepted(await vote(db, request, ERIN, policy=TWO))
    assert (approved.status, approved.decided_by) == (Status.APPROVED, ERIN)
    assert [kind for _, kind, _ in await history(db, request)] == [
        "submitted", "stage_passed", "voted", "approved"
    ]  # fmt: skip
    async with db.snapshot() as session:
        assert await read.one(session, request.id) == approved
    assert await findings(db, request) == ()


async def test_one_rejection_at_any_stage_ends_it(db: Database) -> None:
    request = await submit(db, policy=TWO)
    await vote(db, request, CAROL, policy=TWO)
    await vote(db, request, DAN, policy=TWO)
    ended = accepted(
        await vote(db, request, DAN, Verdict.REJECT, policy=TWO, reason="No contact is named.")
    )
    assert (ended.status, ended.decided_by) == (Status.REJECTED, DAN)
    assert [word.verdict for word in ended.votes] == [Verdict.APPROVE, Verdict.REJECT]
    assert await findings(db, request) == ()


async def test_what_no_rule_matches_goes_by_the_workspace(db: Database) -> None:
    request = await submit(db, policy=TWO, environment="sandbox")
    assert (request.reviewers, request.terms.rule) == ((BOB,), None)
    assert accepted(await vote(db, request, BOB, policy=TWO)).status is Status.APPROVED


async def test_a_card_of_the_stage_before_is_stale_and_one_of_an_earlier_vote_is_not(
    db: Database,
) -> None:
    policy = ruled(f'{{name = "All", reviewers = ["{CAROL}", "{DAN}", "{ERIN}"], needed = 2}}')
    request = await submit(db, policy=policy)
    accepted(await vote(db, request, CAROL, policy=policy, round=request.round))
    ended = accepted(await vote(db, request, DAN, policy=policy, round=request.round))
    assert ended.status is Status.APPROVED

    request = await submit(db, policy=TWO)
    await vote(db, request, CAROL, policy=TWO)
    assert denial(await vote(db, request, DAN, policy=TWO, round=1)) is Denial.STALE
    assert denial(await withdraw(db, request, policy=TWO, round=1)) is Denial.STALE


async def test_an_admin_has_one_vote_of_a_number_and_no_seat_of_all(db: Database) -> None:
    request = await submit(db, policy=TWO)
    assert accepted(await vote(db, request, ADA, policy=TWO)).stage == 2
    assert denial(await vote(db, request, ADA, policy=TWO)) is Denial.VOTED_BEFORE
    await vote(db, request, DAN, policy=TWO)

    everyone = ruled(f'{{name = "All", reviewers = ["{CAROL}", "{DAN}"], needed = "all"}}')
    request = await submit(db, policy=everyone)
    assert accepted(await vote(db, request, ADA, policy=everyone)).is_open
    assert accepted(await vote(db, request, CAROL, policy=everyone)).is_open
    assert accepted(await vote(db, request, DAN, policy=everyone)).status is Status.APPROVED


async def test_all_are_those_who_may_still_decide(db: Database) -> None:
    everyone = ruled(f'{{name = "All", reviewers = ["{CAROL}", "{DAN}"], needed = "all"}}')
    request = await submit(db, policy=everyone)
    without_dan = ruled(f'{{name = "All", reviewers = ["{CAROL}"], needed = "all"}}')
    approved = accepted(await vote(db, request, CAROL, policy=without_dan))
    assert approved.status is Status.APPROVED


async def test_where_admins_leave_deciding_to_others_they_neither_approve_nor_reject(
    db: Database,
) -> None:
    policy = ruled(
        f'{{name = "Product", reviewers = ["{CAROL}"]}}', workspace="admins_decide = false"
    )
    request = await submit(db, policy=policy)
    for verdict in Verdict:
        assert denial(await vote(db, request, ADA, verdict, policy=policy)) is Denial.NOT_A_REVIEWER


async def test_rights_are_asked_of_todays_policy_and_needs_of_the_one_at_submit(
    db: Database,
) -> None:
    request = await submit(db, policy=TWO)
    changed = ruled(f'{{name = "Product", reviewers = ["{DAN}"]}}')
    assert denial(await vote(db, request, CAROL, policy=changed)) is Denial.NOT_A_REVIEWER
    assert denial(await vote(db, request, BOB, policy=changed)) is Denial.NOT_A_REVIEWER
    assert denial(await vote(db, request, MALLORY, policy=changed)) is Denial.UNKNOWN
    assert accepted(await vote(db, request, CAROL, policy=TWO)).stage == 2


async def test_a_stage_that_could_never_have_its_votes_refuses_the_submission(
    db: Database,
) -> None:
    alone = ruled(f'{{name = "Compliance", reviewers = ["{ALICE}"]}}')
    handed = new_submission()
    answer = await store_request(db, NewRequest(handed, handed.submitted_by, NOW), alone)
    assert isinstance(answer, Refused)
    assert (answer.denial, answer.rule, answer.stage) == (
        Denial.NOBODY_CAN_DECIDE, "Production", "Compliance"
    )  # fmt: skip

    few = ruled(f'{{name = "Compliance", reviewers = ["{CAROL}"], needed = 3}}')
    answer = await store_request(db, NewRequest(handed, handed.submitted_by, NOW), few)
    assert isinstance(answer, Refused)
    assert answer.denial is Denial.NOBODY_CAN_DECIDE


async def test_a_stage_whose_people_are_all_away_refuses_the_submission(db: Database) -> None:
    """Unless somebody stands in, or the platform has taken it already."""

    async def handed(*, from_platform: bool = False) -> Denial | None:
        new = NewRequest(new_submission(), ALICE, NOW, from_platform)
        answer = await store_request(db, new, TWO)
        if isinstance(answer, Refused):
            assert (answer.rule, answer.stage) == ("Production", "Compliance")
            return answer.denial
        return None

    for user in (DAN, ERIN):
        assert await handed() is None
        await go_away(db, Leave(user, by=user), TWO, now=NOW)
    assert await handed() is Denial.EVERYBODY_AWAY
    assert await handed(from_platform=True) is None
    await go_away(db, Leave(ERIN, by=ADA, delegate=BOB), TWO, now=NOW)
    assert await handed() is None


async def test_only_who_a_rule_names_submits_what_it_covers(db: Database) -> None:
    policy = ruled(f'{{name = "Product", reviewers = ["{CAROL}"]}}', f'submitters = ["{ERIN}"]')
    handed = new_submission()
    answer = await store_request(db, NewRequest(handed, ALICE, NOW), policy)
    assert isinstance(answer, Refused)
    assert answer.denial is Denial.NOT_A_SUBMITTER
    assert not isinstance(await store_request(db, NewRequest(handed, ERIN, NOW), policy), Refused)

    developers = ruled(f'{{name = "Product", reviewers = ["{CAROL}"]}}', 'submitters = ["SDEVS"]')
    async with db.transaction() as session:
        await groups.set_members(session, "SDEVS", [DAN], now=NOW)
    another = new_submission()
    assert isinstance(await store_request(db, NewRequest(another, ERIN, NOW), developers), Refused)
    stored = await store_request(db, NewRequest(another, DAN, NOW), developers)
    assert not isinstance(stored, Refused)


async def test_what_the_platform_has_decided_ends_it_at_whatever_stage(db: Database) -> None:
    request = await submit(db, policy=TWO)
    there = OnPlatform("Pat of the platform", NOW)
    decision = Decision(request.id, Act.APPROVE, "key:1", NOW, on_platform=there)
    ended = accepted(await decide(db, decision, TWO))
    assert (ended.status, ended.votes) == (Status.APPROVED, ())
    assert await findings(db, request) == ()


async def test_whose_turn_it_is_follows_the_roles_of_their_stage(db: Database) -> None:
    request = await submit(db, policy=TWO)
    await send_all(db)
    without_carol = ruled(f'{{name = "Product", reviewers = ["{DAN}"]}}')
    async with db.snapshot() as session:
        now_and_then = [await people.rules(session, each) for each in (without_carol, TWO)]
    assert await roles.follow(db, now_and_then[0], before=None, burst=0, now=NOW) == 1
    assert f"card:{request.id}:reviewer:{CAROL}" in await pending_keys(db)
    assert await roles.follow(db, now_and_then[1], before=None, burst=0, now=NOW) == 1
    assert await roles.follow(db, now_and_then[1], before=None, burst=0, now=NOW) == 0


async def test_of_a_stage_that_nobody_can_decide_the_admins_hear_once(db: Database) -> None:
    request = await submit(db, policy=TWO)
    without_carol = ruled(f'{{name = "Product", reviewers = ["{DAN}"]}}')
    async with db.snapshot() as session:
        rules = await people.rules(session, without_carol)
    assert await reminders.owe_stuck(db, without_carol, now=NOW) == 0
    await roles.follow(db, rules, before=None, burst=0, now=NOW)
    for owed in (1, 0):
        assert await reminders.owe_stuck(db, without_carol, now=NOW) == owed
    assert f"stuck:{request.ref}:1:{ADA}" in await pending_keys(db)
    for who, seen in ((ADA, [request.id]), (BOB, [])):
        asked = {"asker": who, "policy": without_carol, "now": NOW}
        shown = await homes.overview(db, ListQuery(Scope.ALL), **asked)
        assert [each.id for each in shown.stuck] == seen


@pytest.mark.parametrize("seed", range(2))
async def test_of_fifty_votes_at_once_the_three_that_are_needed_count(
    database_url: str, db: Database, seed: int
) -> None:
    names = ", ".join(f'"{who}"' for who in CROWD)
    policy = ruled(
        f'{{name = "Product", reviewers = [{names}], needed = 3}},'
        f'{{name = "Compliance", reviewers = ["{DAN}"]}}'
    )
    request = await submit(db, policy=policy)
    seen = {"round": request.round} if seed else {}
    async with replicas(database_url) as both:
        answers = await asyncio.gather(
            *(
                vote(both[number % 2], request, who, policy=policy, **seen)
                for number, who in enumerate(CROWD)
            )
        )
    assert Counter(map(denial, answers)) == {None: 3, Denial.STAGE_PASSED: 47}
    async with db.snapshot() as session:
        found = await read.one(session, request.id)
    assert (found.stage, found.round, len(found.votes), found.reviewers) == (2, 2, 3, (DAN,))
    assert [kind for _, kind, _ in await history(db, request)] == [
        "submitted", "voted", "voted", "stage_passed"
    ]  # fmt: skip
    assert await findings(db, request) == ()


async def test_votes_that_cross_count_at_the_stage_that_one_of_them_opens(db: Database) -> None:
    everyone = '{name = "All", reviewers = ["S0ALL"], needed = "all"}'
    policy = ruled(f'{{name = "Product", reviewers = ["{CAROL}"]}}, {everyone}')
    async with db.transaction() as session:
        await groups.set_members(session, "S0ALL", [DAN, ERIN], now=NOW)
    request = await submit(db, policy=policy)
    votes = [Decision(request.id, Act.APPROVE, by, NOW) for by in (CAROL, DAN)]
    async with db.transaction() as session:
        opened, voted = await decide_batch(session, votes, policy)
    assert accepted(opened).stage == 2
    assert accepted(voted).is_open, "Erin has not been asked"
    assert accepted(await vote(db, request, ERIN, policy=policy)).status is Status.APPROVED


async def test_nobody_waits_for_who_has_approved_an_earlier_stage(db: Database) -> None:
    both = ruled(
        f'{{name = "Product", reviewers = ["{CAROL}"]}},'
        f'{{name = "Compliance", reviewers = ["{CAROL}", "{DAN}"]}}'
    )
    request = await submit(db, policy=both)
    accepted(await vote(db, request, CAROL, policy=both))
    assert await waited_for(db, request) == {DAN}

    twice = both.model_copy(update={"distinct_stages": False})
    for policy, waits in ((twice, {CAROL, DAN}), (both, {DAN})):
        async with db.snapshot() as session:
            rules = await people.rules(session, policy)
        assert await roles.follow(db, rules, before=None, burst=0, now=NOW) == 1
        assert await waited_for(db, request) == waits
    assert await findings(db, request) == ()


async def waited_for(db: Database, request: Request) -> set[str]:
    """Whose decision it waits for."""
    async with db.snapshot() as session:
        its = select(AssignmentRow.reviewer).where(AssignmentRow.request_id == request.id)
        return set(await session.exec(its.where(col(AssignmentRow.waits))))
