"""Notes between those who review: who writes and reads them, what counts them, what proves them."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import select

from store.domain.access import Denial, Refused
from store.domain.notes import Note
from store.domain.policy import Policy
from store.domain.request import Request, Verdict
from store.engine.database import Database
from store.requests import erase, read, record
from store.requests.note import NewNote, note
from store.tables import EventRow, NoteRow, SaltRow
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    denial,
    findings,
    history,
    submit,
    vote,
)

TEXT = "The test account works."
TWO_PARTIES = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    [[rules]]
    name = "Releases"
    category = ["mini_program_release"]
    stages = [{{name = "Product", reviewers = ["{BOB}"]}}]
    [[rules]]
    name = "The rest"
    stages = [{{name = "Compliance", reviewers = ["{CAROL}"]}}]
""")


async def write(
    db: Database, request: Request, by: str = BOB, text: str = TEXT, policy: Policy = POLICY
) -> Request | Refused:
    return await note(db, NewNote(request.id, by, text, NOW), policy)


async def read_by(db: Database, request: Request, viewer: str) -> tuple[Note, ...]:
    async with db.snapshot() as session:
        seen = await read.seen(session, request.id, viewer=viewer, policy=POLICY, now=NOW)
    assert not isinstance(seen, Refused)
    return seen.request.notes


async def test_a_note_is_read_by_reviewers_and_never_by_the_submitter(db: Database) -> None:
    request = await submit(db)
    noted = accepted(await write(db, request))
    assert (noted.revision, noted.round, noted.notes_written) == (2, 1, 1)

    for viewer in (BOB, CAROL, ADA):
        assert await read_by(db, request, viewer) == (Note(1, BOB, NOW, TEXT),)
    assert await read_by(db, request, ALICE) == ()
    async with db.snapshot() as session:
        found = await record.record_of(session, request.id)
    assert found
    assert [each.note for each in found.request.notes] == [TEXT], "who reads all by the API"
    assert await history(db, request) == [(1, "submitted", ALICE), (2, "noted", BOB)]
    assert await findings(db, request) == ()


async def test_a_submitter_who_reviews_reads_no_notes_on_their_own(db: Database) -> None:
    request = await submit(db, submitted_by=CAROL)
    accepted(await write(db, request))
    assert await read_by(db, request, CAROL) == ()
    assert denial(await write(db, request, CAROL)) is Denial.OWN_NOTES


@pytest.mark.parametrize(
    ("by", "why"),
    [(ALICE, Denial.OWN_NOTES), (MALLORY, Denial.UNKNOWN), (CAROL, None), (ADA, None)],
)
async def test_those_who_review_write_notes(db: Database, by: str, why: Denial | None) -> None:
    assert denial(await write(db, await submit(db), by)) == why


async def test_one_party_writes_no_notes_to_the_other(db: Database) -> None:
    request = await submit(db, policy=TWO_PARTIES)
    assert denial(await write(db, request, CAROL, policy=TWO_PARTIES)) is Denial.UNKNOWN
    assert denial(await write(db, request, BOB, policy=TWO_PARTIES)) is None


async def test_notes_are_written_after_the_end_too(db: Database) -> None:
    request = await submit(db)
    accepted(await vote(db, request, BOB))
    assert accepted(await write(db, request)).notes_written == 1
    assert await findings(db, request) == ()


async def test_a_note_makes_no_click_stale(db: Database) -> None:
    request = await submit(db)
    accepted(await write(db, request))
    accepted(await vote(db, request, CAROL, round=request.round))


async def test_notes_at_once_are_all_kept(db: Database) -> None:
    request = await submit(db)
    texts = [f"Note {number}." for number in range(6)]
    await asyncio.gather(*(write(db, request, BOB, text) for text in texts))
    notes = await read_by(db, request, ADA)
    assert [each.number for each in notes] == [1, 2, 3, 4, 5, 6]
    assert sorted(each.note for each in notes) == texts
    assert await findings(db, request) == ()


async def test_a_note_that_was_changed_or_moved_is_named(db: Database) -> None:
    request = await submit(db)
    accepted(await write(db, request))
    async with db.transaction() as session:
        await session.exec(update(NoteRow).values(note="It does not work."))
    assert await findings(db, request) == (
        "the note of note 1 is not what was written (revision 2)",
    )


async def test_notes_are_erased_with_the_rest_and_with_their_writer(db: Database) -> None:
    first, second = await submit(db), await submit(db)
    for request in (first, second):
        accepted(await write(db, request))
        accepted(await write(db, request, CAROL, "It works here."))
        accepted(await vote(db, request, BOB, Verdict.REJECT, reason="No."))
    await erase.forget(db, BOB, now=NOW + timedelta(hours=1))
    mine, hers = await read_by(db, first, ADA)
    assert (mine.note, hers.note) == ("erased on 20 Nov 2026", "It works here.")

    policy = POLICY.model_copy(update={"keep_details_days": 30})
    await erase.erase_old(db, policy, now=NOW + timedelta(days=31))
    assert [each.note for each in await read_by(db, second, ADA)] == [
        "erased on 20 Nov 2026", "erased on 21 Dec 2026",
    ]  # fmt: skip
    async with db.snapshot() as session:
        assert not [n for n in await session.exec(select(SaltRow.name)) if n.startswith("note")]
        assert TEXT not in str([row.data for row in await session.exec(select(EventRow))])
    for request in (first, second):
        assert await findings(db, request) == ()
