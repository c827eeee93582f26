"""Slack's allowance of a workspace: spent by claims, refilled by time, shared by all replicas."""

import heapq
import random
from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.sandbox.state.rates import Limiter, RateLimited, Rates
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
    ("method", "burst", "minute"), [("post", 288, 300), ("edit", 48, 50), ("home", 96, 100)]
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
        until = NOW + 30 * SECOND
        await rate_limits.pause_method(session, Method.EDIT, pace, until=until, now=NOW)
    await owe(db, "edit", 3)
    await owe(db, "post", 1)

    async def kinds(seconds: int) -> list[str]:
        now = NOW + seconds * SECOND
        return [m.lane[:4] for m in await claim.claim_due(db, owner="test", now=now, pace=pace)]

    assert await kinds(29) == ["post"]
    assert await kinds(30) == ["edit"] * (1 if pace else 3)


async def test_a_rested_allowance_is_whole_and_no_more(db: Database) -> None:
    await owe(db, "edit", 48)
    await claimed(db)
    later = NOW + timedelta(days=1)
    assert Allowance(later, SECOND, {Method.EDIT: NOW}).remaining(Method.EDIT) == 48


async def test_the_next_look_is_when_the_method_has_room_again(db: Database) -> None:
    await owe(db, "edit", 60)
    await claimed(db)
    assert await claim.next_due(db, now=NOW, pace=SECOND) == 1.2 * SECOND
    await owe(db, "reply", 1)
    assert await claim.next_due(db, now=NOW, pace=SECOND) == timedelta()


async def test_nothing_is_looked_for_behind_a_method_with_nothing_owed(db: Database) -> None:
    async with db.transaction() as session:
        until = NOW + 30 * SECOND
        await rate_limits.pause_method(session, Method.HOME, SECOND, until=until, now=NOW)
    assert await claim.next_due(db, now=NOW, pace=SECOND) is None
    await owe(db, "post", 1)
    assert await claim.next_due(db, now=NOW, pace=SECOND) == timedelta()


async def told_to_wait(db: Database, seconds: float, *, at: float = 0) -> None:
    """Slack says so of an edit, at that time, for so long."""
    now = NOW + at * SECOND
    async with db.transaction() as session:
        until = now + seconds * SECOND
        await rate_limits.pause_method(session, Method.EDIT, SECOND, until=until, now=now)


async def rate(db: Database, at: float) -> float:
    """The edits a minute that are thought to be allowed at that time."""
    async with db.snapshot() as session:
        found = await claim.allowance(session, SECOND, now=NOW + at * SECOND)
    return round(found.per_minute.get(Method.EDIT, 50), 2)


async def test_after_being_told_to_wait_exactly_as_long_and_then_more_slowly(db: Database) -> None:
    await owe(db, "edit", 10)
    await told_to_wait(db, 30)
    assert [await claimed(db, at) for at in (29.9, 30, 31.2, 31.4)] == [0, 1, 0, 1]
    assert await rate(db, 30) == 45


async def test_the_pace_that_was_learned_grows_again_slowly(db: Database) -> None:
    await told_to_wait(db, 30)
    rates = [await rate(db, 30 + 60 * minutes) for minutes in (0, 2, 10, 600)]
    assert rates == [45, 46, 50, 50]
    await told_to_wait(db, 30, at=150)
    assert await rate(db, 180) == 41.4


async def test_a_conversation_has_a_pace_of_its_own_that_grows_again(db: Database) -> None:
    until = NOW + 30 * SECOND
    async with db.transaction() as session:
        await rate_limits.pause_lanes(session, {"post:U1": NOW})
        for _ in range(2):  # two calls that were under way together
            told = {"until": until, "now": NOW}
            await rate_limits.pause_conversation(session, "post:U0", SECOND, **told)

    async def paces(minutes: float) -> Mapping[str, timedelta]:
        now = until + timedelta(minutes=minutes)
        async with db.snapshot() as session:
            return await rate_limits.paces(session, ["post:U0", "post:U1"], SECOND, now=now)

    assert await paces(0) == {"post:U0": 60 * SECOND / 54}
    assert await paces(10) == {"post:U0": SECOND}
    await owe(db, "post", 2)
    assert [await claimed(db, at) for at in (0, 30)] == [1, 1]


