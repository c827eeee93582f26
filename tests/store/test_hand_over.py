"""A request is handed to somebody: what right that gives, on what record, and what it does not."""

import asyncio
from collections.abc import Sequence

import pytest

from store import people
from store.audit.verify import check_all
from store.domain.access import Denial, HandDenial, Refused
from store.domain.lifecycle import Act
from store.domain.lists.query import ListQuery, Scope
from store.domain.policy import Policy
from store.domain.request import HandOver, Person, Request, Verdict
from store.engine import causes
from store.engine.causes import Outcome
from store.engine.database import Database
from store.lists.listing import listing
from store.messages import roles
from store.requests import read
from store.requests.apply_policy import apply_policy
from store.requests.hand_over import Handing, hand_over
from store.requests.testing import OnIt, say_who_tests
from store.tables import AssignmentRow
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    denial,
    findings,
    history,
    pending_keys,
    replicas,
    send_all,
    submit,
    vote,
    withdraw,
)

DAN, ERIN = "UDAN", "UERIN"
STAGES = """
    [workspace]
    admins = ["UADA"]
    {more}
    [[rules]]
    name = "Two parties"
    stages = [
      {{name = "Product", reviewers = ["UBOB", "UDAN"], needed = {needed}}},
      {{name = "{second}", reviewers = ["UCAROL", "UDAN"]}},
    ]
"""


def stages(needed: str = "1", second: str = "Compliance", more: str = "") -> Policy:
    return Policy.parse(STAGES.format(needed=needed, second=second, more=more))


async def meet(db: Database, *users: str, active: bool = True) -> None:
    async with db.transaction() as session:
        known = [Person(user, user.title(), active=active) for user in users]
        await people.remember(session, known, now=NOW)


async def hand(
    db: Database,
    request: Request,
    by: str,
    to: str,
    policy: Policy = POLICY,
    round: int | None = None,
) -> Request | Refused | HandDenial:
    return await hand_over(db, Handing(request.id, by, to, NOW, round), policy)


async def handed(db: Database, request: Request, by: str, to: str, policy: Policy) -> Request:
    answer = await hand(db, request, by, to, policy)
    assert not isinstance(answer, HandDenial), answer
    return accepted(answer)


async def listed(db: Database, who: str, policy: Policy) -> Sequence[int]:
    found = [
        await listing(db, ListQuery(scope), asker=who, policy=policy)
        for scope in (Scope.APPROVALS, Scope.ALL)
    ]
    approvals, everything = ([r.id for r in each.page.requests] for each in found)
    assert approvals == everything
    return approvals


async def test_an_admin_hands_it_to_anybody_for_this_request_and_stage_alone(db: Database) -> None:
    policy = stages()
    await meet(db, MALLORY)
    request, other = await submit(db, policy=policy), await submit(db, policy=policy)
    await send_all(db)
    assert await listed(db, MALLORY, policy) == []

    given = await handed(db, request, ADA, MALLORY, policy)
    assert given.handed == (HandOver(1, MALLORY, ADA, NOW, as_guest=True),)
    assert (given.round, given.revision) == (1, 2)
    async with db.snapshot() as session:
        assert await read.one(session, request.id) == given
    assert f"card:{request.id}:reviewer:{MALLORY}" in await pending_keys(db)
    assert await history(db, request) == [(1, "submitted", ALICE), (2, "handed_over", ADA)]
    assert await listed(db, MALLORY, policy) == [request.id]

    assert denial(await vote(db, other, MALLORY, policy=policy)) is Denial.UNKNOWN
    assert accepted(await vote(db, request, MALLORY, policy=policy, round=1)).stage == 2
    assert denial(await vote(db, request, MALLORY, policy=policy)) is Denial.STAGE_PASSED
    assert await findings(db, request) == ()


async def test_reviewers_hand_it_to_others_of_their_stage_alone(db: Database) -> None:
    policy = stages()
    await meet(db, MALLORY, CAROL)
    request = await submit(db, policy=policy)
    for to, why in {
        ALICE: HandDenial.SUBMITTER,
        MALLORY: HandDenial.NOT_THIS_STAGE,
        CAROL: HandDenial.NOT_THIS_STAGE,
    }.items():
        assert await hand(db, request, BOB, to, policy) is why
    await send_all(db)
    given = await handed(db, request, BOB, DAN, policy)
    assert given.handed == (HandOver(1, DAN, BOB, NOW),)
    assert f"handed:{request.id}:2:{DAN}" in await pending_keys(db), "he had its card already"
    with causes.begun() as cause:
        assert await hand(db, request, ADA, DAN, policy) is HandDenial.HAS_IT
    assert (cause.outcome, cause.why) == (Outcome.REFUSED, "has_it")
    refused = await hand(db, request, CAROL, DAN, policy)
    assert isinstance(refused, Refused)
    assert refused.denial is Denial.STAGE_TO_COME
    for by, why_not in {ALICE: Denial.OWN_REQUEST, MALLORY: Denial.UNKNOWN}.items():
        refused = await hand(db, request, by, DAN, policy)
        assert isinstance(refused, Refused)
        assert refused.denial is why_not
    assert await findings(db, request) == ()


async def test_who_approved_before_or_has_left_is_not_handed_it(db: Database) -> None:
    policy = stages()
    request = await submit(db, policy=policy)
    accepted(await vote(db, request, DAN, policy=policy))
    assert await hand(db, request, CAROL, DAN, policy) is HandDenial.VOTED
    await meet(db, ERIN, active=False)
    assert await hand(db, request, ADA, ERIN, policy) is HandDenial.LEFT
    async with db.transaction() as session:
        await people.forget(session, MALLORY, now=NOW)
    assert await hand(db, request, ADA, MALLORY, policy) is HandDenial.LEFT


