"""Every wait has an end, and what nobody waits for any more is not done."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from store.domain.request import Request, Status
from store.engine import postgresql, time_limits
from store.engine.database import Database, Reading, Topic, execute, poll_advisory_lock
from store.engine.time_limits import CommitLostError, Fate, Limits, TooLateError
from store.messages import claim
from store.requests import read
from store.tables import OutboxRow, RequestRow
from tests.cast import BOB, CAROL, NOW
from tests.harness_store import accepted, submit, vote
from tests.postgres_server import Server
from tests.slow_server import Way, way_to

pytestmark = pytest.mark.databases_differ

WAITS = pytest.mark.slow  # for real seconds
SOON = 2.0
"""Seconds for which somebody waits in these stories."""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of a click, somewhat shorter, so that there is time to try again."""
    monkeypatch.setattr(time_limits, "CLICK", Limits(lock=0.3, statement=1.0, idle=5.0, whole=1.0))
    monkeypatch.setattr(time_limits, "COMMIT_SECONDS", 0.5)
    monkeypatch.setattr(postgresql, "ANSWER_SECONDS", 1.0)


@pytest.fixture
async def on_postgres(postgresql_url: str) -> AsyncIterator[Database]:
    db = Database(postgresql_url)
    yield db
    await db.dispose()


@asynccontextmanager
async def held(db: Database, statement: str) -> AsyncIterator[None]:
    """Another session has locked what this statement finds."""
    async with db.transaction(time_limits.LONG) as session:
        await execute(session, text(statement))
        yield


async def click(db: Database, request: Request, by: str = BOB) -> Request | None:
    """An approval by somebody who waits; None where they are told that nothing was changed."""
    with time_limits.within(SOON) as deadline:
        try:
            return accepted(await vote(db, request, by))
        except TooLateError:
            assert deadline.fate is Fate.GIVEN_UP
            return None


async def status(db: Database, request: Request) -> Status:
    async with db.snapshot() as session:
        return (await read.one(session, request.id)).status


@WAITS
async def test_who_clicks_on_a_row_that_is_held_fails_alone(on_postgres: Database) -> None:
    db = on_postgres
    requests = [await submit(db) for _ in range(7)]
    async with held(db, f"SELECT id FROM request WHERE id = {requests[3].id} FOR UPDATE"):
        answers = await asyncio.gather(*(click(db, request) for request in requests))
        late = [request for request, answer in zip(requests, answers, strict=True) if not answer]
        assert late == [requests[3]]
    assert await status(db, requests[3]) is Status.UNDER_REVIEW
    assert await click(db, requests[3])


@WAITS
async def test_of_a_crowd_at_a_held_row_nobody_else_hears(on_postgres: Database) -> None:
    db = on_postgres
    wanted, *others = [await submit(db) for _ in range(4)]
    async with held(db, f"SELECT id FROM request WHERE id = {wanted.id} FOR UPDATE"):
        crowd = asyncio.gather(*(click(db, wanted, by) for by in [BOB, CAROL] * 20))
        for request in others:
            assert await click(db, request)
        assert set(await crowd) == {None}


@WAITS
async def test_a_click_that_was_only_held_up_for_a_moment_is_done(on_postgres: Database) -> None:
    db, request = on_postgres, await submit(on_postgres)
    async with held(db, "SELECT id FROM request FOR UPDATE"):
        waiting = asyncio.ensure_future(click(db, request))
        await asyncio.wait([waiting], timeout=SOON / 2)
    assert await waiting


@WAITS
async def test_a_message_that_is_held_fails_only_those_who_owe_it(on_postgres: Database) -> None:
    db = on_postgres
    names = ("one", "two", "three")
    programs = [{"id": f"16600000000000{n}", "name": name} for n, name in enumerate(names)]
    requests = [await submit(db, mini_program=program) for program in programs]
    card = f"card:{requests[0].id}:reviewer:{BOB}"
    async with held(db, f"SELECT id FROM outbox WHERE key = '{card}' FOR UPDATE"):
        first, *others = await asyncio.gather(*(click(db, request) for request in requests))
    assert first is None
    assert all(others)
    assert await status(db, requests[0]) is Status.UNDER_REVIEW


async def test_a_claim_goes_on_when_the_one_before_it_is_frozen(
    on_postgres: Database, postgresql_url: str
) -> None:
    await submit(on_postgres)
    frozen, claimed = Database(postgresql_url), asyncio.Event()
    impatient = replace(time_limits.BACKGROUND, idle=0.2)

    async def freeze() -> None:
        async with frozen.transaction(impatient) as session:
            await poll_advisory_lock(session, "claims", lambda: Reading(lambda: None))
            claimed.set()
            await asyncio.Event().wait()

    freezing = asyncio.create_task(freeze())
    await claimed.wait()
    async with asyncio.timeout(60):
        assert await claim.claim_due(on_postgres, owner="healthy", now=NOW)
    freezing.cancel()
    await asyncio.wait([freezing])
    await frozen.dispose()


