"""Owed messages: claimed once, by rank and lane, never lost between claiming and settling."""

import asyncio
import random
from datetime import datetime, timedelta

import pytest

from store.engine.database import Database, Topic
from store.messages import claim as claims
from store.messages import outbox, rate_limits
from store.messages.outbox import LEASE, Claimed, Kind, Owed, Rank
from tests.cast import BOB, CAROL, NOW
from tests.harness_store import outbox_rows, replicas, send_all, statements

pytestmark = pytest.mark.databases_differ

SECOND = timedelta(seconds=1)
LATER = NOW + LEASE


def message(key: str, *, lane: str | None = None, rank: Rank = Rank.REST) -> Owed:
    return Owed(
        key=key, kind=Kind.REMINDER, recipient=BOB, lane=lane or f"lane of {key}", rank=rank
    )


async def owe(db: Database, *messages: Owed) -> None:
    async with db.transaction() as session:
        await outbox.owe(session, messages, now=NOW)


async def claim(db: Database, now: datetime = NOW, limit: int = 20) -> list[Claimed]:
    return await claims.claim_due(db, owner="story", now=now, limit=limit)


async def claim_one(db: Database, now: datetime = NOW) -> Claimed:
    (claimed,) = await claim(db, now)
    return claimed


async def settle(db: Database, claimed: Claimed, pace: timedelta = timedelta()) -> None:
    async with db.transaction() as session:
        await outbox.settle(session, [claimed], now=NOW)
        if pace:
            await rate_limits.pause_lanes(session, {claimed.lane: claimed.claimed_at + pace})


async def postpone(db: Database, claimed: Claimed, *, doubtful: bool = False) -> None:
    async with db.transaction() as session:
        until = NOW + 5 * SECOND
        await outbox.postpone(
            session, claimed, until=until, why="ratelimited", doubtful=doubtful, now=NOW
        )


async def give_up(db: Database, claimed: Claimed) -> None:
    async with db.transaction() as session:
        await outbox.give_up(session, claimed, why="channel_not_found", now=NOW)


async def states(db: Database) -> dict[str, str]:
    return {key: row.state for key, row in (await outbox_rows(db)).items()}


async def test_one_message_a_lane_is_sent_at_a_time_the_most_urgent_first(db: Database) -> None:
    lane = "post:UBOB"
    await owe(db, message("card", lane=lane, rank=Rank.SPARE))
    await owe(db, message("outcome", lane=lane), message("other"))
    await owe(db, message("answer", lane=lane, rank=Rank.ANSWER))
    assert [claimed.key for claimed in await claim(db)] == ["answer", "other"]
    assert await claim(db) == [], "both lanes are busy"
    rounds = [found.key for found in await send_all(db, now=LATER)]
    assert rounds == ["answer", "other", "outcome", "card"]


async def test_who_sends_is_woken_by_the_end_of_one_where_another_waits_behind_it(
    db: Database,
) -> None:
    lane, woken = "post:UBOB", list[str]()
    await owe(db, message("first", lane=lane), message("second", lane=lane))
    db.listeners[Topic.OUTBOX] = lambda: woken.append("woken")
    await settle(db, await claim_one(db))
    assert woken == ["woken"]
    await settle(db, await claim_one(db))
    assert woken == ["woken"], "nothing is left in its lane"


async def test_what_is_owed_again_while_it_waits_keeps_its_place_and_its_attempts(
    db: Database,
) -> None:
    await owe(db, message("card"))
    await postpone(db, await claim_one(db))
    before = (await outbox_rows(db))["card"]
    async with db.transaction() as session:
        await outbox.owe(session, [message("card")], now=NOW + SECOND)
    after = (await outbox_rows(db))["card"]
    assert (after.attempts, after.wanted) == (1, before.wanted + 1)
    assert (after.owed_at, after.queued_at) == (NOW, before.queued_at)


async def test_within_one_allowance_the_orders_go_one_after_the_other(db: Database) -> None:
    shuffled = random.Random(3).sample(list(Rank), len(Rank))
    await owe(db, *(message(rank.name, lane=f"edit:{rank.name}", rank=rank) for rank in shuffled))
    sent: list[str] = []
    while claimed := await claim(db, limit=1):
        sent += [found.key for found in claimed]
    assert sent == [
        *("CLICKED", "ANSWER", "COPY", "OUTCOME", "HOME", "REST", "SPARE"),
    ]


