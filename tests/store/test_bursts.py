"""Many new requests at once are one message a reader, and each is told of once."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.absences import Absence, Away, Leave
from store.domain.access import Denial, Refused
from store.domain.bursts import QUIET, Burst
from store.domain.lifecycle import Act
from store.domain.lists.query import ListQuery, Scope
from store.domain.policy import Policy, Rule, RuleStage
from store.domain.request import Environment, Request
from store.engine.database import Database
from store.lists import listing
from store.messages import bursts, cards, claim, reminders, stand_ins
from store.messages.cards import Clicked
from store.messages.outbox import Kind
from store.requests import read
from store.requests.away import come_back, go_away
from store.requests.decide import Decision, decide_batch
from store.requests.record import Message, record_of
from store.requests.submit import NewRequest, Submitted, submit_all
from store.tables import BurstRow, CardRow
from tests import harness_store
from tests.cast import ADA, ALICE, BOB, CAROL, NOW
from tests.harness_store import (
    accepted,
    denial,
    findings,
    new_submission,
    outbox_rows,
    pending_keys,
    replicas,
    send_all,
    vote,
    withdraw,
)

POLICY = harness_store.POLICY.model_copy(update={"burst": Policy().burst})
TWO_STAGES = POLICY.model_copy(
    update={
        "rules": (
            Rule(
                name="Both",
                stages=(
                    RuleStage(name="First", reviewers=(BOB,)),
                    RuleStage(name="Second", reviewers=(CAROL,)),
                ),
            ),
        )
    }
)
"""Bob, then Carol."""


async def arrive(
    db: Database, count: int, at: datetime = NOW, policy: Policy = POLICY
) -> list[Request]:
    """So many requests of Alice's, handed in together."""
    new = [NewRequest(new_submission(), ALICE, at) for _ in range(count)]
    answers = await submit_all(db, new, policy)
    assert all(isinstance(answer, Submitted) for answer in answers)
    return [answer.request for answer in answers if not isinstance(answer, Refused)]


async def cards_of(db: Database, reader: str = BOB) -> list[str]:
    """The cards that are owed to a reviewer."""
    return sorted(key for key in await pending_keys(db) if key.endswith(f":reviewer:{reader}"))


async def gathered(db: Database, reader: str = BOB) -> list[int]:
    """How many requests each message to this reader is about."""
    return [found.total for found in await bursts_of(db, reader)]


async def bursts_of(db: Database, reader: str) -> list[Burst]:
    """The messages about many requests to this reader, the oldest first."""
    async with db.snapshot() as session:
        theirs = select(BurstRow.id).where(BurstRow.recipient == reader).order_by(col(BurstRow.id))
        return [await bursts.find(session, id_) for id_ in await session.exec(theirs)]


async def test_five_within_two_minutes_are_cards_and_more_are_one_message(db: Database) -> None:
    five = [request for _ in range(5) for request in await arrive(db, 1)]
    assert await cards_of(db) == [f"card:{request.id}:reviewer:{BOB}" for request in five]
    await send_all(db)
    sixth = await arrive(db, 1, NOW + timedelta(minutes=1))
    assert await cards_of(db) == []
    assert await gathered(db) == await gathered(db, CAROL) == await gathered(db, "CREVIEWS") == [1]
    assert {"burst:1", "burst:2", "burst:3"} <= await pending_keys(db)
    async with db.snapshot() as session:
        told = [await _told(session, request) for request in (*five, *sixth)]
    assert [sum(each.kind is Kind.BURST for each in one) for one in told] == [0, 0, 0, 0, 0, 3]


@pytest.mark.parametrize(("together", "cards"), [(5, 5), (6, 0)])
async def test_what_is_owed_together_is_all_cards_or_all_one_message(
    db: Database, together: int, cards: int
) -> None:
    await arrive(db, together)
    assert len(await cards_of(db)) == cards
    assert await gathered(db) == ([] if cards else [together])


async def test_what_nobody_has_begun_to_send_of_the_five_is_folded_in(db: Database) -> None:
    await arrive(db, 4)
    (claimed,) = [
        each
        for each in await claim.claim_due(db, owner="story", now=NOW, limit=100)
        if each.recipient == BOB
    ]
    await arrive(db, 2)
    assert await cards_of(db) == []
    assert await gathered(db) == [5], "one is on its way as a card"
    assert await gathered(db, ALICE) == [], "receipts are of her own requests"
    async with db.snapshot() as session:
        under_way = await session.get_one(CardRow, (claimed.request_id, "reviewer", BOB))
    assert not under_way.silent


