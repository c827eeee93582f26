"""User groups as Slack told of them: silence is borne for a day, a definite "no longer" at once."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from store import groups, people
from store.domain.access import Denial, Refused
from store.domain.policy import Policy
from store.domain.request import Person
from store.engine.database import Database
from store.requests.submit import NewRequest
from store.requests.submit import submit as store_request
from tests.cast import ADA, ALICE, BOB, CAROL, NOW
from tests.harness_store import accepted, denial, new_submission, submit, vote

POLICY = Policy(admins=(ADA,), reviewers=("SREVIEW",))


async def told(db: Database, *users: str, at: datetime = NOW, group: str = "SREVIEW") -> None:
    """Slack says who is in the group."""
    async with db.transaction() as session:
        await groups.set_members(session, group, users, now=at)


async def reviewers(db: Database, policy: Policy = POLICY) -> set[str]:
    async with db.snapshot() as session:
        return set((await people.roster(session, policy)).reviewers)


async def leaves(db: Database, user: str) -> None:
    """Slack says that this person is deleted."""
    async with db.transaction() as session:
        await people.remember(session, [Person(user, user, active=False)], now=NOW)


async def pick(db: Database, named: Iterable[str], at: datetime) -> list[str]:
    async with db.transaction() as session:
        return await groups.pick(session, named, now=at)


async def test_silence_keeps_the_members_of_a_group_for_a_day_and_no_longer(db: Database) -> None:
    await told(db, BOB, CAROL)
    for hours, members in ((23, {BOB, CAROL}), (24, set[str]())):
        async with db.transaction() as session:
            await groups.note_silence(session, "SREVIEW", why="missing_scope")
            await groups.forget_old(session, now=NOW + timedelta(hours=hours))
        assert await reviewers(db) == members
    async with db.snapshot() as session:
        assert await groups.unread(session, POLICY.groups) == {"SREVIEW"}
        (silence,) = await groups.silent(session, POLICY.groups)
    assert (silence.since, silence.why) == (None, "missing_scope")

    await told(db, BOB)
    assert await reviewers(db) == {BOB}
    async with db.snapshot() as session:
        assert await groups.silent(session, POLICY.groups) == []


async def test_an_event_takes_rights_away_and_gives_none(db: Database) -> None:
    await told(db, BOB, CAROL)
    async with db.transaction() as session:
        await groups.note_change(session, "SREVIEW", without=[BOB])
    assert await reviewers(db) == {CAROL}
    async with db.transaction() as session:
        await groups.note_change(session, "SREVIEW", only=[BOB, CAROL])
        await groups.note_change(session, "SUNKNOWN", only=[BOB])
    assert await reviewers(db) == {CAROL}
    async with db.transaction() as session:
        await groups.note_change(session, "SREVIEW", only=[])
    assert await reviewers(db) == set()


async def test_fifteen_groups_a_minute_are_read_the_longest_unread_first(db: Database) -> None:
    named = [f"S{number:02}" for number in range(20)]
    read: list[str] = []
    for tick in range(5):
        moment = NOW + tick * groups.ASK_EVERY
        read += await pick(db, named, moment)
        for later in (0, 1):  # another replica
            assert await pick(db, named, moment + timedelta(seconds=later)) == []
    assert read == named[:15]
    assert groups.longest_unread(15) == timedelta(minutes=1)
    assert groups.longest_unread(40) == timedelta(seconds=168)

    async with db.transaction() as session:
        await groups.note_change(session, "S07", without=[BOB])
    after = NOW + 5 * groups.ASK_EVERY
    assert await pick(db, named, after) == ["S07", "S15", "S16"]


async def test_a_clock_that_was_wrong_holds_no_group_up(db: Database) -> None:
    named = [f"S{number}" for number in range(groups.ASKED_AT_ONCE)]
    assert await pick(db, named, NOW + timedelta(days=400)) == named
    assert await pick(db, named, NOW) == named


@pytest.mark.parametrize("policy", [POLICY, Policy(admins=(ADA,), reviewers=(BOB, CAROL))])
async def test_who_has_left_slack_decides_nothing_and_reviews_nothing_new(
    db: Database, policy: Policy
) -> None:
    await told(db, BOB, CAROL)
    before = await submit(db, policy=policy)
    await leaves(db, BOB)

    assert await reviewers(db, policy) == {CAROL}
    assert denial(await vote(db, before, BOB, policy=policy)) is Denial.NOT_A_REVIEWER
    assert (await submit(db, policy=policy)).reviewers == (CAROL,)
    accepted(await vote(db, before, CAROL, policy=policy))


async def test_where_all_who_may_decide_have_left_nothing_is_submitted(db: Database) -> None:
    await told(db, BOB)
    await leaves(db, BOB)
    await leaves(db, ADA)
    answer = await store_request(db, NewRequest(new_submission(), ALICE, NOW), POLICY)
    assert isinstance(answer, Refused)
    assert answer.denial is Denial.NOBODY_CAN_DECIDE
