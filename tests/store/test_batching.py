"""A crowd shares a transaction, and nobody in it notices."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Executable, event
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import Denial, Refused
from store.domain.request import Person, Request, Status, Verdict
from store.engine.asking import Answer
from store.engine.database import Database, ask
from store.messages import outbox
from store.requests import read
from store.tables import PersonRow
from tests.cast import ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import history, pending_keys, submit, vote, withdraw

pytestmark = pytest.mark.databases_differ


def begun(db: Database) -> list[object]:
    """What is in it grows with each transaction that begins from now on."""
    seen: list[object] = []
    event.listen(db.engine.sync_engine, "begin", seen.append)
    return seen


async def test_clicks_of_one_moment_share_a_transaction_or_two(db: Database) -> None:
    requests = [await submit(db) for _ in range(8)]
    seen = begun(db)
    answers = await asyncio.gather(*(vote(db, request, BOB) for request in requests))
    assert all(isinstance(answer, Request) for answer in answers)
    assert len(seen) <= 2
    async with db.snapshot() as session:
        kept = [await read.one(session, request.id) for request in requests]
    assert kept == answers
    for request in requests:
        assert f"outcome:{request.id}" in await pending_keys(db)
        assert [what for _, what, _ in await history(db, request)] == ["submitted", "approved"]


async def test_of_those_who_end_one_review_at_one_moment_the_first_does(db: Database) -> None:
    request = await submit(db)
    seen = begun(db)
    first, second, third, fourth = await asyncio.gather(
        vote(db, request, MALLORY),
        vote(db, request, BOB, Verdict.REJECT, reason="It does not start."),
        vote(db, request, CAROL),
        withdraw(db, request),
    )
    assert len(seen) == 1
    assert first == Refused(Denial.UNKNOWN, request.id)
    assert isinstance(second, Request)
    assert (second.status, second.decided_by) == (Status.REJECTED, BOB)
    assert isinstance(third, Refused)
    assert isinstance(fourth, Refused)
    assert {third.denial, fourth.denial} == {Denial.CLOSED}
    assert third.request == second


async def test_all_that_a_batch_owes_is_written_at_once_and_in_one_order(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two batches could take the same rows of the outbox in different orders: a deadlock."""
    decided, open_ = await submit(db), await submit(db)
    await vote(db, decided, BOB)
    written: list[list[str]] = []

    def note(session: AsyncSession, statement: Executable, values: Any) -> Answer:
        written.append([row["key"] for row in values])
        return ask(session, statement, values)

    monkeypatch.setattr(outbox, "ask", note)
    late, fresh = await asyncio.gather(
        vote(db, decided, CAROL, round=1), vote(db, open_, CAROL, round=1)
    )
    assert isinstance(late, Refused)
    assert isinstance(fresh, Request)
    (keys,) = written
    owed = [f"card:{request.id}:reviewer:{CAROL}" for request in (decided, open_)]
    assert [key for key in keys if key in owed] == owed


async def meet(session: AsyncSession, names: Sequence[str]) -> list[str]:
    """Keep these people, if there is nobody without a name among them."""
    await people.remember(session, [Person(name, name) for name in names], now=NOW)
    if "" in names:
        raise ValueError("nobody has no name")
    return [f"Hello {name}" for name in names]


async def test_what_fails_together_is_tried_one_by_one(db: Database) -> None:
    alice, nobody, bob = await asyncio.gather(
        *(db.write_batches.run(meet, name) for name in (ALICE, "", BOB)), return_exceptions=True
    )
    assert (alice, bob) == (f"Hello {ALICE}", f"Hello {BOB}")
    assert isinstance(nobody, ValueError)
    assert await met(db) == 2


async def test_who_gave_up_before_it_began_has_not_asked(db: Database) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def meet_in_time(session: AsyncSession, names: Sequence[str]) -> list[str]:
        began.set()
        await go_on.wait()
        return await meet(session, names)

    first = asyncio.ensure_future(db.write_batches.run(meet_in_time, ALICE))
    await began.wait()
    asked = [
        asyncio.ensure_future(db.write_batches.run(meet_in_time, name)) for name in (BOB, CAROL)
    ]
    await asyncio.wait(asked, timeout=0)  # both are in the queue
    asked[0].cancel()
    go_on.set()
    assert (await first, await asked[1]) == (f"Hello {ALICE}", f"Hello {CAROL}")
    assert asked[0].cancelled()
    assert await met(db) == 2


async def test_a_crowd_is_one_as_long_as_it_comes(db: Database) -> None:
    requests = [await submit(db) for _ in range(4)]
    assert not db.write_batches.crowded
    first = asyncio.gather(*(vote(db, request, BOB) for request in requests[:3]))
    await first
    last = asyncio.ensure_future(vote(db, requests[3], BOB))
    await asyncio.wait([last], timeout=0)
    assert db.write_batches.crowded
    await last
    assert not db.write_batches.crowded


async def met(db: Database) -> int:
    """How many people are known."""
    async with db.snapshot() as session:
        return (await session.exec(select(func.count(col(PersonRow.user_id))))).one()