async def test_it_grows_until_none_has_come_for_two_minutes(db: Database) -> None:
    await arrive(db, 6)
    late = NOW + QUIET - timedelta(seconds=1)
    await arrive(db, 1, late)
    assert await gathered(db) == [7]
    await arrive(db, 1, late + QUIET - timedelta(seconds=1))
    assert await gathered(db) == [8]
    await send_all(db, late + 2 * QUIET)
    (new,) = await arrive(db, 1, late + 2 * QUIET)
    assert await gathered(db) == [8]
    assert await cards_of(db) == [f"card:{new.id}:reviewer:{BOB}"], "a new count"


async def test_a_trickle_is_never_gathered(db: Database) -> None:
    for minute in range(12):
        await arrive(db, 1, NOW + timedelta(minutes=minute))
    assert len(await cards_of(db)) == 12


async def test_a_count_that_a_wrong_clock_wrote_holds_up_nobody(db: Database) -> None:
    await arrive(db, 6, NOW + timedelta(days=400))
    await arrive(db, 1)
    assert len(await cards_of(db)) == 1


async def test_the_policy_says_how_many_and_may_turn_it_off(db: Database) -> None:
    off, two = (POLICY.model_copy(update={"burst": most}) for most in (0, 2))
    await arrive(db, 3, policy=two)
    assert await gathered(db) == [3]
    await arrive(db, 20, policy=off)
    assert len(await cards_of(db)) == 20


async def test_a_decision_redraws_the_message_in_the_lowest_order_and_no_card(db: Database) -> None:
    first, *_ = await arrive(db, 6)
    sent = await send_all(db, NOW + bursts.HOLD)
    assert {each.key for each in sent if each.recipient == BOB} == {"burst:2"}
    async with db.transaction() as session:
        await bursts.record_posted(session, 2, channel="D1", ts="1.0", may_be_old=False, now=NOW)
    accepted(await vote(db, first, BOB, policy=POLICY))
    rows = await outbox_rows(db)
    assert not [key for key in rows if key.startswith(f"card:{first.id}:reviewer")]
    assert (rows["burst:2"].lane, rows["burst:2"].rank) == (f"edit:{BOB}", 6)
    (found,) = await bursts_of(db, BOB)
    assert [(each.environment, each.count) for each in found.waiting] == [
        (Environment.PRODUCTION, 5)
    ]


async def test_a_stage_that_opens_for_many_at_once_counts_as_new_requests(db: Database) -> None:
    requests = await arrive(db, 6, policy=TWO_STAGES)
    assert await gathered(db, CAROL) == []
    decisions = [Decision(request.id, Act.APPROVE, BOB, NOW) for request in requests]
    async with db.transaction() as session:
        answers = await decide_batch(session, decisions, TWO_STAGES)
    assert all(isinstance(answer, Request) and answer.stage == 2 for answer in answers)
    assert await cards_of(db, CAROL) == []
    assert await gathered(db, CAROL) == [6]


async def test_who_stands_in_gets_one_message_and_so_does_who_is_back(db: Database) -> None:
    for minute in range(8):
        await arrive(db, 1, NOW + timedelta(minutes=minute))
    await send_all(db, NOW + timedelta(minutes=8))
    async with db.transaction() as session:  # as Slack's answers say
        await session.exec(update(CardRow).values(channel="D1", ts="1.0"))
    left = NOW + timedelta(hours=1)
    leave = Leave(BOB, BOB, last=date(2026, 11, 24), delegate=ADA)
    assert isinstance(await go_away(db, leave, POLICY, now=left), Away)
    await stand_ins.follow(db, POLICY, before=None, now=left)
    assert await cards_of(db, ADA) == []
    assert await gathered(db, ADA) == [8]
    (told,) = await bursts_of(db, ADA)
    assert [(each.for_whom, each.count) for each in told.waiting] == [(BOB, 8)]

    for minute in range(10, 17):
        await arrive(db, 1, left + timedelta(minutes=minute))
        await send_all(db, left + timedelta(minutes=minute))
    assert await gathered(db, BOB) == []
    back = left + timedelta(hours=2)
    assert isinstance(await come_back(db, BOB, by=BOB, policy=POLICY, now=back), Absence)
    await stand_ins.follow(db, POLICY, before=None, now=back)
    assert await gathered(db, BOB) == [7], "those that came meanwhile"


async def test_two_replicas_at_once_make_one_message(db: Database, database_url: str) -> None:
    async with replicas(database_url) as (one, other):
        await asyncio.gather(*(arrive(each, 4) for each in (one, other, one, other, one, other)))
    assert await gathered(db) == [24]
    assert await cards_of(db) == []
    assert len([key for key in await pending_keys(db) if key.startswith("burst:")]) == 3


