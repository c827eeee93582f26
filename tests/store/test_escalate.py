"""Escalation: once a request others are called, and nothing is decided by it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from store import people
from store.domain.absences import Leave
from store.domain.access import Allowed, Denial, Denied, Refused, may
from store.domain.lifecycle import Act
from store.domain.lists.query import Filter, ListQuery, Scope
from store.domain.policy import Policy
from store.domain.request import Audience, Request, Status, Verdict
from store.engine.database import Database
from store.lists import listing
from store.messages import bursts
from store.requests import read
from store.requests.apply_policy import apply_policy
from store.requests.away import go_away
from store.requests.escalate import _escalate, escalate
from store.tables import BurstRow, CardRow
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import (
    accepted,
    denial,
    findings,
    history,
    outbox_rows,
    pending_keys,
    replicas,
    send_all,
    submit,
    vote,
    withdraw,
)

DAN, ERIN = "UDAN", "UERIN"
DUE = NOW + timedelta(hours=4)  # a Friday morning in UTC


def policy(workspace: str = "escalate_after_hours = 4", rule: str = "") -> Policy:
    """Bob decides; by the rule for Production, Carol does."""
    return Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        reviewers = ["{BOB}"]
        {workspace}
        [[rules]]
        name = "Production"
        environment = ["production"]
        {rule}
        stages = [{{name = "Product", reviewers = ["{CAROL}"]}}]
    """)


BY_RULE = policy(rule=f'escalate_to = ["{DAN}", "{ERIN}"]')


async def now(db: Database, request: Request) -> Request:
    async with db.snapshot() as session:
        return await read.one(session, request.id)


async def called(db: Database, request: Request) -> list[str]:
    """Who has a copy because they were called."""
    async with db.snapshot() as session:
        wanted = select(CardRow.recipient).where(
            CardRow.request_id == request.id, CardRow.audience == Audience.CALLED.value
        )
        return list(await session.exec(wanted.order_by(col(CardRow.recipient))))


async def test_the_people_of_the_rule_are_called_once_when_the_time_has_come(db: Database) -> None:
    request = await submit(db, policy=BY_RULE)
    await send_all(db)
    assert request.escalate_at == DUE
    assert await escalate(db, BY_RULE, now=DUE - timedelta(seconds=1)) == 0

    assert await escalate(db, BY_RULE, now=DUE) == 1
    for later in (DUE, DUE + timedelta(days=90)):  # no slot that is pruned lets it happen again
        assert await escalate(db, BY_RULE, now=later) == 0

    found = await now(db, request)
    assert (found.escalated_at, found.escalated_to) == (DUE, (DAN, ERIN))
    assert (found.status, found.round, found.votes) == (Status.UNDER_REVIEW, request.round, ())
    assert await called(db, request) == [DAN, ERIN]
    owed = {f"card:{request.id}:called:{who}" for who in (DAN, ERIN)}
    assert owed | {f"card:{request.id}:reviewer:{CAROL}"} <= await pending_keys(db)
    assert (await history(db, request))[-1] == (2, "escalated", "policy")
    assert await findings(db, request) == ()


async def test_without_names_the_workspaces_are_called_and_without_those_the_admins(
    db: Database,
) -> None:
    for given, whom in (
        (policy(), (ADA,)),
        (policy(f'escalate_after_hours = 4\nescalate_to = ["{DAN}"]'), (DAN,)),
        (policy(f'escalate_after_hours = 4\nescalate_to = ["{ALICE}"]'), (ADA,)),  # its submitter
    ):
        request = await submit(db, policy=given)
        assert await escalate(db, given, now=DUE) == 1
        assert (await now(db, request)).escalated_to == whom


async def test_who_is_away_is_called_only_if_all_of_them_are(db: Database) -> None:
    for away, whom in (([DAN], (ERIN,)), ([DAN, ERIN], (DAN, ERIN))):
        for user in away:
            await go_away(db, Leave(user=user, by=user), BY_RULE, now=NOW)
        request = await submit(db, policy=BY_RULE)
        await escalate(db, BY_RULE, now=DUE)
        assert (await now(db, request)).escalated_to == whom


async def test_where_no_hours_are_set_nobody_is_called_until_the_policy_is_applied(
    db: Database,
) -> None:
    request = await submit(db, policy=policy(""))
    assert request.escalate_at is None
    assert await escalate(db, BY_RULE, now=DUE + timedelta(days=9)) == 0
    assert await apply_policy(db, BY_RULE, actor="operator", now=NOW) == 1
    assert await escalate(db, BY_RULE, now=DUE) == 1
    assert await findings(db, request) == ()


async def test_what_has_ended_is_not_escalated(db: Database) -> None:
    """Decided, taken back, or decided long before it came here."""
    decided, withdrawn, imported = [
        await submit(db, policy=BY_RULE, created_at=(NOW - timedelta(days=days)).isoformat())
        for days in (0, 0, 300)
    ]
    accepted(await vote(db, decided, CAROL, policy=BY_RULE))
    accepted(await withdraw(db, withdrawn, policy=BY_RULE))
    accepted(await vote(db, imported, CAROL, Verdict.REJECT, policy=BY_RULE))
    assert await escalate(db, BY_RULE, now=DUE + timedelta(days=9)) == 0


