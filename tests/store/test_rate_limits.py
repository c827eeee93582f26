"""Slack's allowance of a workspace: spent by claims, refilled by time, shared by all replicas."""

from datetime import timedelta

import pytest

from store.engine.database import Database
from store.messages import claim, outbox, rate_limits
from store.messages.outbox import Kind, Owed
from store.messages.rate_limits import Allowance, Method
from tests.cast import NOW
from tests.harness_store import replicas

SECOND = timedelta(seconds=1)


async def owe(db: Database, method: str, count: int) -> None:
    """So many messages, each on a lane of its own."""
    messages = [Owed(f"{method} {n}", Kind.DIGEST, f"U{n}", f"{method}:U{n}") for n in range(count)]
    async with db.transaction() as session:
        await outbox.owe(session, messages, now=NOW)


async def claimed(db: Database, seconds: float = 0) -> int:
    """How many may go out at that time."""
    now = NOW + seconds * SECOND
    return len(await claim.claim_due(db, owner="test", now=now, limit=1000, pace=SECOND))


@pytest.mark.parametrize(
    ("method", "burst", "minute"), [("post", 270, 300), ("edit", 45, 50), ("home", 90, 100)]
)
async def test_a_burst_and_then_the_minute_evenly(
    database_url: str, method: str, burst: int, minute: int
) -> None:
    async with replicas(database_url) as (first, second):
        await owe(first, method, burst + minute // 10 + 1)
        assert await claimed(first) + await claimed(second) == burst
        assert await claimed(second, 6) + await claimed(first, 6) == minute // 10


async def test_answers_and_other_methods_do_not_wait(db: Database) -> None:
    await owe(db, "edit", 60)
    await claimed(db)
    await owe(db, "reply", 60)
    await owe(db, "post", 2)
    assert await claimed(db) == 62


async def test_without_a_pace_everything_goes_at_once(db: Database) -> None:
    await owe(db, "edit", 60)
    assert len(await claim.claim_due(db, owner="test", now=NOW, limit=100)) == 60


@pytest.mark.parametrize("pace", [SECOND, timedelta()])
async def test_silence_holds_all_lanes_of_the_method(db: Database, pace: timedelta) -> None:
    async with db.transaction() as session:
        await rate_limits.pause_method(session, Method.EDIT, pace, until=NOW + 30 * SECOND)
    await owe(db, "edit", 3)
    await owe(db, "post", 1)

    async def kinds(seconds: int) -> list[str]:
        now = NOW + seconds * SECOND
        return [m.lane[:4] for m in await claim.claim_due(db, owner="test", now=now, pace=pace)]

    assert await kinds(29) == ["post"]
    assert await kinds(30) == ["edit"] * (1 if pace else 3)


async def test_a_rested_allowance_is_whole_and_no_more(db: Database) -> None:
    await owe(db, "edit", 45)
    await claimed(db)
    later = NOW + timedelta(days=1)
    assert Allowance(later, SECOND, {Method.EDIT: NOW}).remaining(Method.EDIT) == 45


async def test_the_next_look_is_when_the_method_has_room_again(db: Database) -> None:
    await owe(db, "edit", 60)
    await claimed(db)
    assert await claim.next_due(db, now=NOW, pace=SECOND) == 1.2 * SECOND
    await owe(db, "reply", 1)
    assert await claim.next_due(db, now=NOW, pace=SECOND) == timedelta()


async def test_nothing_is_looked_for_behind_a_method_with_nothing_owed(db: Database) -> None:
    async with db.transaction() as session:
        await rate_limits.pause_method(session, Method.HOME, SECOND, until=NOW + 30 * SECOND)
    assert await claim.next_due(db, now=NOW, pace=SECOND) is None
    await owe(db, "post", 1)
    assert await claim.next_due(db, now=NOW, pace=SECOND) == timedelta()
