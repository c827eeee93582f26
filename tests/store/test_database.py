"""Two doors to two databases: no lost update behind the one, one view behind the other."""

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, select

from store.engine.database import Database, DatabaseUrlError, parse_url
from store.tables import LaneRow, RequestRow, SlotRow
from tests.cast import NOW
from tests.harness_store import replicas, submit

pytestmark = pytest.mark.databases_differ


@pytest.mark.parametrize(
    ("text", "driver", "database"),
    [
        ("sqlite:///approvals.db", "sqlite+aiosqlite", "approvals.db"),
        ("sqlite+aiosqlite:////var/lib/approvals.db", "sqlite+aiosqlite", "/var/lib/approvals.db"),
        ("postgres://bot:pw@db.example.com/approvals", "postgresql+psycopg", "approvals"),
        ("postgresql://bot:pw@db.example.com/approvals", "postgresql+psycopg", "approvals"),
        ("postgresql+psycopg://bot@/approvals?host=/run", "postgresql+psycopg", "approvals"),
        ("postgresql://bot@db/approvals?connect_timeout=5", "postgresql+psycopg", "approvals"),
    ],
)
def test_both_databases_are_reached_by_the_usual_addresses(
    text: str, driver: str, database: str
) -> None:
    url = parse_url(text)
    assert (url.drivername, url.database) == (driver, database)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "approvals.db",
        "mysql://bot@db/approvals",
        "postgresql+asyncpg://bot@db/approvals",
        "postgresql://bot:pw@db:port/approvals",
        "http://db.example.com",
    ],
)
def test_any_other_address_is_refused_with_the_form_that_works(text: str) -> None:
    with pytest.raises(DatabaseUrlError, match=r"use sqlite:///file\.db or postgresql://"):
        parse_url(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sqlite://", "the store is a file, and this names none: use sqlite:///file.db"),
        ("sqlite:///:memory:", "the store is a file"),
        ("sqlite+aiosqlite:///file:x?mode=memory&uri=true", "the store is a file"),
        ("sqlite:///approvals.db?timeout=abc", "SQLite takes no options here: leave out ?timeout"),
        ("postgresql://bot@db/x?connect_timeout=abc", "bad value for connect_timeout: 'abc'"),
        ("postgresql://bot@db/x?conect_timeout=5", 'invalid connection option "conect_timeout"'),
    ],
)
def test_an_address_that_parses_and_cannot_be_used_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(DatabaseUrlError) as refused:
        parse_url(text)
    assert sentence in str(refused.value)


async def test_an_exception_undoes_all_of_a_transaction(db: Database) -> None:
    async def half_done() -> None:
        async with db.transaction() as session:
            session.add(SlotRow(key="once", at=NOW))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half_done()
    async with db.snapshot() as session:
        assert (await session.exec(select(SlotRow))).all() == []


async def test_reading_and_then_writing_loses_no_update(database_url: str, db: Database) -> None:
    request = await submit(db)

    async def count_up(replica: Database) -> None:
        for _ in range(50):
            async with replica.transaction() as session:
                row = await session.get_one(RequestRow, request.id, with_for_update=True)
                row.stage += 1

    async with replicas(database_url) as both:
        await asyncio.gather(*map(count_up, both))
    async with db.snapshot() as session:
        assert (await session.get_one(RequestRow, request.id)).stage == 1 + 100


async def test_a_snapshot_sees_one_moment_from_its_first_look_to_its_last(db: Database) -> None:
    count = select(func.count()).select_from(SlotRow)
    async with db.snapshot() as reader:
        assert (await reader.exec(count)).one() == 0
        async with db.transaction() as writer:
            writer.add(SlotRow(key="once", at=NOW))
        assert (await reader.exec(count)).one() == 0
    async with db.snapshot() as reader:
        assert (await reader.exec(count)).one() == 1


async def test_a_snapshot_writes_nothing(db: Database) -> None:
    async with db.snapshot() as session:
        session.add(SlotRow(key="once", at=NOW))
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await session.flush()
        await session.rollback()


async def test_a_connection_that_only_read_may_write_again(database_url: str) -> None:
    small = Database(database_url, pool_size=1)
    for key in ("a", "b"):
        async with small.snapshot() as session:
            await session.exec(select(SlotRow))
        async with small.transaction() as session:
            session.add(SlotRow(key=key, at=NOW))
    await small.dispose()


async def test_moments_come_back_as_they_went_in_to_the_microsecond(db: Database) -> None:
    moment = NOW.replace(microsecond=123456)
    async with db.transaction() as session:
        session.add(LaneRow(lane="l", free_at=moment))
    async with db.snapshot() as session:
        found = select(LaneRow.free_at).where(col(LaneRow.free_at) == moment)
        assert (await session.exec(found)).all() == [moment]


async def test_connections_are_closed_when_what_is_under_way_has_ended(database_url: str) -> None:
    db, begun, go_on = Database(database_url), asyncio.Event(), asyncio.Event()

    async def read() -> None:
        async with db.snapshot() as session:
            begun.set()
            await go_on.wait()
            await session.exec(select(SlotRow))

    reading = asyncio.ensure_future(read())
    await begun.wait()
    disposing = asyncio.ensure_future(db.dispose())
    assert await asyncio.wait([disposing], timeout=0.1) == (set(), {disposing})
    go_on.set()
    await disposing
    assert reading.done()