@pytest.fixture
async def by_a_way(
    postgres: Server, postgresql_url: str, tmp_path: Path
) -> AsyncIterator[tuple[Way, Database]]:
    """A store whose server can be frozen."""
    name = postgresql_url.split("@/")[1].split("?")[0]
    async with way_to(postgres, tmp_path / "way") as (way, server):
        db = Database(server.url(name))
        yield way, db
        await db.dispose()


@WAITS
async def test_a_frozen_server_keeps_nobody_waiting_and_does_nothing_later(
    by_a_way: tuple[Way, Database], on_postgres: Database
) -> None:
    way, db = by_a_way
    request = await submit(db)
    way.freeze()
    assert await asyncio.gather(click(db, request), click(db, request, CAROL)) == [None, None]
    way.thaw()
    assert await status(on_postgres, request) is Status.UNDER_REVIEW
    async with asyncio.timeout(60):
        while not await click(db, request):
            pass


@WAITS
@pytest.mark.parametrize("arrives", [True, False])
async def test_of_a_commit_without_an_answer_the_database_knows_what_became(
    by_a_way: tuple[Way, Database], on_postgres: Database, arrives: bool
) -> None:
    way, db = by_a_way
    request = await submit(db)
    notified: list[Topic] = []
    db.listeners |= {topic: partial(notified.append, topic) for topic in Topic}
    if arrives:
        way.freeze_after(b"COMMIT")
    with time_limits.within(SOON) as deadline:
        deciding = asyncio.ensure_future(vote(db, request, BOB))
    if arrives:
        await way.said.wait()
    else:
        while deadline.fate is not Fate.COMMITTING:
            await asyncio.wait([deciding], timeout=0)
        way.freeze()
    assert not deadline.give_up(), "nobody can say that nothing was changed"
    with pytest.raises(CommitLostError):
        await deciding
    assert deadline.fate is Fate.LOST
    assert deadline.transaction
    assert notified, "the loops look for what it may have left"
    took_effect = None
    async with asyncio.timeout(60):
        while took_effect is None:
            took_effect = await on_postgres.took_effect(deadline.transaction)
    assert took_effect is arrives
    expected = Status.APPROVED if arrives else Status.UNDER_REVIEW
    assert await status(on_postgres, request) is expected


@pytest.fixture
def locked(sqlite_url: str) -> Iterator[sqlite3.Connection]:
    """Another process that writes to the file, and does not come to an end."""
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        yield other


@WAITS
async def test_a_click_that_was_given_up_on_is_not_done_when_the_lock_is_free(
    sqlite_url: str, locked: sqlite3.Connection
) -> None:
    db = Database(sqlite_url)
    requests = [await submit(db) for _ in range(8)]
    locked.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(*(click(db, request) for request in requests))
    assert answers == [None] * 8
    locked.execute("ROLLBACK")
    assert await click(db, requests[0]), "a new one is done"
    assert {await status(db, request) for request in requests[1:]} == {Status.UNDER_REVIEW}
    await db.dispose()


@WAITS
async def test_a_click_behind_a_writer_of_its_own_process_is_given_up_too(
    sqlite_url: str,
) -> None:
    db = Database(sqlite_url)
    request = await submit(db)
    async with db.transaction() as session:
        await session.exec(select(RequestRow).where(col(RequestRow.id) == request.id))
        assert await click(db, request) is None
    async with db.snapshot() as session:
        owed = await session.exec(select(OutboxRow).where(col(OutboxRow.kind) == "outcome"))
        assert owed.all() == []
    await db.dispose()


async def test_what_could_not_begin_in_time_is_given_up(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    async with db.transaction():
        with time_limits.within(0.05) as deadline, pytest.raises(TooLateError):
            async with db.transaction():
                raise AssertionError("it was begun")
    assert deadline.fate is Fate.GIVEN_UP, "whoever answers them says that nothing was changed"
    await db.dispose()


async def test_one_who_is_late_does_not_make_the_others_late(db: Database) -> None:
    first, second = await submit(db), await submit(db)
    with time_limits.within(60) as patient:
        waiting = asyncio.ensure_future(vote(db, first, BOB))
        await asyncio.wait([waiting], timeout=0)
    with time_limits.within(60) as impatient:
        leaving = asyncio.ensure_future(vote(db, second, BOB))
        await asyncio.wait([leaving], timeout=0)
    assert impatient.give_up()
    assert accepted(await waiting).status is Status.APPROVED
    assert patient.fate is Fate.COMMITTED
    with pytest.raises(TooLateError):
        await leaving
    assert await status(db, second) is Status.UNDER_REVIEW


async def test_nothing_is_begun_for_who_is_told_that_nothing_was_changed(db: Database) -> None:
    with time_limits.within(60) as deadline:
        assert deadline.give_up()
        with pytest.raises(TooLateError):
            async with db.transaction():
                raise AssertionError("it was begun")
        with pytest.raises(TooLateError):
            async with db.snapshot():
                raise AssertionError("it was begun")


async def test_who_has_an_answer_hurries_nothing_any_more(db: Database) -> None:
    request = await submit(db)
    with time_limits.within(0) as deadline:
        deadline.is_answered = True
        assert accepted(await vote(db, request, BOB)).status is Status.APPROVED
