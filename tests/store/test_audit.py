"""The history of a request is sealed: whoever touches an event is found at its revision."""

import pytest

from store.domain.request import Request
from store.engine.database import Database
from store.requests import audit
from store.tables import EventRow
from tests.cast import BOB, MALLORY
from tests.harness_store import accepted, history, submit, vote


@pytest.fixture
async def decided(db: Database) -> Request:
    """A request with two events."""
    return accepted(await vote(db, await submit(db), BOB))


async def broken_at(db: Database, request: Request) -> int | None:
    async with db.snapshot() as session:
        return await audit.broken_at(session, request.id)


async def tamper(db: Database, statement: str) -> None:
    """Somebody with the database's password, past the code."""
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql(statement)


async def add_sealed(db: Database, request: Request, revision: int) -> None:
    """An event that knows how seals are made."""
    async with db.transaction() as session:
        last = await session.get_one(EventRow, (request.id, 2))
        forged = EventRow(
            request_id=request.id,
            revision=revision,
            at=last.at,
            actor=MALLORY,
            kind="approved",
            previous=last.hash if revision > 2 else audit.GENESIS,
            hash="",
        )
        forged.hash = audit.seal(forged)
        session.add(forged)


async def test_an_untouched_history_holds(db: Database, decided: Request) -> None:
    assert len(await history(db, decided)) == decided.revision
    assert await broken_at(db, decided) is None


CHANGES = [
    f"actor = '{MALLORY}'",
    "kind = 'rejected'",
    "data = '{}'",
    "at = '2026-11-20 03:00:01.000000'",
    f"previous = '{audit.GENESIS[:-1]}1'",
    f"hash = '{audit.GENESIS}'",
]


async def test_a_changed_event_is_found_at_its_revision(db: Database) -> None:
    for change in CHANGES:
        request = accepted(await vote(db, await submit(db), BOB))
        where = f"revision = 2 AND request_id = {request.id}"
        await tamper(db, f"UPDATE event SET {change} WHERE {where}")
        assert await broken_at(db, request) == 2, change


@pytest.mark.parametrize("revision", [1, 2])
async def test_a_removed_event_is_found_at_its_revision(
    db: Database, decided: Request, revision: int
) -> None:
    await tamper(db, f"DELETE FROM event WHERE revision = {revision}")
    assert await broken_at(db, decided) == revision


@pytest.mark.parametrize("revision", [0, 3])
async def test_an_inserted_event_is_found_however_well_it_is_sealed(
    db: Database, decided: Request, revision: int
) -> None:
    await add_sealed(db, decided, revision)
    assert await broken_at(db, decided) == revision


async def test_a_resealed_event_is_found_at_the_one_that_follows(
    db: Database, decided: Request
) -> None:
    async with db.transaction() as session:
        first = await session.get_one(EventRow, (decided.id, 1))
        first.actor = MALLORY
        first.hash = audit.seal(first)
    assert await broken_at(db, decided) == 2
