"""Profiles and groups as last seen: replaced whole, asked by id, age and e-mail address."""

import asyncio
import random
from datetime import timedelta

from sqlmodel import col, select

from store import groups, people
from store.domain.absences import Leave
from store.domain.access import Rules
from store.domain.policy import Policy, Rule, RuleStage
from store.domain.request import Person
from store.domain.terms import seat
from store.engine.database import Database
from store.requests.away import go_away
from store.tables import MemberRow
from tests.cast import ADA, ALICE, BOB, CAROL, NOW, request
from tests.harness_store import replicas

BOB_REYES = Person(BOB, "Bob Reyes", "bob@example.com", "Asia/Manila", "fil-PH")
CAROL_TAN = Person(CAROL, "Carol Tan", None, "Europe/Berlin", "de-DE", active=False)


async def remember(db: Database, *persons: Person, days: int = 0) -> None:
    async with db.transaction() as session:
        await people.remember(session, persons, now=NOW + timedelta(days=days))


async def set_members(db: Database, group: str, *users: str) -> None:
    async with db.transaction() as session:
        await groups.set_members(session, group, users, now=NOW)


async def members(db: Database, group: str) -> set[str]:
    async with db.snapshot() as session:
        of_group = select(MemberRow.user_id).where(col(MemberRow.group_id) == group)
        return set(await session.exec(of_group))


async def test_whom_we_met_we_know_and_nobody_else(db: Database) -> None:
    await remember(db, BOB_REYES, CAROL_TAN)
    async with db.snapshot() as session:
        found = await people.known(session, [BOB, CAROL, ALICE, BOB])
        assert found == {BOB: BOB_REYES, CAROL: CAROL_TAN}
        assert await people.known(session, []) == {}


async def test_a_newer_profile_replaces_the_older_one_whole(db: Database) -> None:
    await remember(db, BOB_REYES)
    left = Person(BOB, "Bob R.", None, "UTC", "en-US", active=False)
    await remember(db, left)
    async with db.snapshot() as session:
        assert await people.known(session, [BOB]) == {BOB: left}


async def test_many_ask_at_once_whom_we_have_met_and_when(db: Database) -> None:
    await remember(db, BOB_REYES)
    await remember(db, CAROL_TAN, days=1)
    async with db.snapshot() as session:
        groups = [frozenset({ALICE, BOB}), frozenset({BOB, CAROL}), frozenset[str]()]
        first, second, none = await people.met_each(session, groups)
        assert first == {BOB: people.Met(BOB_REYES, NOW)}
        assert second[CAROL] == people.Met(CAROL_TAN, NOW + timedelta(days=1))
        assert (second.keys(), none) == ({BOB, CAROL}, {})
        assert await people.met_each(session, [frozenset()]) == [{}]


async def test_an_address_finds_its_person_however_it_is_written(db: Database) -> None:
    shouting = Person(BOB, "Bob Reyes", "Bob@Example.COM")
    await remember(db, shouting)
    async with db.snapshot() as session:
        found = await people.with_email(session, "BOB@example.com")
        assert found
        assert found.person.user_id == BOB
        assert await people.with_email(session, "b%@example.com") is None


async def test_an_address_that_went_to_another_is_theirs_who_was_met_last(db: Database) -> None:
    """Nobody tells us when an address is given away."""
    for user, at in ((BOB, NOW), (CAROL, NOW + timedelta(days=2))):
        async with db.transaction() as session:
            await people.remember(session, [Person(user, user, "desk@example.com")], now=at)
    async with db.snapshot() as session:
        found = await people.with_email(session, "desk@example.com")
    assert found
    assert (found.person.user_id, found.at) == (CAROL, NOW + timedelta(days=2))


async def test_an_address_finds_nobody_who_left(db: Database) -> None:
    await remember(db, Person(CAROL, "Carol Tan", "carol@example.com", active=False))
    async with db.snapshot() as session:
        assert await people.with_email(session, "carol@example.com") is None