async def test_who_is_called_sees_it_and_decides_only_by_a_right_of_their_own(
    db: Database,
) -> None:
    """Ada is an admin, Dan holds no role, Mallory was not called."""
    by = policy(rule=f'escalate_to = ["{DAN}", "{ADA}"]')
    request = await submit(db, policy=by)
    before = await read.look(db, request.id, viewer=DAN, policy=by, now=DUE)
    assert isinstance(before, Refused)
    await escalate(db, by, now=DUE)

    async with db.snapshot() as session:
        rules, found = await people.rules(session, by), await read.one(session, request.id)
    assert may(DAN, Act.SEE, found, rules, DUE) == Allowed()
    assert may(DAN, Act.APPROVE, found, rules, DUE) == Denied(Denial.NOT_A_REVIEWER)
    assert may(MALLORY, Act.SEE, found, rules, DUE) == Denied(Denial.UNKNOWN)
    assert denial(await vote(db, request, DAN, policy=by)) is Denial.NOT_A_REVIEWER
    assert accepted(await vote(db, request, ADA, policy=by)).status is Status.APPROVED


async def test_two_replicas_and_a_decision_at_one_moment(database_url: str, db: Database) -> None:
    """Each is escalated once or decided first; never both ways round, and the record holds."""
    requests = [await submit(db, policy=BY_RULE) for _ in range(6)]
    async with replicas(database_url) as both:
        acts: Sequence[Any] = (
            *(escalate(each, BY_RULE, now=DUE) for each in both),
            *(vote(both[n % 2], each, CAROL, policy=BY_RULE) for n, each in enumerate(requests)),
        )
        await asyncio.gather(*acts)
    for request in requests:
        found, kinds = await now(db, request), [kind for _, kind, _ in await history(db, request)]
        assert found.status is Status.APPROVED
        assert kinds in (["submitted", "approved"], ["submitted", "escalated", "approved"])
        assert bool(found.escalated_to) == ("escalated" in kinds) == bool(await called(db, request))
        assert await findings(db, request) == ()


async def test_many_at_once_are_called_in_portions_and_one_kill_leaves_nothing_half(
    db: Database,
) -> None:
    """All that an escalation writes is one transaction: what is rolled back was never begun."""
    requests = [await submit(db, policy=BY_RULE) for _ in range(3)]
    before = await outbox_rows(db)

    class Killed(BaseException):
        """The process ends before it commits."""

    try:
        async with db.transaction() as session:
            assert await _escalate(session, [each.id for each in requests], BY_RULE, DUE) == 3
            raise Killed
    except Killed:
        pass
    assert (await outbox_rows(db)).keys() == before.keys()
    assert [await called(db, each) for each in requests] == [[], [], []]
    assert await escalate(db, BY_RULE, now=DUE) == 3


async def test_who_is_called_finds_it_in_lists_and_nobody_else_does(db: Database) -> None:
    """By search and by filter too, open or decided; what they were not called to they do not."""
    request, other = [await submit(db, policy=BY_RULE) for _ in range(2)]
    accepted(await vote(db, other, CAROL, policy=BY_RULE))
    await escalate(db, BY_RULE, now=DUE)

    async def listed(who: str, words: str = "", scope: Scope = Scope.ALL) -> list[int]:
        query = ListQuery(scope, Filter(words=words))
        found = await listing.listing(db, query, asker=who, policy=BY_RULE, now=DUE)
        return [each.id for each in found.page.requests]

    for words in ("", "Bills", request.ref):
        assert await listed(DAN, words) == [request.id]
        assert await listed(MALLORY, words) == []
    assert await listed(DAN, scope=Scope.APPROVALS) == [], "it is not theirs to decide"
    accepted(await vote(db, request, CAROL, policy=BY_RULE))
    assert await listed(DAN) == [request.id]


async def test_many_calls_at_once_are_one_message_beside_that_of_new_requests(
    db: Database,
) -> None:
    """Carol reviews them, and is called to them as well."""
    by = policy(rule=f'escalate_to = ["{CAROL}", "{DAN}"]').model_copy(update={"burst": 2})
    requests = [await submit(db, policy=by) for _ in range(4)]
    await escalate(db, by, now=DUE)
    owed = await pending_keys(db)
    assert not any(":called:" in key for key in owed)
    async with db.snapshot() as session:
        rows = (await session.exec(select(BurstRow).order_by(col(BurstRow.id)))).all()
        found = [await bursts.find(session, row.id) for row in rows]
    calls = [each for each in found if each.audience is Audience.CALLED]
    assert {each.recipient for each in calls} == {CAROL, DAN}
    assert [(each.total, sum(w.count for w in each.waiting)) for each in calls] == [(4, 4), (4, 4)]
    (of_reviews,) = [each for each in found if each.audience is Audience.REVIEWER]
    assert (of_reviews.recipient, of_reviews.total) == (CAROL, 4)
    accepted(await vote(db, requests[0], CAROL, policy=by))
    async with db.snapshot() as session:
        assert sum(w.count for w in (await bursts.find(session, calls[0].id)).waiting) == 3
