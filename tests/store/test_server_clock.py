"""One clock for all replicas: whatever a machine's own clock says, the database server's counts."""

from datetime import datetime, timedelta

import pytest

from store.domain.clock import utc_now
from store.engine.database import Database
from store.engine.server_clock import ServerClock
from store.messages import claim, outbox
from store.messages.outbox import Kind, Owed
from tests.cast import BOB
from tests.harness_store import replicas

DAY, MOMENT = timedelta(days=1), timedelta(seconds=30)


async def clock_of(db: Database, off: timedelta) -> ServerClock:
    """That of a machine which is so far ahead."""
    clock = ServerClock(lambda: utc_now() + off)
    await clock.learn(db)
    return clock


@pytest.mark.parametrize("off", [DAY, -DAY, timedelta(minutes=10)])
async def test_a_machine_whose_clock_is_wrong_goes_by_the_servers(
    postgresql_url: str, off: timedelta
) -> None:
    db = Database(postgresql_url)
    clock = await clock_of(db, off)
    await db.dispose()
    assert abs(clock() - utc_now()) < MOMENT


async def test_clocks_that_agree_are_left_as_they_are(postgresql_url: str) -> None:
    db = Database(postgresql_url)
    read: list[datetime] = []

    def machine() -> datetime:
        read.append(utc_now())
        return read[-1]

    clock = ServerClock(machine)
    await clock.learn(db)
    await db.dispose()
    assert clock() == read[-1]


async def test_a_clock_that_is_set_wrong_later_is_put_right_again(postgresql_url: str) -> None:
    db = Database(postgresql_url)
    off = [timedelta()]
    clock = ServerClock(lambda: utc_now() + off[0])
    await clock.learn(db)
    off[0] = DAY
    assert clock() > utc_now() + DAY - MOMENT
    await clock.learn(db)
    await db.dispose()
    assert abs(clock() - utc_now()) < MOMENT


async def test_replicas_whose_machines_disagree_send_each_message_once(
    postgresql_url: str,
) -> None:
    async with replicas(postgresql_url) as both:
        right, wrong = [
            await clock_of(db, off) for db, off in zip(both, (0 * DAY, DAY), strict=True)
        ]
        owed = [Owed(f"m{n}", Kind.DIGEST, BOB, f"lane {n}") for n in range(20)]
        async with both[1].transaction() as session:
            await outbox.owe(session, owed, now=wrong())

        sent: list[str] = []
        for db, clock in [(both[0], right), (both[1], wrong)] * 2:
            claimed = await claim.claim_due(db, owner="story", now=clock(), limit=20)
            sent += [message.key for message in claimed]
    assert sorted(sent) == sorted(message.key for message in owed)
