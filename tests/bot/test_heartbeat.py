"""A process tells the others that it lives, and notices when it cannot."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot import app, heartbeat
from bot.version import version
from store import replicas
from store.replicas import Replica
from tests.harness_slack import Team


async def heard(team: Team) -> list[Replica]:
    async with team.bot.db.snapshot() as session:
        return list(await replicas.alive(session, since=team.clock() - timedelta(hours=1)))


async def test_a_running_bot_beats(team: Team) -> None:
    assert await heard(team) == []
    async with app.running(team.bot):
        await team.bot.heartbeat.beaten.wait()
    (said,) = await heard(team)
    now = team.clock()
    expected = Replica(
        team.bot.heartbeat.replica, now, team.bot.policy.sha256, version(), now, connected=True
    )
    assert replace(said, heard_at=None) == expected
    assert said.heard_at is not None


async def test_a_heartbeat_outlasts_a_store_that_takes_no_writes(
    team: Team, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    async with team.bot.db.transaction() as session:
        await (await session.connection()).execute(text("ALTER TABLE replica RENAME TO lost"))
    beating = asyncio.create_task(team.bot.heartbeat.run())
    while "cannot be written to" not in caplog.text:
        await asyncio.wait([beating], timeout=heartbeat.BEAT_SECONDS)
    async with team.bot.db.transaction() as session:
        await (await session.connection()).execute(text("ALTER TABLE lost RENAME TO replica"))
    await team.bot.heartbeat.beaten.wait()
    beating.cancel()