async def test_what_is_folded_while_it_is_decided_deadlocks_with_nothing(
    db: Database, database_url: str
) -> None:
    for number in range(4):
        at = NOW + number * 2 * QUIET
        five = [request for _ in range(5) for request in await arrive(db, 1, at)]
        async with replicas(database_url) as (one, other):
            answers = await asyncio.gather(
                *(arrive(each, 1, at) for each in (one, other)),
                *(vote(each, request, BOB) for request in five for each in (one, other)),
                *(vote(each, request, CAROL) for request in five[::-1] for each in (one, other)),
            )
        decided = [answer for answer in answers if isinstance(answer, Request)]
        assert sorted(request.id for request in decided) == [request.id for request in five]
        for request in five:
            assert await findings(db, request) == ()
    owed = await pending_keys(db)
    for reader in (BOB, CAROL):
        async with db.snapshot() as session:
            theirs = select(CardRow).where(CardRow.recipient == reader)
            copies = list(await session.exec(theirs))
        assert len(copies) == 4 * 7
        for copy in copies:
            assert copy.silent == bool(copy.burst_id), "it is never posted"
            assert copy.silent or f"card:{copy.request_id}:reviewer:{reader}" in owed
        assert sum(await gathered(db, reader)) == sum(bool(copy.burst_id) for copy in copies)
    if "postgresql" in database_url:
        asked = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        async with db.snapshot() as session:
            assert (await (await session.connection()).execute(asked)).scalar_one() == 0


async def test_a_gathered_request_goes_on_without_a_card(db: Database) -> None:
    """Whatever edits every copy of it."""
    requests = await arrive(db, 6)
    async with db.transaction() as session:
        await bursts.record_posted(session, 2, channel="D1", ts="1.0", may_be_old=False, now=NOW)
    await send_all(db, NOW + bursts.HOLD)
    accepted(await withdraw(db, requests[0]))
    assert denial(await vote(db, requests[0], BOB, round=1)) is Denial.CLOSED
    assert await cards.repair(db, now=NOW) == 0
    clicked = Clicked("CREVIEWS", "1.0", "https://hooks.slack.com/actions/1")
    accepted(await vote(db, requests[1], BOB, clicked=clicked))
    reviewers = [key for key in await outbox_rows(db) if ":reviewer:" in key or ":channel:" in key]
    assert reviewers == []
    assert await findings(db, requests[1]) == ()


async def test_what_was_not_submitted_here_has_no_receipt_but_its_outcome(db: Database) -> None:
    here = NewRequest(new_submission(), ALICE, NOW)
    there = NewRequest(new_submission(), ALICE, NOW, from_platform=True, receipt=False)
    await submit_all(db, [here, there], POLICY)
    receipts = [key for key in await pending_keys(db) if ":submitter:" in key]
    assert receipts == [f"card:1:submitter:{ALICE}"]
    async with db.snapshot() as session:
        request = await read.one(session, 2)
    accepted(await vote(db, request, BOB))
    assert [key for key in await pending_keys(db) if key.endswith(":2")] == ["outcome:2"]


async def test_a_quiet_request_is_told_to_nobody_and_is_in_lists_and_digest(db: Database) -> None:
    leave = Leave(BOB, BOB, last=date(2026, 11, 24), delegate=ADA)
    assert isinstance(await go_away(db, leave, POLICY, now=NOW), Away)
    await send_all(db)
    new = [
        NewRequest(new_submission(), ALICE, NOW, from_platform=True, quiet=True) for _ in range(7)
    ]
    await submit_all(db, new, POLICY)
    assert await pending_keys(db) == set()
    assert await gathered(db) == []
    page = await listing.listing(
        db, ListQuery(Scope.APPROVALS), asker=CAROL, policy=POLICY, now=NOW
    )
    assert page.page.total == 7
    monday = datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert await reminders.owe_digests(db, POLICY, now=monday) == 2

    async with db.snapshot() as session:
        first = await read.one(session, 1)
        assert (await _told(session, first)) == []
    accepted(await vote(db, first, CAROL))
    owed = {key for key in await pending_keys(db) if not key.startswith("digest")}
    assert owed == {"outcome:1"}, "the decision is told like any other"


async def _told(session: AsyncSession, request: Request) -> list[Message]:
    """What the record says was told of it."""
    found = await record_of(session, request.id)
    assert found
    return list(found.messages)