async def test_nobody_unknown_decides_and_who_leaves_does_no_more(db: Database) -> None:
    request = await submit(db)
    await handed(db, request, ADA, MALLORY, POLICY)
    assert denial(await vote(db, request, MALLORY)) is Denial.NOT_A_REVIEWER, "not met yet"
    await meet(db, MALLORY)
    async with db.snapshot() as session:
        before = await people.rules(session, POLICY)
    assert before.roster.guests == {MALLORY}
    await meet(db, MALLORY, active=False)
    async with db.snapshot() as session:
        after = await people.rules(session, POLICY)
    assert denial(await vote(db, request, MALLORY)) is Denial.NOT_A_REVIEWER, "has left"
    assert await listed(db, MALLORY, POLICY) == []
    assert await roles.follow(db, after, before=before, now=NOW, burst=0) == 1
    async with db.snapshot() as session:
        row = await session.get_one(AssignmentRow, (request.id, 1, MALLORY))
    assert not row.waits
    assert await findings(db, request) == ()


async def test_with_all_who_was_handed_it_is_one_of_all(db: Database) -> None:
    policy = stages(needed='"all"')
    await meet(db, MALLORY)
    request = await submit(db, policy=policy)
    accepted(await vote(db, request, BOB, policy=policy))
    await handed(db, request, BOB, DAN, policy)
    await handed(db, request, ADA, MALLORY, policy)
    assert accepted(await vote(db, request, DAN, policy=policy)).stage == 1
    assert accepted(await vote(db, request, MALLORY, policy=policy)).stage == 2


async def test_admins_who_do_not_decide_hand_over_all_the_same(db: Database) -> None:
    policy = stages(more="admins_decide = false")
    await meet(db, MALLORY)
    request = await submit(db, policy=policy)
    assert denial(await vote(db, request, ADA, policy=policy)) is Denial.NOT_A_REVIEWER
    assert await hand(db, request, ADA, ADA, policy) is HandDenial.ONESELF
    await handed(db, request, ADA, MALLORY, policy)
    accepted(await vote(db, request, MALLORY, Verdict.REJECT, policy=policy))
    refused = await hand(db, request, ADA, BOB, policy)
    assert isinstance(refused, Refused)
    assert refused.denial is Denial.CLOSED


async def test_who_hands_on_what_they_test_lets_go_of_it(db: Database) -> None:
    request = await submit(db)
    accepted(await say_who_tests(db, OnIt(request.id, Act.TEST, BOB, NOW), POLICY))
    assert (await handed(db, request, BOB, CAROL, POLICY)).tester is None
    assert [checked async for checked in check_all(db) if checked.findings] == []


async def test_applying_a_policy_keeps_it_where_the_stage_stays(db: Database) -> None:
    await meet(db, MALLORY)
    request = await submit(db, policy=stages())
    await handed(db, request, ADA, MALLORY, stages())
    assert await apply_policy(db, stages(), actor="operator", now=NOW) == 0
    later = stages(second="Legal")
    assert await apply_policy(db, later, actor="operator", now=NOW) == 1
    assert await findings(db, request) == ()
    assert accepted(await vote(db, request, MALLORY, policy=later)).stage == 2
    assert await findings(db, request) == ()


async def test_many_at_once_are_one_message(db: Database) -> None:
    await meet(db, MALLORY)
    policy = POLICY.model_copy(update={"burst": 2})
    requests = [await submit(db, policy=policy) for _ in range(4)]
    await send_all(db)
    for request in requests:
        await handed(db, request, ADA, MALLORY, policy)
    keys = await pending_keys(db)
    cards = [key for key in keys if key.startswith("card:") and key.endswith(MALLORY)]
    assert len(cards) < len(requests)
    assert [key for key in keys if key.startswith("burst:")]


async def test_two_hand_overs_at_once_are_both_on_record(database_url: str, db: Database) -> None:
    await meet(db, MALLORY, ERIN)
    request = await submit(db)
    async with replicas(database_url) as (one, two):
        await asyncio.gather(
            handed(one, request, ADA, MALLORY, POLICY), handed(two, request, ADA, ERIN, POLICY)
        )
        same = await asyncio.gather(hand(one, request, BOB, CAROL), hand(two, request, ADA, CAROL))
    assert [each for each in same if isinstance(each, HandDenial)] == [HandDenial.HAS_IT]
    async with db.snapshot() as session:
        found = await read.one(session, request.id)
    assert {each.to for each in found.handed} == {MALLORY, ERIN, CAROL}
    assert await findings(db, request) == ()


@pytest.mark.parametrize("ends", ["vote", "withdraw"])
async def test_a_hand_over_as_it_is_decided_is_before_it_or_refused(
    database_url: str, db: Database, ends: str
) -> None:
    await meet(db, MALLORY)
    request = await submit(db)
    async with replicas(database_url) as (one, two):
        ending = vote(one, request, BOB) if ends == "vote" else withdraw(one, request)
        ended, given = await asyncio.gather(ending, hand(two, request, ADA, MALLORY))
    accepted(ended)
    kinds = [kind for _, kind, _ in await history(db, request)]
    if isinstance(given, Refused):
        assert given.denial is Denial.CLOSED
        assert "handed_over" not in kinds
    else:
        assert kinds[1] == "handed_over"
    assert await findings(db, request) == ()