async def test_calls_that_were_under_way_together_teach_once(db: Database) -> None:
    for _ in range(20):
        await told_to_wait(db, 30)
    assert await rate(db, 30) == 45


async def test_however_often_slack_says_wait_some_calls_are_tried(db: Database) -> None:
    for hour in range(40):
        await told_to_wait(db, 5, at=hour * 6)
    assert await rate(db, 0) == 5


async def test_no_rest_longer_than_a_quarter_of_an_hour_counts(db: Database) -> None:
    await owe(db, "edit", 1)
    await owe(db, "post", 1)
    tomorrow = NOW + timedelta(days=1)
    async with db.transaction() as session:
        lanes = dict.fromkeys(("edit:*", "edit:U0", "post:U0"), tomorrow)
        await rate_limits.pause_lanes(session, lanes)
    assert await claimed(db) == 2


async def test_what_a_wrong_clock_owed_or_claimed_is_sent_all_the_same(db: Database) -> None:
    await owe(db, "post", 2)
    tomorrow = NOW + timedelta(days=1)
    (mine, _) = await claim.claim_due(db, owner="ahead", now=tomorrow)
    async with db.transaction() as session:
        await outbox.postpone(
            session, mine, until=tomorrow, why="503", doubtful=False, now=tomorrow
        )
    assert await claim.next_due(db, now=NOW, pace=SECOND) == timedelta()
    again = await claim.claim_due(db, owner="right", now=NOW)
    assert {message.lane: message.doubtful for message in again} == {
        mine.lane: False, "post:U1": True,
    }  # fmt: skip


async def test_lanes_that_have_long_been_free_are_forgotten_and_what_was_learned_is_not(
    db: Database,
) -> None:
    await told_to_wait(db, 1)
    async with db.transaction() as session:
        await rate_limits.pause_lanes(session, {"post:U1": NOW, "post:U2": NOW + 2 * SECOND})
        assert await rate_limits.prune(session, before=NOW + SECOND) == 1
    assert await rate(db, 1) == 45


@pytest.mark.slow  # a thousand edits
@pytest.mark.parametrize("seed", [1, 2])
async def test_at_slacks_own_limits_waits_are_rare_and_the_edits_are_used(
    db: Database, seed: int
) -> None:
    """Four minutes of more edits than Slack takes; each arrives within a second of its claim."""
    chance, clock = random.Random(seed), [0.0]
    slack = Limiter(Rates(clock=lambda: clock[0]))
    await owe(db, "edit", 400)
    under_way: list[tuple[float, int, outbox.Claimed]] = []
    taken = refused = 0
    for half in range(2 * 240):
        now = NOW + half / 2 * SECOND
        for message in await claim.claim_due(db, owner="s", now=now, limit=50, pace=SECOND):
            arrives = half / 2 + chance.uniform(0.05, 1.0)
            heapq.heappush(under_way, (arrives, message.id, message))
        while under_way and under_way[0][0] <= (half + 1) / 2:
            clock[0], _, message = heapq.heappop(under_way)
            at = NOW + clock[0] * SECOND
            async with db.transaction() as session:
                try:
                    slack.check("chat.update", message.recipient)
                except RateLimited as limited:
                    refused += 1
                    until = at + limited.seconds * SECOND
                    await outbox.postpone(
                        session, message, until=until, why="", doubtful=False, now=at
                    )
                    await rate_limits.pause_method(
                        session, Method.EDIT, SECOND, until=until, now=at
                    )
                else:
                    taken += 1
                    await outbox.settle(session, [message], now=at)
    allowed = 50 + 50 * 4
    assert refused <= 0.01 * taken
    assert taken >= 0.95 * allowed
