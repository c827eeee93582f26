"""What is told with approvals: kept with the vote, sealed, erased, and wanted by the policy."""

import asyncio
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, select

from store import approval_notes
from store.domain.access import Denial
from store.domain.approval_notes import Asking, note_name
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Request, Status, Verdict
from store.engine.database import Database
from store.requests import erase, read
from store.requests.decide import Decision, OnPlatform, decide
from store.tables import EventRow, SaltRow, VoteRow
from tests.cast import ADA, BOB, CAROL, NOW
from tests.harness_store import POLICY, accepted, denial, findings, replicas, submit, vote

TEXT = "Go live after 9 Dec."
WANTING = POLICY.model_copy(update={"approve_note": Asking.REQUIRED})
STAGES = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    approve_note = "required"
    [[rules]]
    name = "Releases"
    approve_note = "off"
    stages = [
        {{name = "Product", reviewers = ["{BOB}", "{CAROL}"], needed = 2}},
        {{name = "Compliance", reviewers = ["{ADA}"]}},
    ]
""")


async def now(db: Database, request: Request) -> Request:
    async with db.snapshot() as session:
        return await read.one(session, request.id)


async def test_a_vote_keeps_its_note_and_so_does_its_seal(db: Database) -> None:
    request = await submit(db)
    accepted(await vote(db, request, BOB, note=TEXT))
    (told,) = (await now(db, request)).approval_notes
    assert (told.reviewer, told.note) == (BOB, TEXT)
    async with db.snapshot() as session:
        assert TEXT not in str([row.data for row in await session.exec(select(EventRow))])
        assert await approval_notes.of(session, [request.id]) == {request.id: (told,)}
    assert await findings(db, request) == ()
    async with db.transaction() as session:
        await session.exec(update(VoteRow).values(note="Go live now."))
    assert await findings(db, request) == (
        f"the note of {BOB}'s vote is not what was written (revision 2)",
    )


async def test_a_note_is_wanted_where_the_policy_says_so(db: Database) -> None:
    request = await submit(db)
    assert denial(await vote(db, request, BOB, policy=WANTING)) is Denial.NOTE_WANTED
    there = OnPlatform("Lee", NOW)
    decided = Decision(request.id, Act.APPROVE, "key:1", NOW, on_platform=there)
    assert accepted(await decide(db, decided, WANTING)).status is Status.APPROVED, "it is decided"
    other = await submit(db)
    assert accepted(await vote(db, other, BOB, policy=WANTING, note=TEXT)).note_of(BOB, 1) == TEXT
    assert denial(await vote(db, await submit(db), BOB, Verdict.REJECT, policy=WANTING)) is None
    by_rule = await submit(db, policy=STAGES)
    assert denial(await vote(db, by_rule, BOB, policy=STAGES)) is None, "the rule wants none"


async def test_notes_of_earlier_stages_stay_and_who_rejects_after_all_has_said_theirs(
    db: Database,
) -> None:
    request = await submit(db, policy=STAGES)
    for reviewer in (BOB, CAROL):
        accepted(await vote(db, request, reviewer, policy=STAGES, note=f"{TEXT} {reviewer}"))
    accepted(await vote(db, request, ADA, policy=STAGES, note="Fine."))
    told = (await now(db, request)).approval_notes
    assert [each.note for each in told] == [f"{TEXT} {BOB}", f"{TEXT} {CAROL}", "Fine."]

    other = await submit(db, policy=STAGES)
    accepted(await vote(db, other, BOB, policy=STAGES, note=TEXT))
    accepted(await vote(db, other, BOB, Verdict.REJECT, policy=STAGES, reason="No."))
    after = await now(db, other)
    assert after.note_of(BOB, 1) == TEXT, "what was said stays said"
    assert after.approval_notes == (), "and is no word with an approval any more"
    for each in (request, other):
        assert await findings(db, each) == ()


async def test_an_approval_with_a_note_beside_a_rejection(database_url: str) -> None:
    async with replicas(database_url) as (first, second):
        request = await submit(first)
        answers = await asyncio.gather(
            vote(first, request, BOB, note=TEXT),
            vote(second, request, CAROL, Verdict.REJECT, reason="No."),
        )
        assert sorted(map(str, map(denial, answers))) == ["None", "closed"]
        after = await now(first, request)
        assert bool(after.approval_notes) is (after.status is Status.APPROVED)
        assert await findings(first, request) == ()


async def test_notes_are_erased_with_the_rest_and_with_their_writer(db: Database) -> None:
    first, second = await submit(db, policy=STAGES), await submit(db)
    for reviewer in (BOB, CAROL):
        accepted(await vote(db, first, reviewer, policy=STAGES, note=f"{TEXT} {reviewer}"))
    accepted(await vote(db, first, ADA, policy=STAGES))
    accepted(await vote(db, second, CAROL, note=TEXT))
    await erase.forget(db, BOB, now=NOW + timedelta(hours=1))
    erased, kept = (await now(db, first)).approval_notes
    assert (erased.note, kept.note) == ("erased on 20 Nov 2026", f"{TEXT} {CAROL}")

    policy = POLICY.model_copy(update={"keep_details_days": 30})
    await erase.erase_old(db, policy, now=NOW + timedelta(days=31))
    async with db.snapshot() as session:
        there = select(SaltRow.name).where(col(SaltRow.name).startswith("approval_note"))
        assert (await session.exec(there)).all() == []
    for request in (first, second):
        assert await findings(db, request) == ()


def test_its_name_says_whose_it_is() -> None:
    assert note_name(2, BOB) == f"approval_note 2 {BOB}"
