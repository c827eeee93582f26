"""After the approval: who moves a release on, in which order, and what that archives."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import text

from store.domain.access import Denial, Refused
from store.domain.request import Category, Person, PlatformAnswer, ReleaseStage, Request
from store.engine.database import Database, execute
from store.messages import reminders
from store.people import remember
from store.requests import read
from store.requests.platform_answer import Said, record_answers
from store.requests.release_stage import StageMove, move_stage
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW, sample_of
from tests.harness_store import (
    POLICY,
    accepted,
    denial,
    findings,
    history,
    outbox_rows,
    send_all,
    submit,
    vote,
)

PILOT, GRAYSCALE, FULL = ReleaseStage.PILOT, ReleaseStage.GRAYSCALE, ReleaseStage.FULL
MONDAY = NOW + timedelta(days=10)
"""Monday, 30 November 2026, 11:00 in Manila."""


async def approved(db: Database, **changes: object) -> Request:
    return accepted(await vote(db, await submit(db, **changes), BOB))


async def move(
    db: Database, request: Request, stage: ReleaseStage, by: str = ALICE, now: datetime = NOW
) -> Request | Refused:
    return await move_stage(db, StageMove(request.id, by, stage, now), POLICY)


async def test_a_release_moves_on_and_every_copy_is_drawn_again(db: Database) -> None:
    release = await approved(db)
    await send_all(db)
    moved = accepted(await move(db, release, PILOT))
    assert (moved.release_stage, moved.moved_at, moved.revision) == (PILOT, NOW, 3)
    cards = {key for key, row in (await outbox_rows(db)).items() if row.state == "pending"}
    assert cards == {
        f"card:1:{copy}"
        for copy in (
            f"reviewer:{BOB}",
            f"reviewer:{CAROL}",
            "channel:CREVIEWS",
            f"submitter:{ALICE}",
        )
    }
    assert (await history(db, release))[-1] == (3, "moved", ALICE)


async def test_the_moves_are_kept_with_who_and_when(db: Database) -> None:
    release = await approved(db)
    later = NOW + timedelta(hours=2)
    accepted(await move(db, release, PILOT))
    accepted(await move(db, release, FULL, by=ADA, now=later))
    async with db.snapshot() as session:
        moves = (await read.in_context(session, release.id)).moves
    assert await findings(db, release) == ()
    assert [(m.stage, m.by, m.at) for m in moves] == [(PILOT, ALICE, NOW), (FULL, ADA, later)]


@pytest.mark.parametrize(
    ("by", "why"),
    [
        (ADA, None),
        (BOB, Denial.NOT_THE_MOVER),
        (MALLORY, Denial.UNKNOWN),
    ],
)
async def test_the_submitter_and_admins_move_it(db: Database, by: str, why: Denial | None) -> None:
    assert denial(await move(db, await approved(db), PILOT, by=by)) is why


async def test_who_may_not_move_it_is_shown_it_only_where_they_see_it(db: Database) -> None:
    release = await approved(db)
    seen, unseen = [await move(db, release, PILOT, by=user) for user in (BOB, MALLORY)]
    assert seen == Refused(Denial.NOT_THE_MOVER, release.id, release)
    assert unseen == Refused(Denial.UNKNOWN, release.id)


async def test_a_step_the_platform_does_not_know_changes_nothing(db: Database) -> None:
    release = await approved(db)
    full = accepted(await move(db, release, FULL))
    assert await move(db, release, PILOT) == Refused(Denial.WRONG_RELEASE_STAGE, release.id, full)
    assert denial(await move(db, await approved(db, environment="sandbox"), GRAYSCALE)) is (
        Denial.WRONG_RELEASE_STAGE
    )


async def test_only_approved_releases_have_stages(db: Database) -> None:
    waiting = await submit(db)
    launch = await approved(db, **{**sample_of(Category.LAUNCH), "submitted_by": ALICE})
    for request in (waiting, launch):
        assert denial(await move(db, request, PILOT)) is Denial.NO_RELEASE_STAGES
    assert denial(await move(db, replace(waiting, id=999), PILOT)) is Denial.UNKNOWN


async def test_a_newer_full_release_archives_the_older_one(db: Database) -> None:
    old, other, new = [
        await approved(db, **changes) for changes in ({}, {"environment": "sandbox"}, {})
    ]
    for release in (old, other):
        accepted(await move(db, release, FULL))
    accepted(await move(db, new, FULL))
    async with db.snapshot() as session:
        stages = [(await read.one(session, r.id)).release_stage for r in (old, other, new)]
    assert await findings(db, old) == ()
    assert stages == [ReleaseStage.ARCHIVED, FULL, FULL]


async def test_two_full_releases_at_once_leave_one_live(db: Database) -> None:
    both = [await approved(db) for _ in range(2)]
    await asyncio.gather(*(move(db, release, FULL) for release in both))
    async with db.snapshot() as session:
        stages = {(await read.one(session, release.id)).release_stage for release in both}
    assert stages == {ReleaseStage.ARCHIVED, FULL}


async def test_the_same_move_twice_is_one(db: Database) -> None:
    release = await approved(db)
    answers = await asyncio.gather(*(move(db, release, PILOT) for _ in range(5)))
    assert sorted(str(denial(answer)) for answer in answers) == ["None"] + ["wrong_stage"] * 4


async def nudged(db: Database, now: datetime) -> int:
    return await reminders.owe_nudges(db, POLICY, now=now)


async def test_a_release_that_does_not_move_is_nudged_about_once(db: Database) -> None:
    await approved(db)
    assert await nudged(db, NOW + timedelta(days=6, hours=23)) == 0
    assert await nudged(db, MONDAY) == 1
    (nudge,) = [row for key, row in (await outbox_rows(db)).items() if key == "nudge:MP-1"]
    assert nudge.recipient == ALICE
    for days in (0, 1, 7, 60):
        assert await nudged(db, MONDAY + timedelta(days=days)) == 0


async def test_a_nudge_does_not_come_back_when_its_slot_is_forgotten(db: Database) -> None:
    await approved(db)
    assert await nudged(db, MONDAY) == 1
    async with db.transaction() as session:
        assert await reminders.prune(session, before=MONDAY + timedelta(days=1)) == 1
    for week in range(2, 8):
        assert await nudged(db, MONDAY + timedelta(weeks=week)) == 0


async def test_nobody_is_nudged_about_what_moved_or_at_night(db: Database) -> None:
    moved, _ = await approved(db), await submit(db)
    accepted(await move(db, moved, PILOT))
    assert await nudged(db, MONDAY) == 0
    await approved(db)
    assert await nudged(db, MONDAY + timedelta(hours=12)) == 0
    assert await nudged(db, MONDAY - timedelta(days=1)) == 0, "a Sunday"


async def test_a_nudge_that_is_two_weeks_late_does_not_go_out(db: Database) -> None:
    await approved(db)
    two_weeks_late = NOW + timedelta(days=7) + reminders.NUDGE_WINDOW
    assert await nudged(db, two_weeks_late) == 0
    assert await nudged(db, two_weeks_late - timedelta(seconds=1)) == 1


async def test_a_submitter_is_nudged_on_their_own_working_days(db: Database) -> None:
    await approved(db)
    at_home, elsewhere = (
        Person(ALICE, "Alice", timezone="Pacific/Honolulu"),
        Person(BOB, "Bob", timezone="Asia/Manila"),
    )
    async with db.transaction() as session:
        await remember(session, [at_home, elsewhere], now=NOW)
    assert await nudged(db, MONDAY) == 0, "Sunday, 17:00 in Honolulu"
    assert await nudged(db, MONDAY + timedelta(hours=18)) == 1, "Monday, 11:00 there"


async def test_who_left_is_not_nudged(db: Database) -> None:
    await approved(db)
    async with db.transaction() as session:
        await remember(session, [Person(ALICE, "Alice", active=False)], now=NOW)
    assert await nudged(db, MONDAY) == 0


async def test_the_platform_may_answer_while_somebody_moves_it(db: Database) -> None:
    release = await approved(db)
    accepts = Said(release.id, release.revision, 1, PlatformAnswer.ACCEPTED)
    async with db.transaction() as session:
        await record_answers(session, [accepts], POLICY, now=NOW)
        await session.flush()
        moving = asyncio.ensure_future(move(db, release, PILOT))
        if not db.is_sqlite:  # there whoever writes waits before they read
            await until_somebody_waits(db)
    moved = accepted(await moving)
    assert (moved.release_stage, moved.platform_answer) == (PILOT, PlatformAnswer.ACCEPTED)
    assert await findings(db, release) == ()


async def until_somebody_waits(db: Database) -> None:
    """Until a transaction waits for a lock of another one."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(20):
        found = 0
        while not found:
            async with db.snapshot() as session:
                found = (await execute(session, waiting)).scalar_one()
