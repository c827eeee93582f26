"""What people wrote can be erased; what was decided stays, and so does its proof."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from store import drafts, people
from store.audit.events import seal
from store.audit.verify import check_all
from store.domain.canonical import canonical
from store.domain.draft import values_of
from store.domain.request import Request, Verdict
from store.engine.database import Database
from store.requests import erase, read
from store.tables import CardRow, DraftRow, EventRow, HomeRow, OutboxRow, PersonRow, SaltRow
from tests.cast import ALICE, BOB, CAROL, NOW, PEOPLE
from tests.harness_store import POLICY, accepted, pending_keys, send_all, submit, vote

DAYS_30 = POLICY.model_copy(update={"keep_details_days": 30})
LATER = NOW + timedelta(days=31)
SAID = "erased on 21 Dec 2026"
SECRET = "It keeps phone numbers of Jose Rizal."


async def rejected(db: Database, **changes: str) -> Request:
    return accepted(
        await vote(db, await submit(db, **changes), CAROL, Verdict.REJECT, reason=SECRET)
    )


async def now(db: Database, request: Request) -> Request:
    async with db.snapshot() as session:
        return await read.one(session, request.id)


async def assert_whole(db: Database) -> None:
    assert [each async for each in check_all(db) if each.findings] == []


async def test_after_its_days_what_was_written_is_erased_and_the_proof_holds(db: Database) -> None:
    request = await rejected(db)
    async with db.snapshot() as session:
        before = (await session.exec(select(EventRow.hash).order_by(col(EventRow.revision)))).all()

    assert await erase.erase_old(db, DAYS_30, now=NOW + timedelta(days=29)) == 0
    assert await erase.erase_old(db, DAYS_30, now=LATER, dry_run=True) == 1
    assert await now(db, request) == request
    assert await erase.erase_old(db, DAYS_30, now=LATER) == 1
    assert await erase.erase_old(db, DAYS_30, now=LATER) == 0

    left = await now(db, request)
    assert (left.decision_reason, left.votes[0].reason) == (SAID, SAID)
    assert left.details == {"target_app": request.details["target_app"], "Details": SAID}
    assert (left.title, left.status, left.decided_by) == (request.title, request.status, CAROL)
    async with db.snapshot() as session:
        events = (await session.exec(select(EventRow).order_by(col(EventRow.revision)))).all()
        salts = (await session.exec(select(SaltRow.name).order_by(SaltRow.name))).all()
    assert [event.hash for event in events[:2]] == list(before)
    assert (events[2].kind, events[2].hash) == ("erased", seal(events[2]))
    assert events[2].data["erased"] == ["decision_reason", "details", "vote_reason"]
    assert events[2].data["why"] == "kept for 30 days"
    assert SECRET not in canonical([event.data for event in events])
    assert salts == ["mini_program_name", "title"]
    await assert_whole(db)


async def test_an_erasure_owes_no_card_unless_asked(db: Database) -> None:
    request = await rejected(db)
    await send_all(db)
    async with db.transaction() as session:
        for card in await session.exec(select(CardRow)):
            card.shown_revision, card.ts = request.revision, "1.0"
    await erase.erase_old(db, DAYS_30, now=LATER)

    assert await pending_keys(db) == set()
    async with db.snapshot() as session:
        assert set(await session.exec(select(CardRow.shown_revision))) == {3}
    await erase.forget(db, ALICE, now=LATER, redraw=True)
    assert {key.split(":")[0] for key in await pending_keys(db)} == {"card"}


async def test_an_open_request_keeps_what_it_needs_until_it_ends(db: Database) -> None:
    waiting = await submit(db)
    assert await erase.erase_old(db, DAYS_30, now=LATER) == 0
    assert await erase.forget(db, ALICE, now=NOW) == erase.Forgotten(0, 1)
    assert (await now(db, waiting)).details == waiting.details

    accepted(await vote(db, waiting, BOB, Verdict.REJECT, reason="No."))
    assert await erase.erase_old(db, POLICY, now=LATER) == 1
    left = await now(db, waiting)
    assert (left.title, left.mini_program_name, left.decision_reason) == (SAID, SAID, "No.")
    await assert_whole(db)


async def test_the_last_approved_release_keeps_what_the_next_is_compared_with(
    db: Database,
) -> None:
    first = accepted(await vote(db, await submit(db), BOB))
    assert await erase.erase_old(db, DAYS_30, now=LATER) == 0
    assert (await now(db, first)).details == first.details

    second = accepted(await vote(db, await submit(db), BOB))
    assert await erase.erase_old(db, DAYS_30, now=LATER) == 1
    assert "tagline" not in (await now(db, first)).details
    assert (await now(db, second)).details == second.details
    await assert_whole(db)


async def test_who_is_forgotten_leaves_no_copy(db: Database) -> None:
    request = await rejected(db)
    async with db.transaction() as session:
        await people.remember(session, list(PEOPLE.values()), now=NOW)
    await drafts.begin(db, owner=ALICE, now=NOW, values={"title": SECRET})
    await erase.forget(db, ALICE, now=LATER, dry_run=True)
    assert await now(db, request) == request

    assert await erase.forget(db, ALICE, now=LATER) == erase.Forgotten(1, 0)

    left = await now(db, request)
    assert (left.title, left.mini_program_name, left.decision_reason) == (SAID, SAID, SECRET)
    async with db.transaction() as session:
        await people.remember(session, list(PEOPLE.values()), now=LATER)
        assert await people.forgotten(session, [ALICE, BOB]) == {ALICE}
    async with db.snapshot() as session:
        assert ALICE not in set(await session.exec(select(PersonRow.user_id)))
        for table, owner in ((DraftRow, DraftRow.owner), (OutboxRow, OutboxRow.recipient)):
            assert ALICE not in set(await session.exec(select(owner))), table
        assert not set(await session.exec(select(HomeRow.user_id)))
    await assert_whole(db)


async def test_the_reasons_of_who_is_forgotten_go_as_well(db: Database) -> None:
    request = await rejected(db)
    await erase.forget(db, CAROL, now=LATER)
    left = await now(db, request)
    assert (left.title, left.decision_reason, left.votes[0].reason) == (request.title, SAID, SAID)
    await assert_whole(db)


async def test_an_erased_request_submitted_again_begins_empty(db: Database) -> None:
    request = await rejected(db)
    await erase.forget(db, ALICE, now=LATER)
    values = values_of(await now(db, request))
    assert (values["details"], values["mini_program"]["name"]) == ({}, "")
    assert "title" not in values


async def test_profiles_nobody_asks_for_are_deleted(db: Database) -> None:
    policy = POLICY.model_copy(update={"keep_profiles_days": 30})
    async with db.transaction() as session:
        await people.remember(session, [PEOPLE[BOB]], now=NOW)
        await people.remember(session, [PEOPLE[CAROL]], now=LATER)
    await erase.erase_old(db, policy, now=LATER)
    async with db.snapshot() as session:
        assert (await session.exec(select(PersonRow.user_id))).all() == [CAROL]


@pytest.mark.parametrize("column", ["title", "details", "decision_reason"])
async def test_what_stands_for_an_erased_text_is_proved_too(db: Database, column: str) -> None:
    request = await rejected(db)
    await erase.forget(db, ALICE, now=LATER)
    await erase.forget(db, CAROL, now=LATER)
    async with db.engine.begin() as connection:
        other = "'{}'" if column == "details" else "'something else'"
        await connection.exec_driver_sql(f"UPDATE request SET {column} = {other}")
    (found,) = [each async for each in check_all(db) if each.findings]
    assert found.request_id == request.id