async def test_what_waits_for_one_limit_holds_up_nothing_of_another(db: Database) -> None:
    await owe(db, *(message(f"e{n}", lane=f"edit:{n}", rank=Rank.COPY) for n in range(300)))
    await claims.claim_due(db, owner="story", now=NOW, limit=47, pace=SECOND)
    await owe(db, message("card", lane="post:UBOB"), message("home", lane="home:UBOB"))
    claimed = await claims.claim_due(db, owner="story", now=NOW, limit=5, pace=SECOND)
    assert {"card", "home"} < {found.key for found in claimed}


async def test_behind_a_long_queue_in_one_lane_the_others_are_found(db: Database) -> None:
    many = [message(f"c{n:04}", lane="post:CREVIEWS") for n in range(claims.WINDOW + 50)]
    await owe(db, *many)
    await owe(db, message("carol", lane="post:UCAROL"), message("dan", lane="post:UDAN"))
    assert [found.key for found in await claim(db)] == ["c0000", "carol", "dan"]
    assert await claim(db) == []


async def test_a_message_under_way_holds_up_only_its_own_lane(db: Database) -> None:
    await owe(db, message("first", lane="edit:C1", rank=Rank.COPY))
    await claim_one(db)
    await owe(db, message("behind", lane="edit:C1", rank=Rank.COPY))
    await owe(db, message("lower", lane="edit:UBOB"))
    assert [found.key for found in await claim(db)] == ["lower"]


async def test_what_waited_ten_minutes_moves_up_one_order_but_before_nobody_who_looks(
    db: Database,
) -> None:
    await owe(db, *(message(rank.name, rank=rank) for rank in Rank))

    async def ranks() -> dict[str, int]:
        return {key: row.rank for key, row in (await outbox_rows(db)).items()}

    assert await claims.move_up(db, now=NOW + claims.LONG - SECOND) == 0
    moments = [NOW + times * claims.LONG for times in (1, 1, 2, 3, 4, 9)]
    assert [await claims.move_up(db, now=moment) for moment in moments] == [3, 0, 2, 1, 0, 0]
    assert await ranks() == {
        **{"CLICKED": Rank.CLICKED, "ANSWER": Rank.ANSWER, "SPARE": Rank.SPARE},
        **dict.fromkeys(("COPY", "OUTCOME", "HOME", "REST"), Rank.COPY),
    }


async def test_what_moved_up_queues_behind_what_waits_there_already(db: Database) -> None:
    await owe(db, message("old"))
    async with db.transaction() as session:
        later = NOW + claims.LONG - SECOND
        await outbox.owe(session, [message("home", rank=Rank.HOME)], now=later)
    await claims.move_up(db, now=NOW + claims.LONG)
    assert [found.key for found in await claim(db, NOW + claims.LONG, 1)] == ["home"]


async def test_what_is_owed_again_keeps_its_place_or_takes_a_better_one(db: Database) -> None:
    await owe(db, message("a", lane="edit:a", rank=Rank.COPY), message("b", lane="edit:b"))
    async with db.transaction() as session:
        anew = [message("a", lane="edit:a", rank=Rank.SPARE), message("b", lane="edit:b")]
        await outbox.owe(session, anew, now=NOW + SECOND)
        await outbox.owe(session, [message("c", lane="edit:c")], now=NOW + SECOND)
    rows = await outbox_rows(db)
    assert rows["a"].rank == Rank.COPY
    assert {key: row.queued_at for key, row in rows.items()} == {
        "a": NOW, "b": NOW, "c": NOW + SECOND,
    }  # fmt: skip
    async with db.transaction() as session:
        better = [message("c", lane="edit:c", rank=Rank.ANSWER)]
        await outbox.owe(session, better, now=NOW + SECOND)
    claimed = await claim(db, NOW + SECOND)
    assert [found.key for found in claimed] == ["c", "a", "b"]


async def test_the_first_owed_goes_first_whatever_its_number(db: Database) -> None:
    await owe(db, message("a", lane="post:UBOB"))
    await settle(db, await claim_one(db))
    await owe(db, message("b", lane="post:UBOB"))
    async with db.transaction() as session:
        await outbox.owe(session, [message("a", lane="post:UBOB")], now=NOW + SECOND)
    assert (await claim_one(db, NOW + SECOND)).key == "b"


async def test_a_claim_reads_indexes_also_without_statistics(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    with statements(db) as sent:
        await owe(db, *(message(f"m{n}", lane="post:C1") for n in range(claims.WINDOW + 1)))
        await claims.claim_due(db, owner="story", now=NOW, pace=SECOND)
    async with db.transaction() as session:
        connection = await session.connection()
        steps = [
            step
            for text, values, is_many in sent
            if "outbox" in text and text.startswith(("SELECT", "WITH"))
            for *_, step in await connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {text}", tuple(values[0] if is_many else values)
            )
        ]
    await db.dispose()
    looked = [step for step in steps if "outbox" in step]
    assert len(looked) >= 6
    assert not [step for step in looked if "USING" not in step]


