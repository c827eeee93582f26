"""Fifty clicks on one request at the same moment end in one decision, whoever clicks."""

import asyncio
import random
from collections import Counter

import pytest

from store.domain.access import Denial, Refused
from store.domain.request import Request, Verdict
from store.engine.database import Database
from store.requests import read
from tests.cast import ADA, ALICE, BOB, CAROL
from tests.harness_store import (
    denial,
    findings,
    history,
    outbox_rows,
    replicas,
    submit,
    vote,
    withdraw,
)

pytestmark = pytest.mark.databases_differ

CLICKS = 50


async def click(db: Database, request: Request, dice: random.Random) -> Request | Refused:
    """Somebody who may end this review tries to, from a card or by a typed command."""
    round = dice.choice([None, request.round])
    if dice.random() < 0.25:
        return await withdraw(db, request, round=round)
    verdict = dice.choice(list(Verdict))
    return await vote(db, request, dice.choice([BOB, CAROL, ADA]), verdict, round=round)


@pytest.mark.parametrize("seed", range(3))
async def test_fifty_clicks_at_once_make_one_decision(
    database_url: str, db: Database, seed: int
) -> None:
    request, dice = await submit(db), random.Random(seed)
    async with replicas(database_url) as both:
        answers = await asyncio.gather(
            *(click(both[number % 2], request, dice) for number in range(CLICKS))
        )
    (winner,) = [answer for answer in answers if not isinstance(answer, Refused)]
    assert Counter(map(denial, answers)) == {None: 1, Denial.CLOSED: CLICKS - 1}
    assert all(answer.request == winner for answer in answers if isinstance(answer, Refused))
    await assert_decided_once(db, winner)


async def assert_decided_once(db: Database, winner: Request) -> None:
    """The record agrees with what the winner was told, in every place it is kept."""
    async with db.snapshot() as session:
        assert await read.one(session, winner.id) == winner
    assert await findings(db, winner) == ()
    assert winner.decided_by
    submitted, ended = await history(db, winner)
    assert submitted == (1, "submitted", ALICE)
    assert ended == (2, winner.status.value, winner.decided_by)
    assert [word.reviewer for word in winner.votes] == [winner.decided_by] * len(winner.votes)
    outcomes = [key for key in await outbox_rows(db) if key.startswith("outcome:")]
    assert len(outcomes) == len(winner.votes) <= 1


async def test_a_withdrawal_and_an_approval_at_once_leave_one_of_them(db: Database) -> None:
    for _ in range(5):
        request = await submit(db)
        answers = await asyncio.gather(withdraw(db, request), vote(db, request, BOB))
        assert sorted(map(str, map(denial, answers))) == ["None", "closed"]


async def test_clicks_on_many_requests_at_once_do_not_hinder_each_other(db: Database) -> None:
    requests = [await submit(db) for _ in range(10)]
    answers = await asyncio.gather(
        *(vote(db, request, reviewer) for request in requests for reviewer in (BOB, CAROL))
    )
    assert Counter(map(denial, answers)) == {None: 10, Denial.CLOSED: 10}
