"""Who stands in, as the record has it: assignments that follow absences, and votes for others."""

import asyncio
from datetime import UTC, date, datetime

from sqlmodel import select

from store import people
from store.domain.absences import Away, Leave
from store.domain.access import Denial
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine.database import Database
from store.messages import stand_ins
from store.requests import read
from store.requests.away import come_back, go_away
from store.tables import AbsenceRow, AssignmentRow, EventRow
from tests.cast import ADA, ALICE, BOB, CAROL, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    denial,
    findings,
    own_requests,
    pending_keys,
    replicas,
    submit,
    vote,
)

UNTIL = date(2026, 11, 24)
TWO_VOTES = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    [[rules]]
    name = "Both"
    stages = [{{name = "Review", reviewers = ["{BOB}", "{CAROL}", "UDAN"], needed = 2}}]
""")


async def away(
    db: Database, user: str = BOB, delegate: str | None = ADA, policy: Policy = POLICY
) -> None:
    """They are away from now on, and the ticks have followed."""
    leave = Leave(user, user, last=UNTIL, delegate=delegate)
    assert isinstance(await go_away(db, leave, policy, now=NOW), Away)
    await follow(db, policy=policy)


async def follow(db: Database, now: datetime = NOW, policy: Policy = POLICY) -> None:
    before = await stand_ins.follow(db, policy, before=None, now=now)
    await stand_ins.follow(db, policy, before=before, now=now)


async def standing(db: Database, request: Request) -> dict[str, str | None]:
    """Whose turn it is on a request, and in whose place."""
    async with db.snapshot() as session:
        its = select(AssignmentRow).where(AssignmentRow.request_id == request.id)
        return {row.reviewer: row.for_whom for row in await session.exec(its) if row.turn}


async def test_assignments_follow_who_is_away_and_are_not_doubled(db: Database) -> None:
    open_ = await submit(db)
    await away(db)
    new = await submit(db)
    for request in (open_, new):
        assert await standing(db, request) == {BOB: None, CAROL: None, ADA: BOB}
        assert f"card:{request.id}:reviewer:{ADA}" in await pending_keys(db)
    await follow(db)
    assert await come_back(db, BOB, by=BOB, policy=POLICY, now=NOW)
    await follow(db)
    assert await standing(db, new) == {BOB: None, CAROL: None}
    await away(db)
    assert await standing(db, new) == {BOB: None, CAROL: None, ADA: BOB}
    assert await findings(db, new) == ()


async def test_nobody_stands_in_on_their_own_request(db: Database) -> None:
    own = await submit(db, submitted_by=ADA)
    await away(db)
    assert await standing(db, own) == {BOB: None, CAROL: None}
    assert denial(await vote(db, own, ADA)) is Denial.OWN_REQUEST


async def test_who_stands_in_for_the_submitter_decides_nothing_of_theirs(db: Database) -> None:
    own = await submit(db, submitted_by=BOB, policy=own_requests())
    await away(db)
    assert await standing(db, own) == {BOB: None, CAROL: None}
    ada_reviews = POLICY.model_copy(update={"admins_decide": False})
    assert denial(await vote(db, own, ADA, policy=ada_reviews)) is Denial.NOT_A_REVIEWER


async def test_a_vote_for_another_is_sealed_with_whose_word_it_goes_by(db: Database) -> None:
    request = await submit(db)
    await away(db)
    decided = accepted(await vote(db, request, ADA))
    assert (decided.decided_by, decided.decided_for) == (ADA, BOB)
    async with db.snapshot() as session:
        event = await session.get_one(EventRow, (request.id, 2))
        again = await read.one(session, request.id)
    assert again.votes[0].cast_for == BOB
    assert event.data["absence"] == {
        "since": NOW.isoformat(),
        "last_day": "2026-11-24",
        "delegate": ADA,
        "set_by": BOB,
    }
    assert await findings(db, request) == ()
    assert await standing(db, request) == {}


async def test_a_new_absence_takes_the_place_of_the_old_one_in_every_replica(
    database_url: str,
) -> None:
    async with replicas(database_url) as (one, other):
        request = await submit(one)
        await away(one, delegate=CAROL)
        await away(other, delegate=ADA)
        async with one.snapshot() as session:
            assert (await people.absences(session))[BOB].delegate == ADA
        assert await standing(one, request) == {BOB: None, CAROL: None, ADA: BOB}
        over = datetime(2026, 11, 24, 16, tzinfo=UTC)
        await follow(one, over)
        async with other.snapshot() as session:
            assert await people.absences(session) == {}
        assert await standing(other, request) == {BOB: None, CAROL: None}
        assert f"card:{request.id}:submitter:{ALICE}" in await pending_keys(one)


async def test_whoever_says_it_last_says_when_they_are_away_also_at_the_same_time(
    database_url: str,
) -> None:
    async with replicas(database_url) as both:
        leaves = [Leave(BOB, by, last=UNTIL, delegate=CAROL) for by in (BOB, ADA)]
        said = [go_away(db, each, POLICY, now=NOW) for db, each in zip(both, leaves, strict=True)]
        assert all(isinstance(each, Away) for each in await asyncio.gather(*said))
        async with both[0].snapshot() as session:
            rows = (await session.exec(select(AbsenceRow))).all()
        assert len([row for row in rows if row.ended_at is None]) == 1


async def test_a_place_that_was_filled_for_somebody_is_nobodys_turn(db: Database) -> None:
    request = await submit(db, policy=TWO_VOTES)
    await away(db, policy=TWO_VOTES)
    accepted(await vote(db, request, ADA, policy=TWO_VOTES))
    assert await standing(db, request) == {CAROL: None, "UDAN": None}
    assert await findings(db, request) == ()
