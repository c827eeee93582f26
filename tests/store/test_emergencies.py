"""Approving alone in an emergency: by whom, past whom, and what stays of it."""

import asyncio
from datetime import timedelta

import pytest

from store.audit.verify import check_all
from store.domain.access import Denial, Refused
from store.domain.emergency import is_link
from store.domain.lifecycle import Act
from store.domain.lists.query import ListQuery, Scope
from store.domain.policy import Policy
from store.domain.request import Status
from store.engine.database import Database
from store.lists import listing
from store.messages import reminders
from store.requests import erase, read
from store.requests.emergencies import Marking, mark_reviewed
from store.requests.read import Seen
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    alone,
    denial,
    findings,
    history,
    pending_keys,
    replicas,
    send_all,
    submit,
    vote,
)

ERIN = "UERIN"
STAGES = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}", "{BOB}"]
    emergency = ["{BOB}", "{ERIN}"]
    admins_decide = false
    [[rules]]
    name = "Two parties"
    stages = [
      {{name = "Product", reviewers = ["{CAROL}"], needed = 1}},
      {{name = "Compliance", reviewers = ["UDAN", "{MALLORY}"], needed = "all"}},
    ]
""")


async def test_who_is_named_approves_alone_whatever_the_stages_admin_or_not(db: Database) -> None:
    for who in (BOB, ERIN):
        request = await submit(db, policy=STAGES)
        assert denial(await vote(db, request, who, policy=STAGES)) is Denial.NOT_A_REVIEWER
        ended = accepted(await alone(db, request, who, STAGES, round=1))
        assert (ended.status, ended.decided_by, ended.votes) == (Status.APPROVED, who, ())
        assert ended.incident == "https://incidents.example/7"
        assert (ended.stage, ended.passed_over) == (1, {CAROL, "UDAN", MALLORY})
        assert await history(db, request) == [(1, "submitted", ALICE), (2, "approved", who)]
        async with db.snapshot() as session:
            assert await read.one(session, request.id) == ended
        assert await findings(db, request) == ()
    page = await listing.listing(db, ListQuery(Scope.ALL), asker=ERIN, policy=STAGES)
    assert page.page.total == 2, "she could not approve what she cannot see"


async def test_nobody_else_and_nothing_without_its_reason(db: Database) -> None:
    request = await submit(db, policy=STAGES)
    for who, why in {
        ADA: Denial.NOT_IN_EMERGENCIES,
        CAROL: Denial.NOT_IN_EMERGENCIES,
        ALICE: Denial.OWN_REQUEST,
        "USTRANGER": Denial.UNKNOWN,
    }.items():
        assert denial(await alone(db, request, who, STAGES)) is why
    assert denial(await alone(db, request, BOB, STAGES, incident="http://x.example")) is (
        Denial.NOT_SAID_WHY
    )
    assert denial(await alone(db, request, BOB, STAGES, incident=None)) is Denial.NOT_SAID_WHY
    assert denial(await alone(db, request, BOB, STAGES, round=9)) is Denial.STALE
    assert denial(await alone(db, await submit(db), ADA, POLICY)) is Denial.NOT_IN_EMERGENCIES
    own = await submit(db, policy=STAGES, submitted_by=BOB)
    assert denial(await alone(db, own, BOB, STAGES)) is Denial.OWN_REQUEST
    assert len(await history(db, request)) == 1


async def test_everybody_passed_over_and_the_other_admins_are_told(db: Database) -> None:
    request = await submit(db, policy=STAGES)
    accepted(await vote(db, request, CAROL, policy=STAGES))
    await send_all(db)
    accepted(await alone(db, request, BOB, STAGES))
    told = {key for key in await pending_keys(db) if ":emergency:" in key}
    assert told == {f"card:{request.id}:emergency:{who}" for who in ("UDAN", MALLORY, ADA)}
    assert f"outcome:{request.id}" in await pending_keys(db)


async def digests(db: Database, days: int, policy: Policy = STAGES) -> set[str]:
    """Who is owed a digest so many days after that Friday."""
    await send_all(db)
    await reminders.owe_digests(db, policy, now=NOW + timedelta(days=days, hours=8))
    return {key.split(":")[1] for key in await pending_keys(db) if key.startswith("digest:")}


async def test_it_stays_in_the_digest_of_the_other_admins_until_one_has_looked(
    db: Database,
) -> None:
    request = await submit(db, policy=STAGES)
    accepted(await alone(db, request, BOB, STAGES))
    assert await digests(db, 3) == {ADA}
    assert await digests(db, 4) == {ADA}
    for who, why in {
        BOB: Denial.NOT_TO_MARK,
        CAROL: Denial.NOT_TO_MARK,
        "UX": Denial.UNKNOWN,
    }.items():
        assert denial(await mark_reviewed(db, Marking(request.id, who, NOW), STAGES)) is why
    marked = accepted(await mark_reviewed(db, Marking(request.id, ADA, NOW), STAGES))
    assert (marked.reviewed_by, marked.is_emergency) == (ADA, True)
    again = await mark_reviewed(db, Marking(request.id, ADA, NOW), STAGES)
    assert denial(again) is Denial.NOTHING_TO_MARK
    assert await digests(db, 5) == set()
    assert [kind for _, kind, _ in await history(db, request)][2:] == ["emergency_reviewed"]
    assert await findings(db, request) == ()


async def test_where_the_only_admin_approves_alone_another_overseer_reviews_it(
    db: Database,
) -> None:
    """Bob and Carol review for the workspace; with Mallory as an admin it would be hers alone."""
    policy = POLICY.model_copy(update={"admins": (ADA,), "emergency": (ADA,)})
    request = await submit(db, policy=policy)
    accepted(await alone(db, request, ADA, policy))
    others = policy.model_copy(update={"admins": (ADA, MALLORY)})
    for user, by, why in (
        (BOB, others, Denial.NOT_TO_MARK),
        (ADA, policy, Denial.NOT_TO_MARK),
        (ALICE, policy, Denial.NOT_TO_MARK),
    ):
        assert denial(await mark_reviewed(db, Marking(request.id, user, NOW), by)) is why
    for by, may_mark in ((policy, True), (others, False)):
        seen = await read.look(db, request.id, viewer=BOB, policy=by, now=NOW)
        assert isinstance(seen, Seen)
        assert (Act.MARK_REVIEWED in seen.acts) is may_mark
    assert await digests(db, 3, policy) == {BOB, CAROL}
    assert (
        accepted(await mark_reviewed(db, Marking(request.id, BOB, NOW), policy)).reviewed_by == BOB
    )
    assert await digests(db, 4, policy) == set()


async def test_what_is_erased_leaves_the_mark(db: Database) -> None:
    request = await submit(db, policy=STAGES)
    accepted(await alone(db, request, BOB, STAGES))
    kept = STAGES.model_copy(update={"keep_details_days": 1})
    assert await erase.erase_old(db, kept, now=NOW + timedelta(days=3)) == 1
    async with db.snapshot() as session:
        found = await read.one(session, request.id)
    assert found.is_emergency
    assert found.incident == "erased on 23 Nov 2026"
    assert [checked async for checked in check_all(db) if checked.findings] == []


@pytest.mark.parametrize("turn", range(3))
async def test_an_emergency_that_crosses_a_vote_ends_it_once(
    database_url: str, db: Database, turn: int
) -> None:
    policy = POLICY.model_copy(update={"emergency": (ADA,)})
    request = await submit(db, policy=policy)
    async with replicas(database_url) as (one, two):
        acts = [
            alone(one, request, ADA, policy, 1),
            vote(two, request, BOB, policy=policy, round=1),
        ]
        answers = await asyncio.gather(*(acts if turn % 2 else acts[::-1]))
    assert sorted(map(str, map(denial, answers))) == ["None", "closed"]
    (winner,) = [answer for answer in answers if not isinstance(answer, Refused)]
    assert winner.is_emergency == (winner.decided_by == ADA)
    assert len(await history(db, request)) == 2
    assert await findings(db, request) == ()


@pytest.mark.parametrize(
    ("text", "leads_there"),
    [
        ("https://incidents.example/7?a=b#c", True),
        ("http://incidents.example/7", False),
        ("https://incidents", False),
        ("https://me:secret@incidents.example", False),
        ("https://incidents.example/<!channel>", False),
        ("https://incidents.example/a b", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_an_incident_is_an_https_address(text: str, leads_there: bool) -> None:
    assert is_link(text) is leads_there
