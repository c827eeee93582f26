"""What one process owes wakes the others at once, on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import psycopg
import pytest

from store import exports
from store.domain.export import Format
from store.domain.lists.query import ListQuery, Scope
from store.engine import pg_listen
from store.engine.database import Database, Topic
from tests.cast import ALICE, NOW
from tests.harness_store import submit
from tests.postgres_server import Server

PATIENCE = 60
"""Seconds until what must be heard is heard, on a busy machine."""


@pytest.fixture
def shared(postgres: Server) -> Iterator[str]:
    """One database for several processes."""
    postgres.execute("CREATE DATABASE {} TEMPLATE template_of_ours", "shared")
    yield postgres.url("shared")
    postgres.execute("DROP DATABASE {} WITH (FORCE)", "shared")


@asynccontextmanager
async def hearing(url: str, own: str = "") -> AsyncIterator[asyncio.Queue[Topic]]:
    """A process that listens, after its start, when it looks for everything; an entry a call."""
    heard: asyncio.Queue[Topic] = asyncio.Queue()
    listeners = {topic: partial(heard.put_nowait, topic) for topic in Topic}
    task = asyncio.create_task(pg_listen.listen(url, listeners, own=own))
    try:
        for _ in Topic:
            await asyncio.wait_for(heard.get(), PATIENCE)
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_transaction_that_owes_is_heard_once_it_is_committed(shared: str) -> None:
    db = Database(shared)
    async with hearing(shared) as first, hearing(shared) as second:
        async with db.transaction():
            pass  # owes nothing
        await submit(db)
        assert await asyncio.wait_for(first.get(), PATIENCE) is Topic.OUTBOX
        assert await asyncio.wait_for(second.get(), PATIENCE) is Topic.OUTBOX
        assert (first.qsize(), second.qsize()) == (0, 0)
    await db.dispose()


async def test_a_process_does_not_hear_itself(shared: str) -> None:
    """It knows already, and would poll before it sends what was claimed with the commit."""
    db, other = Database(shared), Database(shared)
    async with hearing(shared, own=db.name) as heard, hearing(shared) as hears_all:
        await submit(db)
        await exports.ask(other, ListQuery(Scope.MINE), Format.CSV, asker=ALICE, now=NOW)
        found = {await asyncio.wait_for(heard.get(), PATIENCE) for _ in range(2)}
        assert found == {Topic.OUTBOX, Topic.EXPORTS}
        for _ in range(3):
            await asyncio.wait_for(hears_all.get(), PATIENCE)
        assert (heard.qsize(), hears_all.qsize()) == (0, 0)
    await db.dispose()
    await other.dispose()


async def test_who_makes_files_is_woken_by_what_is_asked_for(shared: str) -> None:
    db = Database(shared)
    async with hearing(shared) as heard:
        await exports.ask(db, ListQuery(Scope.MINE), Format.CSV, asker=ALICE, now=NOW)
        found = {await asyncio.wait_for(heard.get(), PATIENCE) for _ in range(2)}
    assert found == {Topic.OUTBOX, Topic.EXPORTS}
    await db.dispose()


async def test_a_lost_connection_is_made_again(
    shared: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pg_listen, "RECONNECT_SECONDS", 0)
    async with hearing(shared) as heard:
        with psycopg.connect(shared, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            )
        await asyncio.wait_for(heard.get(), PATIENCE)
    assert "not listening to PostgreSQL (" in caplog.text
    assert shared not in caplog.text


async def test_a_quiet_connection_is_tried_and_kept(
    shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg_listen, "PROBE_SECONDS", 0.01)
    db = Database(shared)
    async with hearing(shared) as heard:
        await asyncio.wait_for(submit(db), PATIENCE)
        await asyncio.wait_for(heard.get(), PATIENCE)
    await db.dispose()