async def test_what_is_claimed_says_what_was_owed(db: Database) -> None:
    data = {"audience": "reviewer"}
    named = Owed("card:7", Kind.CARD, CAROL, "post:UCAROL", Rank.REST, data=data)
    await owe(db, named)
    claimed = await claim_one(db)
    assert (claimed.key, claimed.kind, claimed.recipient) == ("card:7", Kind.CARD, CAROL)
    assert (claimed.lane, claimed.data, claimed.request_id) == ("post:UCAROL", data, None)
    assert (claimed.attempts, claimed.doubtful, claimed.created_at) == (1, False, NOW)


async def test_a_claim_takes_no_more_than_asked(db: Database) -> None:
    await owe(db, *(message(f"m{n}") for n in range(5)))
    assert len(await claim(db, limit=3)) == 3
    assert len(await claim(db, limit=3)) == 2


async def test_nothing_is_due_before_its_time(db: Database) -> None:
    await owe(db, message("m"))
    assert await claim(db, NOW - SECOND) == []
    assert (await claim_one(db, NOW)).key == "m"


async def test_eight_claimers_share_two_hundred_messages_without_a_double(
    database_url: str, db: Database
) -> None:
    await owe(db, *(message(f"m{n}") for n in range(200)))
    async with replicas(database_url) as both:

        async def work(number: int) -> list[str]:
            taken: list[str] = []
            while claimed := await claim(both[number % 2], limit=7):
                taken += [found.key for found in claimed]
            return taken

        taken = [key for keys in await asyncio.gather(*map(work, range(8))) for key in keys]
    assert sorted(taken) == sorted(f"m{n}" for n in range(200))


async def test_owing_it_again_while_it_waits_is_owing_it_once(db: Database) -> None:
    await owe(db, message("m"))
    await owe(db, message("m"))
    assert [found.key for found in await send_all(db)] == ["m"]


async def test_owing_it_again_while_it_is_sent_keeps_it_owed(db: Database) -> None:
    await owe(db, message("m"))
    first = await claim_one(db)
    await owe(db, message("m"))
    assert await claim(db) == [], "one sender has it in hand"
    await settle(db, first)
    again = await claim_one(db)
    assert (again.key, again.attempts) == ("m", 1)


async def test_owing_it_again_while_it_is_given_up_keeps_it_owed(db: Database) -> None:
    await owe(db, message("m"))
    first = await claim_one(db)
    await owe(db, message("m"))
    await give_up(db, first)
    assert (await claim_one(db)).attempts == 1


async def test_what_was_sent_or_given_up_can_be_owed_anew(db: Database) -> None:
    await owe(db, message("sent"), message("failed"))
    failed, sent = sorted(await claim(db), key=lambda found: found.key)
    await settle(db, sent)
    await give_up(db, failed)
    await owe(db, message("sent"), message("failed"))
    assert {(found.key, found.attempts) for found in await claim(db)} == {
        ("sent", 1),
        ("failed", 1),
    }


async def test_many_who_owe_the_same_messages_do_not_lock_crosswise(db: Database) -> None:
    keys = [f"m{n}" for n in range(12)]

    async def owe_shuffled(seed: int) -> None:
        mixed = random.Random(seed).sample(keys, len(keys))
        await owe(db, *map(message, mixed))

    await asyncio.gather(*map(owe_shuffled, range(12)))
    assert {row.wanted for row in (await outbox_rows(db)).values()} == {12}


async def test_a_postponed_message_waits_and_counts_its_attempts(db: Database) -> None:
    await owe(db, message("m"))
    await postpone(db, await claim_one(db))
    assert await claim(db, NOW + 4 * SECOND) == []
    again = await claim_one(db, NOW + 5 * SECOND)
    assert (again.attempts, again.doubtful) == (2, False)
    assert (await outbox_rows(db))["m"].last_error == "ratelimited"


async def test_doubt_stays_until_the_message_is_settled(db: Database) -> None:
    await owe(db, message("m"))
    await postpone(db, await claim_one(db), doubtful=True)
    again = await claim_one(db, NOW + 5 * SECOND)
    assert again.doubtful
    await settle(db, again)
    await owe(db, message("m"))
    assert not (await claim_one(db)).doubtful


