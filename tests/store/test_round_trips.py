"""How often an act waits for PostgreSQL; and that what is sent together stays one transaction."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import bindparam, col, delete, func, insert, select

from bot.outgoing.messages import _as_read
from store.domain.lifecycle import Act
from store.domain.request import Audience
from store.engine.asking import Answer
from store.engine.database import Database, ask
from store.engine.postgresql import PREPARE_AFTER
from store.messages.cards import Clicked
from store.requests.submit import NewRequest, submit_all
from store.tables import SlotRow
from tests.cast import ALICE, BOB, NOW
from tests.harness_store import POLICY, accepted, new_submission, replicas, submit, vote
from tests.postgres_server import Server
from tests.slow_server import Way, way_to

pytestmark = pytest.mark.databases_differ

NEW = insert(SlotRow)
KEYS = select(SlotRow.key).order_by(col(SlotRow.key))
DELETED = delete(SlotRow).where(col(SlotRow.key) == bindparam("its_key"))
SLEEP = select(func.pg_sleep(30))


def slot(key: str) -> dict[str, object]:
    """The row of this key."""
    return {"key": key, "at": NOW}


async def keys(db: Database) -> list[str]:
    """What is committed."""
    async with db.snapshot() as session:
        return [row.key for row in await ask(session, KEYS)]


@pytest.fixture
async def counted(postgres: Server, tmp_path: Path) -> AsyncIterator[tuple[Database, Way]]:
    """A database, and the way to it that counts how often it was waited for."""
    postgres.execute("CREATE DATABASE {} TEMPLATE template_of_ours", "counted")
    async with (
        way_to(postgres, tmp_path / "way") as (way, server),
        replicas(server.url("counted")) as (db, _),
    ):
        yield db, way
    postgres.execute("DROP DATABASE {} WITH (FORCE)", "counted")


async def test_a_decision_waits_four_times(
    counted: tuple[Database, Way],
) -> None:
    db, way = counted
    clicked = Clicked("D1", "1.0", "https://hooks.slack.com/actions/1")
    for request in [await submit(db) for _ in range(PREPARE_AFTER + 2)]:
        before = way.round_trips
        accepted(await vote(db, request, BOB, clicked=clicked))
    assert way.round_trips - before == 4


@pytest.mark.parametrize(
    ("audience", "reader"), [(Audience.REVIEWER, BOB), (Audience.CHANNEL, "CREVIEWS")]
)
async def test_a_card_is_read_in_three(
    counted: tuple[Database, Way], audience: Audience, reader: str
) -> None:
    """What is found first; its context, with the roles and profiles of those in it; and COMMIT."""
    db, way = counted
    request = await submit(db)
    for _ in range(PREPARE_AFTER + 2):
        before = way.round_trips
        async with db.snapshot() as session:
            found, acts, met = await _as_read(session, request.id, audience, reader, POLICY, NOW)
    assert (found.id, Act.APPROVE in acts, met) == (request.id, True, {})
    assert way.round_trips - before == 3


async def test_what_nobody_awaits_is_sent_before_commit(db: Database) -> None:
    async with db.transaction() as session:
        ask(session, NEW, slot("a"))
        ask(session, NEW, [slot("b"), slot("c")])
    assert await keys(db) == ["a", "b", "c"]


async def test_each_sees_what_was_asked_before_it(db: Database) -> None:
    async with db.transaction() as session:
        ask(session, NEW, [slot("a"), slot("b")])
        before = ask(session, KEYS)
        gone = ask(session, DELETED, {"its_key": "a"})
        after = (await session.exec(select(SlotRow.key))).all()  # another way
        assert [row.key for row in await before] == ["a", "b"]
        assert (after, gone.rowcount) == (["b"], 1)


async def test_what_was_added_to_the_session_is_there_for_it(db: Database) -> None:
    async with db.transaction() as session:
        before = ask(session, KEYS)
        session.add(SlotRow(key="a", at=NOW))
        after = ask(session, KEYS)
        assert [row.key for row in await after] == ["a"]
        assert not await before


async def test_one_that_fails_takes_all_with_it_and_nothing_of_the_next(db: Database) -> None:
    async def ask_twice() -> None:
        async with db.transaction() as session:
            ask(session, NEW, slot("a"))
            ask(session, NEW, slot("a"))
            await ask(session, KEYS)

    with pytest.raises(IntegrityError):
        await ask_twice()
    async with db.transaction() as session:
        ask(session, NEW, slot("b"))
    assert await keys(db) == ["b"]


async def test_an_answer_that_may_not_be_ends_the_transaction(db: Database) -> None:
    def refuse(answer: Answer) -> None:
        assert answer.rowcount, "there was such a row"

    async def ask_for_more() -> None:
        async with db.transaction() as session:
            ask(session, NEW, slot("a"))
            ask(session, DELETED, {"its_key": "b"}).then(refuse)

    with pytest.raises(AssertionError, match="such a row"):
        await ask_for_more()
    assert await keys(db) == []


async def test_who_is_cancelled_leaves_no_answer_to_the_next(
    counted: tuple[Database, Way],
) -> None:
    db, _ = counted

    async def wait_long() -> None:
        async with db.transaction() as session:
            ask(session, NEW, slot("a"))
            await ask(session, SLEEP)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait_long(), 0.3)
    for _ in range(3):
        assert await keys(db) == []


async def test_a_submission_waits_eight_times(counted: tuple[Database, Way]) -> None:
    db, way = counted
    for _ in range(PREPARE_AFTER + 2):
        before = way.round_trips
        await submit(db)
    assert way.round_trips - before == 8


async def test_sixteen_that_come_at_once_wait_no_oftener(counted: tuple[Database, Way]) -> None:
    db, way = counted
    for _ in range(PREPARE_AFTER + 2):
        before = way.round_trips
        programs = ({"id": f"{number}", "name": "Bills"} for number in range(16))
        handed = [new_submission(mini_program=program) for program in programs]
        new = [NewRequest(each, ALICE, NOW, from_platform=True) for each in handed]
        await submit_all(db, new, POLICY)
    assert way.round_trips - before == 7  # none asks what stands at its target