async def test_a_group_has_the_members_it_has_now(db: Database) -> None:
    await set_members(db, "SREVIEW", ALICE, BOB)
    await set_members(db, "SOTHER", CAROL)
    await set_members(db, "SREVIEW", BOB, CAROL, CAROL)
    assert await members(db, "SREVIEW") == {BOB, CAROL}
    await set_members(db, "SREVIEW")
    assert await members(db, "SREVIEW") == set()
    assert await members(db, "SOTHER") == {CAROL}


async def test_replicas_may_refresh_people_and_a_group_at_once(
    database_url: str, db: Database
) -> None:
    users = [f"U{n}" for n in range(12)]
    await set_members(db, "SREVIEW", ALICE, *users[:3])

    async def refresh(replica: Database, seed: int) -> None:
        mixed = random.Random(seed).sample(users, len(users))
        await remember(replica, *(Person(user, user) for user in mixed))
        await set_members(replica, "SREVIEW", *mixed)

    async with replicas(database_url) as both:
        await asyncio.gather(*(refresh(both[seed % 2], seed) for seed in range(8)))
    assert await members(db, "SREVIEW") == set(users)


async def test_the_roster_is_the_policy_with_its_groups_resolved(db: Database) -> None:
    policy = Policy(admins=(ADA, "SADMINS"), reviewers=("SREVIEW", CAROL))
    await set_members(db, "SREVIEW", BOB, ALICE)
    await set_members(db, "SOTHER", "UOTHER")
    async with db.snapshot() as session:
        roster = await people.roster(session, policy)
    assert (roster.admins, roster.reviewers) == ({ADA}, {ALICE, BOB, CAROL})


async def test_only_the_groups_of_a_requests_own_stages_are_asked_for(db: Database) -> None:
    policy = Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        reviewers = ["SREVIEW"]
        [[rules]]
        name = "Production"
        stages = [{{name = "Product", reviewers = ["SPRODUCT"]}}]
        submitters = ["SDEVS"]
        [[rules]]
        name = "Rest"
        stages = [{{name = "Rest", reviewers = ["SREST"]}}]
    """)
    await set_members(db, "SREVIEW", BOB)
    for group in ("SPRODUCT", "SREST"):
        await set_members(db, group, CAROL)
    await set_members(db, "SDEVS", ALICE)
    about = request(terms=policy.terms(policy.rules[0]))
    async with db.snapshot() as session:
        found = await people.roster(session, policy, only={BOB, CAROL}, about=[about])
    assert found.members == {"SREVIEW": {BOB}, "SPRODUCT": {CAROL}}
    assert found.holds(CAROL, about.terms.seat(1))
    assert not found.whole

    await go_away(db, Leave(BOB, BOB), policy, now=NOW)
    async with db.snapshot() as session:
        found = await people.roster(session, policy, about=[about])
    assert found.members.keys() == policy.groups, "each has somebody who may stand in"


async def test_for_a_submission_all_are_known_who_decide_it_and_of_others_only_its_submitter(
    db: Database,
) -> None:
    by_rule = Rule(name="Bills", stages=(RuleStage(name="Review", reviewers=("SBILLS",)),))
    no_stages = Rule(name="Asks more", questions=("Who pays?",))
    policy = Policy(admins=("SADMINS",), reviewers=("SREVIEWERS",), rules=(by_rule, no_stages))
    await set_members(db, "SADMINS", ADA)
    await set_members(db, "SREVIEWERS", ALICE, BOB)
    await set_members(db, "SBILLS", BOB, CAROL)
    await remember(db, CAROL_TAN)  # who has left

    async def rules(by: Rule | None) -> Rules:
        async with db.transaction() as session:
            absent = people.absences(session)
            return await people.rules_of_submitting(session, policy, {ALICE}, [by], absent)

    found = (await rules(by_rule)).roster
    assert (found.admins, found.reviewers) == ({ADA}, {ALICE})
    assert found.at(seat("Bills", "Review")) == {BOB}
    for by_workspace in (None, no_stages):
        assert (await rules(by_workspace)).roster.reviewers == {ALICE, BOB}
    await go_away(db, Leave(BOB, BOB), policy, now=NOW)
    assert (await rules(by_rule)).roster.reviewers == {ALICE, BOB}
