"""Digests and reminders on a moved clock: one a working day, in the reviewer's own morning."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from store import people
from store.domain.policy import Policy
from store.domain.request import Person
from store.engine.database import Database
from store.messages import reminders
from store.tables import SlotRow
from tests.cast import ADA, BOB, CAROL
from tests.harness_store import POLICY, outbox_rows, replicas, submit, vote, withdraw

ZONES = {BOB: "America/New_York", CAROL: "Europe/Berlin"}
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MONDAY = date(2026, 11, 23)
OVERDUE_ON_MONDAY = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
"""When something is submitted that is overdue on Monday at 9:30 in New York, 15:30 in Berlin."""


def local(user: str, day: date, at: time) -> datetime:
    """That wall time where this person is."""
    return datetime.combine(day, at, ZoneInfo(ZONES[user])).astimezone(UTC)


async def settle_in(db: Database, *, active: bool = True) -> None:
    """Bob is in New York; Carol is in Berlin, if she has not left."""
    both = [
        Person(BOB, "Bob", timezone=ZONES[BOB]),
        Person(CAROL, "Carol", timezone=ZONES[CAROL], active=active),
    ]
    async with db.transaction() as session:
        await people.remember(session, both, now=datetime(2026, 1, 1, tzinfo=UTC))


async def slots(db: Database) -> dict[str, datetime]:
    """What was taken once, and when."""
    async with db.snapshot() as session:
        return {row.key: row.at for row in await session.exec(select(SlotRow))}


async def submitted(db: Database, at: datetime, policy: Policy = POLICY) -> None:
    await submit(db, created_at=at.isoformat(), policy=policy)


def moments(first: date, days: int) -> Iterator[datetime]:
    """The moments at which a wrong clock would show, for both people, in the order of time."""
    walls = [time(0), time(8), time(8, 59, 59), time(9), time(9, 0, 1), time(10), time(23, 59)]
    dates = [first + timedelta(days=n) for n in range(days)]
    yield from sorted({local(user, day, at) for user in ZONES for day in dates for at in walls})


@pytest.mark.parametrize(
    "thursday",
    [date(2026, 3, 5), date(2026, 3, 26), date(2026, 10, 22), date(2026, 10, 29)],
    ids=["New York spring", "Berlin spring", "Berlin autumn", "New York autumn"],
)
async def test_a_digest_comes_each_working_morning_also_when_clocks_change(
    db: Database, thursday: date
) -> None:
    await settle_in(db)
    await submitted(db, local(BOB, thursday - timedelta(days=1), time(12)))
    for now in moments(thursday, days=6):
        await reminders.owe_digests(db, POLICY, now=now)
    working = [thursday + timedelta(days=n) for n in (0, 1, 4, 5)]
    assert await slots(db) == {
        f"digest:{user}:{day}": local(user, day, time(9)) for user in ZONES for day in working
    }


async def test_a_bot_that_was_down_all_morning_sends_the_digest_late_but_not_tomorrow(
    db: Database,
) -> None:
    await settle_in(db)
    await submitted(db, local(BOB, date(2026, 11, 20), time(12)))
    late = local(BOB, MONDAY, time(23, 59))
    await reminders.owe_digests(db, POLICY, now=late)
    assert (await slots(db))[f"digest:{BOB}:{MONDAY}"] == late
    assert await reminders.owe_digests(db, POLICY, now=late + MINUTE) == 0


async def test_there_is_no_digest_of_what_came_after_its_moment(db: Database) -> None:
    await settle_in(db)
    monday = MONDAY - timedelta(weeks=1)  # nothing can be submitted days ahead
    nine = local(BOB, monday, time(9))
    await submitted(db, nine)
    assert await reminders.owe_digests(db, POLICY, now=nine + MINUTE) == 0
    await submitted(db, nine - SECOND)
    await reminders.owe_digests(db, POLICY, now=nine + MINUTE)
    assert await slots(db) == {f"digest:{BOB}:{monday}": nine + MINUTE}


async def test_nothing_to_decide_is_no_reason_to_write(db: Database) -> None:
    await settle_in(db)
    created = local(BOB, date(2026, 11, 20), time(12)).isoformat()
    await vote(db, await submit(db, created_at=created), BOB)
    await withdraw(db, await submit(db, created_at=created))
    ten = local(BOB, MONDAY, time(10))
    assert await reminders.owe_digests(db, POLICY, now=ten) == 0
    assert await reminders.owe_reminders(db, POLICY, now=ten + timedelta(days=1)) == 0


async def test_ticks_at_once_in_two_replicas_owe_one_each(database_url: str, db: Database) -> None:
    await settle_in(db)
    await submitted(db, OVERDUE_ON_MONDAY)
    nine, ten = (local(BOB, MONDAY, time(hour)) for hour in (9, 10))
    async with replicas(database_url) as both:
        for owe, now in ((reminders.owe_digests, nine), (reminders.owe_reminders, ten)):
            ticks = [owe(both[n % 2], POLICY, now=now) for n in range(6)]
            assert sum(await asyncio.gather(*ticks)) == 2
    keys = {f"digest:{user}:{MONDAY}" for user in ZONES}
    keys |= {f"reminder:{BOB}:{MONDAY}T10", f"reminder:{CAROL}:{MONDAY}T16"}
    found = {key: row.wanted for key, row in (await outbox_rows(db)).items() if key in keys}
    assert found == dict.fromkeys(keys, 1)


async def test_who_left_slack_or_lost_the_role_is_left_alone(db: Database) -> None:
    await settle_in(db, active=False)
    await submitted(db, OVERDUE_ON_MONDAY)
    nine, ten = (local(BOB, MONDAY, time(hour)) for hour in (9, 10))
    without_bob = POLICY.model_copy(update={"reviewers": (CAROL,)})
    owing = (
        ("digest", reminders.owe_digests, nine),
        ("reminder", reminders.owe_reminders, ten),
    )
    for kind, owe, now in owing:
        assert await owe(db, without_bob, now=now) == 0
        assert await owe(db, POLICY, now=now) == 1
        assert any(key.startswith(f"{kind}:{BOB}:{MONDAY}") for key in await slots(db))


@pytest.mark.parametrize("is_known", [False, True])
async def test_whose_time_zone_is_not_known_lives_in_that_of_the_policy(
    db: Database, is_known: bool
) -> None:
    policy = Policy(admins=(ADA,), timezone="Asia/Manila", digest_at=time(10, 30))
    if is_known:
        async with db.transaction() as session:
            await people.remember(session, [Person(ADA, "Ada")], now=datetime.now(UTC))
    await submitted(db, datetime(2026, 11, 20, 3, tzinfo=UTC), policy)
    half_past_ten = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    assert await reminders.owe_digests(db, policy, now=half_past_ten - SECOND) == 0
    assert await reminders.owe_digests(db, policy, now=half_past_ten) == 1


async def test_the_policy_says_which_days_are_working_days(db: Database) -> None:
    await settle_in(db)
    policy = POLICY.model_copy(update={"working_days": ("sun",)})
    await submitted(db, local(BOB, date(2026, 11, 18), time(12)), policy)
    for now in moments(date(2026, 11, 20), days=5):
        await reminders.owe_digests(db, policy, now=now)
    sunday = date(2026, 11, 22)
    assert await slots(db) == {
        f"digest:{user}:{sunday}": local(user, sunday, time(9)) for user in ZONES
    }


async def test_nobody_is_reminded_on_a_holiday_and_its_hours_do_not_count(db: Database) -> None:
    """Submitted on Friday at 17:00 in Manila; Monday is off, so 9 office hours end on Tuesday."""
    await settle_in(db)
    policy = POLICY.model_copy(
        update={
            "holidays": (MONDAY.isoformat(),),
            "office_hours": (time(9), time(18)),
            "remind_after_hours": 9,
        }
    )
    await submitted(db, datetime(2026, 11, 20, 9, tzinfo=UTC), policy)
    due = datetime(2026, 11, 24, 9, tzinfo=UTC)
    for now in sorted({due - SECOND, due, *moments(date(2026, 11, 22), days=3)}):
        await reminders.owe_digests(db, policy, now=now)
        await reminders.owe_reminders(db, policy, now=now)
    taken = await slots(db)
    assert min(taken.values()) > local(CAROL, date(2026, 11, 24), time(0)), "none before Tuesday"
    assert min(at for key, at in taken.items() if key.startswith("reminder")) == due


async def test_only_what_the_morning_did_not_name_is_reminded_of(db: Database) -> None:
    """Submitted on a Friday at 17:00 in Manila: 24 working hours end on Monday at 17:00 there."""
    await settle_in(db)
    await submitted(db, datetime(2026, 11, 20, 9, tzinfo=UTC))
    due = datetime(2026, 11, 23, 9, tzinfo=UTC)
    ticks = {due - SECOND, due, *moments(date(2026, 11, 21), days=4)}
    for now in sorted(ticks):
        await reminders.owe_reminders(db, POLICY, now=now)
    # 10:00 in Berlin; in New York it was night, and the morning names it.
    assert await slots(db) == {f"reminder:{CAROL}:{MONDAY}T10": due}


async def test_what_becomes_overdue_later_is_told_at_most_once_an_hour(db: Database) -> None:
    await settle_in(db)
    for minutes in (0, 10):
        await submitted(db, OVERDUE_ON_MONDAY + timedelta(minutes=minutes))
    first = local(BOB, MONDAY, time(9, 30))  # the first is due at that moment
    counts = []
    for later in (0, 15, 30, 31, 90):
        now = first + timedelta(minutes=later)
        await reminders.owe_reminders(db, POLICY, now=now)
        counts.append(len([key for key in await slots(db) if BOB in key]))
    assert counts == [1, 1, 2, 2, 2]
    row = (await outbox_rows(db))[f"reminder:{BOB}:{MONDAY}T10"]
    assert row.data["since"] == first.isoformat()


async def test_nobody_is_reminded_in_the_evening_or_at_the_weekend(db: Database) -> None:
    await settle_in(db)
    await submitted(db, OVERDUE_ON_MONDAY)
    for at in (time(18), time(23)):
        await reminders.owe_reminders(db, POLICY, now=local(BOB, MONDAY, at))
    weekend = POLICY.model_copy(update={"working_days": ("sat", "sun")})
    await reminders.owe_reminders(db, weekend, now=local(BOB, MONDAY, time(12)))
    assert not [key for key in await slots(db) if BOB in key]
    await reminders.owe_reminders(db, POLICY, now=local(BOB, MONDAY, time(17, 59, 59)))
    assert [key for key in await slots(db) if BOB in key]


async def test_nobody_is_reminded_of_what_they_decided_or_submitted(db: Database) -> None:
    await settle_in(db)
    created = OVERDUE_ON_MONDAY.isoformat()
    request = await submit(db, created_at=created)
    await vote(db, request, BOB)
    await submit(db, created_at=created, submitted_by=BOB)
    ten = local(BOB, MONDAY, time(10))
    assert await reminders.owe_reminders(db, POLICY, now=ten) == 1
    assert list(await slots(db)) == [f"reminder:{CAROL}:{MONDAY}T16"]


async def test_many_reviewers_are_all_written_to(db: Database) -> None:
    crowd = tuple(f"U{n}" for n in range(510))
    policy = Policy(reviewers=crowd)
    await submitted(db, datetime(2026, 11, 20, 3, tzinfo=UTC), policy)
    ten = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert await reminders.owe_digests(db, policy, now=ten) == len(crowd)
    assert await reminders.owe_digests(db, policy, now=ten) == 0


async def test_slots_are_forgotten_when_their_day_is_long_over(db: Database) -> None:
    await settle_in(db)
    await submitted(db, local(BOB, date(2026, 11, 18), time(12)))
    tuesday = MONDAY + timedelta(days=1)
    for day in (MONDAY, tuesday):
        await reminders.owe_digests(db, POLICY, now=local(BOB, day, time(9)))
    async with db.transaction() as session:
        assert await reminders.prune(session, before=local(BOB, tuesday, time(9))) == 2
    assert set(await slots(db)) == {f"digest:{user}:{tuesday}" for user in ZONES}


async def test_a_digest_that_is_still_owed_the_next_day_is_folded_into_that_days(
    db: Database,
) -> None:
    await settle_in(db)
    await submitted(db, local(BOB, MONDAY - timedelta(days=3), time(12)))
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        await reminders.owe_digests(db, POLICY, now=local(BOB, day, time(9)))
    waiting = [key for key in await outbox_rows(db) if key.startswith("digest")]
    assert sorted(waiting) == [f"digest:{user}:2026-11-24" for user in (BOB, CAROL)]


async def test_admins_hear_of_who_left_and_of_nobody_else(db: Database) -> None:
    await submitted(db, local(BOB, date(2026, 11, 18), time(12)))
    await settle_in(db, active=False)
    assert await reminders.owe_departures(db, POLICY, now=local(BOB, MONDAY, time(10))) == 1
    assert set(await slots(db)) == {f"departure:{CAROL}:{ADA}"}