async def test_what_may_stand_unknown_is_looked_for_at_once_and_not_for_ever(db: Database) -> None:
    async def looked_for(now: datetime) -> bool:
        async with db.transaction() as session:
            return await outbox.look_for(session, Kind.REMINDER, BOB, now=now)

    await owe(db, message("m", lane=f"post:{BOB}"))
    assert not await looked_for(NOW), "nobody has begun to post it"
    for attempt in range(1, outbox.MOST_LOOKS):
        claimed = await claim_one(db)
        assert await looked_for(NOW), "it is under way"
        assert claimed.attempts == attempt
        await postpone(db, claimed, doubtful=True)
        assert await claim(db) == []
        assert await looked_for(NOW), "and is looked for at once"
    await postpone(db, await claim_one(db), doubtful=True)
    assert not await looked_for(NOW), "nobody waits for it any longer"


async def test_a_resting_lane_sends_nothing_and_the_others_do(db: Database) -> None:
    await owe(db, message("m", lane="quiet"), message("other"))
    async with db.transaction() as session:
        await rate_limits.pause_lanes(session, {"quiet": NOW + 3 * SECOND})
    assert [found.key for found in await claim(db, NOW + 2 * SECOND)] == ["other"]
    assert (await claim_one(db, NOW + 3 * SECOND)).key == "m"


async def test_a_lane_keeps_its_pace_after_each_message(db: Database) -> None:
    await owe(db, message("a", lane="l"), message("b", lane="l"))
    await settle(db, await claim_one(db), pace=SECOND)
    assert await claim(db) == []
    assert (await claim_one(db, NOW + SECOND)).key == "b"


async def test_a_message_whose_sender_died_is_doubtful_to_the_next(db: Database) -> None:
    await owe(db, message("m"))
    await claim_one(db)
    assert await claim(db, LATER - SECOND) == []
    again = await claim_one(db, LATER)
    assert (again.attempts, again.doubtful) == (2, True)


async def test_a_sender_who_lost_the_lease_settles_nothing(db: Database) -> None:
    await owe(db, message("m"))
    late = await claim_one(db)
    now_ours = await claim_one(db, LATER)
    await settle(db, late)
    await postpone(db, late)
    await give_up(db, late)
    assert await states(db) == {"m": "sending"}
    await settle(db, now_ours)
    assert await states(db) == {"m": "sent"}


async def test_a_lost_lease_stays_lost_when_the_message_is_owed_anew(db: Database) -> None:
    await owe(db, message("m"))
    late = await claim_one(db)
    await settle(db, await claim_one(db, LATER))
    await owe(db, message("m"))
    third = await claim_one(db, LATER + SECOND)
    assert third.attempts == late.attempts
    await settle(db, late)
    assert await states(db) == {"m": "sending"}


async def test_a_message_that_is_given_up_stays_for_the_operator(db: Database) -> None:
    await owe(db, message("m"))
    await give_up(db, await claim_one(db))
    row = (await outbox_rows(db))["m"]
    assert (row.state, row.last_error, row.settled_at) == ("failed", "channel_not_found", NOW)
    assert await claim(db, NOW + 7 * LEASE) == []


async def test_the_next_look_is_when_something_can_be_sent(db: Database) -> None:
    assert await claims.next_due(db, now=NOW) is None
    await owe(db, message("m"))
    assert await claims.next_due(db, now=NOW + SECOND) == timedelta()
    await postpone(db, await claim_one(db))
    assert await claims.next_due(db, now=NOW) == 5 * SECOND
    async with db.transaction() as session:
        await rate_limits.pause_lanes(session, {"lane of m": NOW + 8 * SECOND})
    assert await claims.next_due(db, now=NOW + 5 * SECOND) == 3 * SECOND
    await send_all(db, now=NOW + 9 * SECOND)
    assert await claims.next_due(db, now=NOW) is None


async def test_behind_a_message_under_way_the_next_look_is_when_its_lease_ends(
    db: Database,
) -> None:
    await owe(db, message("a", lane="l"), message("b", lane="l"))
    await claim_one(db)
    due = await claims.next_due(db, now=NOW)
    assert due == LEASE
    assert (await claim_one(db, NOW + due)).key == "a"


async def test_sent_messages_are_forgotten_in_time_and_failed_ones_kept(db: Database) -> None:
    await owe(db, message("sent"), message("failed"), message("waiting"))
    by_key = {found.key: found for found in await claim(db)}
    await settle(db, by_key["sent"])
    await give_up(db, by_key["failed"])
    async with db.transaction() as session:
        assert await outbox.prune(session, before=NOW) == 0
        assert await outbox.prune(session, before=NOW + SECOND) == 1
    assert await states(db) == {"failed": "failed", "waiting": "sending"}
