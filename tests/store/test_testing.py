"""Somebody is on it: what that keeps on record, whom it quiets, and when it ends."""

import asyncio
from datetime import timedelta
from typing import Literal

from store import people
from store.audit.verify import check_all
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Person, Request, Verdict
from store.engine.database import Database
from store.messages import reminders
from store.requests import read
from store.requests.testing import OnIt, end_lapsed, say_who_tests
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
)

HOUR = timedelta(hours=1)
BOTH = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    [[rules]]
    name = "Both"
    stages = [{{name = "Pair", reviewers = ["{BOB}", "{CAROL}"], needed = 2}}]
""")


async def on_it(
    db: Database,
    request: Request,
    by: str,
    act: Literal[Act.TEST, Act.LET_GO] = Act.TEST,
    *,
    policy: Policy = POLICY,
    round: int | None = None,
) -> Request | Refused:
    return await say_who_tests(db, OnIt(request.id, act, by, NOW, round), policy)


async def now_of(db: Database, request: Request) -> Request:
    async with db.snapshot() as session:
        return await read.one(session, request.id)


async def test_testing_is_on_record_and_on_every_card_and_makes_no_click_stale(
    db: Database,
) -> None:
    request = await submit(db)
    await send_all(db)
    tested = accepted(await on_it(db, request, BOB))
    assert (tested.tester, tested.testing_since, tested.testing_until) == (BOB, NOW, NOW + 8 * HOUR)
    assert (tested.round, tested.revision) == (1, 2)
    assert await now_of(db, request) == tested
    cards = {key for key in await pending_keys(db) if key.startswith("card:")}
    assert {f"card:{request.id}:reviewer:{BOB}", f"card:{request.id}:reviewer:{CAROL}"} <= cards
    assert await history(db, request) == [(1, "submitted", ALICE), (2, "testing", BOB)]
    assert denial(await vote(db, request, CAROL, round=1)) is None, "others may still decide"
    assert await findings(db, request) == ()
    assert (await now_of(db, request)).tester is None, "what has ended nobody tests"


async def test_one_at_a_time_and_only_who_may_decide(db: Database) -> None:
    request = await submit(db)
    assert denial(await on_it(db, request, MALLORY)) is Denial.UNKNOWN
    assert denial(await on_it(db, request, ALICE)) is Denial.OWN_REQUEST
    assert denial(await on_it(db, request, BOB, round=7)) is Denial.STALE
    accepted(await on_it(db, request, BOB))
    for who in (BOB, CAROL, ADA):
        assert denial(await on_it(db, request, who)) is Denial.TESTED
    assert denial(await on_it(db, request, CAROL, Act.LET_GO)) is Denial.NOT_TESTING
    accepted(await on_it(db, request, BOB, Act.LET_GO))
    accepted(await on_it(db, request, CAROL))
    accepted(await vote(db, request, BOB))
    assert denial(await on_it(db, request, BOB)) is Denial.CLOSED
    assert denial(await on_it(db, request, CAROL, Act.LET_GO)) is Denial.NOT_TESTING


async def test_two_at_once_are_not_both_on_it(database_url: str, db: Database) -> None:
    request = await submit(db)
    async with replicas(database_url) as (one, two):
        answers = await asyncio.gather(on_it(one, request, BOB), on_it(two, request, CAROL))
    assert sorted(map(str, map(denial, answers))) == ["None", "tested"]
    assert len(await history(db, request)) == 2
    assert await findings(db, request) == ()


async def test_it_lapses_by_a_tick_and_binds_nobody_before_that(db: Database) -> None:
    request = await submit(db)
    accepted(await on_it(db, request, BOB))
    assert await end_lapsed(db, now=NOW + 8 * HOUR - timedelta(seconds=1)) == 0
    late = OnIt(request.id, Act.TEST, CAROL, NOW + 8 * HOUR)
    accepted(await say_who_tests(db, late, POLICY))
    assert await end_lapsed(db, now=NOW + 8 * HOUR) == 0, "Carol is on it since"
    await send_all(db)
    assert await end_lapsed(db, now=NOW + timedelta(days=9)) == 1
    assert (await now_of(db, request)).tester is None
    assert await history(db, request) == [
        (1, "submitted", ALICE),
        (2, "testing", BOB),
        (3, "testing", CAROL),
        (4, "testing_ended", CAROL),
    ]
    assert f"card:{request.id}:reviewer:{BOB}" in await pending_keys(db)
    assert [checked async for checked in check_all(db) if checked.findings] == []


async def test_who_votes_is_testing_no_more_and_who_else_votes_changes_nothing(
    db: Database,
) -> None:
    request = await submit(db, policy=BOTH)
    accepted(await on_it(db, request, BOB, policy=BOTH))
    assert accepted(await vote(db, request, CAROL, policy=BOTH)).tester == BOB
    again = await submit(db, policy=BOTH)
    accepted(await on_it(db, again, BOB, policy=BOTH))
    assert accepted(await vote(db, again, BOB, policy=BOTH)).tester is None
    assert (await now_of(db, again)).is_open
    assert [checked async for checked in check_all(db) if checked.findings] == []


async def test_where_one_vote_is_missing_reminders_go_to_who_tests_it_alone(db: Database) -> None:
    async with db.transaction() as session:
        known = [Person(user, user, timezone="Asia/Manila") for user in (BOB, CAROL)]
        await people.remember(session, known, now=NOW)
    monday = NOW + timedelta(days=3, hours=3)  # overdue since an hour, on Monday in Manila
    policy = POLICY.model_copy(update={"testing_hours": 72, "remind_after_hours": 26})
    pair = BOTH.model_copy(update={"testing_hours": 72, "remind_after_hours": 26,
                                   "timezone": "Asia/Manila"})  # fmt: skip
    one = await submit(db, policy=policy)
    accepted(await on_it(db, one, BOB, policy=policy))
    assert await reminders.owe_reminders(db, policy, now=monday) == 1
    keys = await pending_keys(db)
    assert [key.split(":")[1] for key in keys if key.startswith("reminder:")] == [BOB]

    two = await submit(db, policy=pair)
    accepted(await on_it(db, two, BOB, policy=pair))
    async with db.snapshot() as session:
        assert await reminders.reserved(session, policy, now=monday) == (one.id,)
        assert await reminders.reserved(session, pair, now=monday) == (), "two votes are missing"
    accepted(await vote(db, two, CAROL, Verdict.APPROVE, policy=pair))
    async with db.snapshot() as session:
        assert await reminders.reserved(session, pair, now=monday) == (two.id,)
