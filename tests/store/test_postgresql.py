"""What is prepared, and what a restart leaves of the connections."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from store.engine import postgresql
from store.engine.database import Database, execute
from store.engine.postgresql import PREPARE_AFTER
from store.engine.trouble import cause_of
from tests.harness_store import replicas
from tests.postgres_server import Server

OWN = text("SELECT pg_backend_pid()")


@pytest.fixture
async def both(postgres: Server) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' worth of connections to one server."""
    postgres.execute("CREATE DATABASE {} TEMPLATE template_of_ours", "prepared")
    async with replicas(postgres.url("prepared")) as databases:
        yield databases
    postgres.execute("DROP DATABASE {} WITH (FORCE)", "prepared")


async def ask(db: Database, statement: Any, **values: Any) -> list[Any]:
    """The answer, in a transaction of its own."""
    async with db.transaction() as session:
        return list(await execute(session, statement, values))


async def test_what_comes_again_is_prepared(both: tuple[Database, Database]) -> None:
    for _ in range(PREPARE_AFTER + 2):
        await ask(both[0], text("SELECT key FROM slot"))
    prepared = await ask(both[0], text("SELECT statement FROM pg_prepared_statements"))
    assert ("SELECT key FROM slot",) in prepared


def test_behind_a_pooler_nothing_is_prepared() -> None:
    assert postgresql.prepare_threshold(announced=71, server=71) == PREPARE_AFTER
    assert postgresql.prepare_threshold(announced=1_804_289_383, server=71) is None


@pytest.mark.parametrize("tested_after", [0.0, 3600.0])
async def test_a_connection_that_was_lost_while_it_rested_is_made_again(
    both: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch, tested_after: float
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", tested_after)
    db, other = both
    [(first,)] = await ask(db, OWN)
    await ask(other, text("SELECT pg_terminate_backend(:pid, 5000)"), pid=first)
    [(second,)] = await ask(db, OWN)
    assert second != first


async def test_a_commit_waits_for_the_log_where_the_server_does_not(
    both: tuple[Database, Database], postgres: Server
) -> None:
    db, other = both
    settings = text("SELECT setting FROM pg_settings WHERE name = 'synchronous_commit'")
    async with db.snapshot() as session:
        assert (await execute(session, settings)).all() == [("off",)], "the server's own"
    assert await ask(db, settings) == [("on",)]

    postgres.execute("ALTER DATABASE {} SET synchronous_commit = 'remote_apply'", "prepared")
    assert await ask(other, settings) == [("remote_apply",)], "more than that is left as it is"


async def test_a_server_that_is_too_old_is_named(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "OLDEST", 99)
    db = Database(postgresql_url)
    with pytest.raises(SQLAlchemyError) as caught:
        await ask(db, OWN)
    await db.dispose()
    assert re.fullmatch(
        r"PostgreSQL \d\d is too old: 99 or newer is needed", cause_of(caught.value) or ""
    )
