"""`/readyz` tries what the bot needs, says what it found, and says it within two seconds."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from bot import app, http, readiness
from store.engine import time_limits
from store.engine.database import Database, Reading, poll_advisory_lock
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack
from tests.postgres_server import Server
from tests.slow_server import way_to


async def ready(team: Team) -> tuple[int, dict[str, Any]]:
    """What an operator's probe hears, in time."""
    transport = httpx.ASGITransport(http.build(team.bot))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        async with asyncio.timeout(2 + readiness.ANSWER_SECONDS):  # a busy machine is no finding
            answer = await client.get("/readyz")
    return answer.status_code, answer.json()


async def test_it_names_what_it_tried(team: Team) -> None:
    await team.store()
    team.clock.move(seconds=90)
    code, said = await ready(team)
    assert (code, said["status"]) == (200, "ready")
    assert said["store"] == {"takes_writes": True}
    assert said["outbox"] == {"oldest_due_seconds": 90.0}
    assert said["slack"]["connections"] == 1
    assert said["slack"]["heard_seconds_ago"] is not None


async def test_a_read_only_postgresql_is_not_ready(
    postgres: Server, clock: MovedClock, tmp_path: Path
) -> None:
    postgres.execute("CREATE DATABASE {} TEMPLATE template_of_ours", "only_read")
    async with team_at_slack(
        postgres.url("only_read"), clock, tmp_path, mode="socket_mode"
    ) as team:
        postgres.execute("ALTER DATABASE {} SET default_transaction_read_only = on", "only_read")
        await team.bot.db.engine.dispose()
        code, said = await ready(team)
    postgres.execute("DROP DATABASE {} WITH (FORCE)", "only_read")
    assert (code, said["store"]) == (503, {"takes_writes": False})
    assert "takes no writes (ReadOnlySqlTransaction)" in said["status"]


async def test_a_disk_that_is_full_is_not_ready(team_once: Team) -> None:
    async with team_once.bot.db.transaction() as session:  # SQLite says it in the same words
        await (await session.connection()).execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON replica "
                "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
            )
        )
    code, said = await ready(team_once)
    assert (code, said["store"]) == (503, {"takes_writes": False})


@pytest.mark.slow
async def test_a_locked_file_is_not_ready_in_time(team_once: Team, sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, said = await ready(team_once)
        other.execute("ROLLBACK")
    assert (code, said["status"]) == (503, "the database does not answer")


@pytest.mark.slow
async def test_a_frozen_server_is_not_ready_in_time(
    postgres: Server, postgresql_url: str, clock: MovedClock, tmp_path: Path
) -> None:
    name = postgresql_url.split("@/")[1].split("?")[0]
    async with (
        way_to(postgres, tmp_path / "way") as (way, server),
        team_at_slack(server.url(name), clock, tmp_path, mode="socket_mode") as team,
    ):
        way.freeze()
        code, said = await ready(team)
    assert (code, said["status"]) == (503, "the database does not answer")


async def test_a_deaf_socket_is_not_ready(team_once: Team) -> None:
    team_once.bot.heard.connections.clear()
    code, said = await ready(team_once)
    assert (code, said["status"]) == (503, "Slack is not connected by Socket Mode")


@pytest.mark.slow
async def test_an_outbox_that_nobody_asks_is_not_ready(
    postgresql_url: str, clock: MovedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "SILENT_SECONDS", 2.0)
    other = Database(postgresql_url)
    async with (
        team_at_slack(postgresql_url, clock, tmp_path, mode="socket_mode") as team,
        app.running(team.bot),
    ):
        assert (await ready(team))[0] == 200
        async with other.transaction(time_limits.LONG) as session:
            await poll_advisory_lock(session, "claims", lambda: Reading(lambda: None))
            async with asyncio.timeout(60):
                while (found := await ready(team))[0] == 200:
                    await asyncio.wait(team.bot.loops.values(), timeout=0.2)
    await other.dispose()
    assert found[1]["status"].startswith("the outbox was not asked")
