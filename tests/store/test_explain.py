"""Why: who may decide, whether the asker may, who was told and reminded when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from store.domain.access import Denial, Refused
from store.domain.explanation import Delivery, Why
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Audience, Request
from store.engine.database import Database
from store.messages import cards, claim, outbox, reminders
from store.requests import explain
from store.requests.decide import Decision, decide
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import POLICY, accepted, send_all, submit, vote

MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


async def asked(db: Database, request: Request, by: str = ALICE) -> Why:
    answer = await explain.why(db, request.id, asker=by, policy=POLICY, now=NOW)
    assert isinstance(answer, Why)
    return answer


async def test_reviewers_come_first_then_admins(db: Database) -> None:
    assert (await asked(db, await submit(db))).deciders == (BOB, CAROL, ADA)


async def test_after_the_decision_nobody_may_decide(db: Database) -> None:
    ended = accepted(await vote(db, await submit(db), BOB))
    why = await asked(db, ended, BOB)
    assert (why.deciders, why.denial) == ((), Denial.CLOSED)


@pytest.mark.parametrize(("by", "why"), [(BOB, None), (ADA, None), (ALICE, Denial.OWN_REQUEST)])
async def test_the_asker_hears_whether_they_may(db: Database, by: str, why: Denial | None) -> None:
    assert (await asked(db, await submit(db), by)).denial is why


async def test_who_may_not_see_it_learns_nothing(db: Database) -> None:
    await submit(db)
    for request_id in (1, 999):
        answer = await explain.why(db, request_id, asker=MALLORY, policy=POLICY, now=NOW)
        assert answer == Refused(Denial.UNKNOWN, request_id)


async def test_it_tells_who_got_the_card_and_when(db: Database) -> None:
    request = await submit(db)
    async with db.transaction() as session:
        card = await cards.find(session, request.id, Audience.REVIEWER, BOB, now=NOW)
        ts = f"{NOW.timestamp():.6f}"
        await cards.record_posted(session, [replace(card, channel="DBOB", ts=ts, shown_revision=1)])
    deliveries = (await asked(db, request)).deliveries
    assert deliveries[1] == Delivery(BOB, Audience.REVIEWER, NOW)
    assert [(copy.recipient, copy.at) for copy in deliveries if copy.recipient != BOB] == [
        ("CREVIEWS", None),
        (CAROL, None),
        (ALICE, None),
    ]


async def test_it_tells_whom_slack_did_not_let_us_tell(db: Database) -> None:
    request = await submit(db)
    (first, *_) = await claim.claim_due(db, owner="story", now=NOW)
    async with db.transaction() as session:
        await outbox.give_up(session, first, why="channel_not_found", now=NOW)
    failed = {copy.recipient: copy.failed for copy in (await asked(db, request)).deliveries}
    assert failed[first.recipient] == "channel_not_found"
    assert sum(why is None for why in failed.values()) == 3


async def test_it_tells_who_was_reminded(db: Database) -> None:
    request = await submit(db)
    await send_all(db)
    assert (await asked(db, request)).reminded == ()
    await reminders.owe_reminders(db, POLICY, now=MONDAY)
    await send_all(db, MONDAY)
    why = await asked(db, request)
    assert why.reminded == ((BOB, MONDAY), (CAROL, MONDAY))
    assert why.remind_at <= MONDAY
    assert why.remind_at - NOW < timedelta(days=4)

    accepted(await decide(db, Decision(request.id, Act.APPROVE, BOB, MONDAY), POLICY))
    await submit(db)
    tuesday = MONDAY + timedelta(days=1)
    assert await reminders.owe_digests(db, POLICY, now=tuesday) == 2
    await send_all(db, tuesday)
    assert (await asked(db, request)).reminded == why.reminded, "not what came after its end"


@pytest.mark.parametrize(("changed", "said"), [(-1, -1), (0, 0), (9, 0)])
async def test_the_policy_is_of_no_later_than_now(db: Database, changed: int, said: int) -> None:
    """The date of a file is of another clock than ours."""
    request = await submit(db)
    file = f'[workspace]\nreviewers = ["{BOB}"]'
    policy = Policy.parse(file, changed_at=NOW + timedelta(days=changed))
    why = await explain.why(db, request.id, asker=BOB, policy=policy, now=NOW)
    assert isinstance(why, Why)
    assert why.policy_of == NOW + timedelta(days=said)
