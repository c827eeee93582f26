"""Hiding what somebody wrote: who may, what shows it no more, what proves it, what crosses."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel, col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people, questions
from store.domain.access import Denial, Refused
from store.domain.hidden import Written
from store.domain.policy import Policy
from store.domain.questions import NotTaken
from store.domain.request import Request, Verdict
from store.engine.database import Database
from store.requests import erase, read, record
from store.requests.ask import Answer, NewQuestion, amend, answer, ask
from store.requests.hide import Hiding, examine, hide
from store.requests.note import NewNote, note
from store.requests.submit import NewRequest
from store.requests.submit import submit as submit_again
from store.tables import EventRow, HiddenRow, NoteRow, QuestionRow, RequestRow, SaltRow, VoteRow
from tests.audit.test_verify import after
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW, PEOPLE
from tests.harness_store import (
    POLICY,
    accepted,
    alone,
    denial,
    findings,
    history,
    new_submission,
    pending_keys,
    send_all,
    submit,
    vote,
)

LATER = NOW + timedelta(hours=1)
SECRET = "Call Jose Rizal on 0917 555 0100."
BY_ADA = "hidden by Ada"


TWO_VOTES = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    [[rules]]
    name = "Two"
    approve_note = "optional"
    stages = [{{name = "Product", needed = 2, reviewers = ["{BOB}", "{CAROL}"]}}]
""")


async def spoken_of(db: Database) -> Request:
    """A request of Alice's about which everything was said that can be, and that was rejected."""
    async with db.transaction() as session:
        await people.remember(session, list(PEOPLE.values()), now=NOW)
    request = await submit(db, policy=TWO_VOTES)
    accepted(await ask(db, NewQuestion(request.id, BOB, f"Who? {SECRET}", NOW), TWO_VOTES))
    reply = Answer(request.id, 1, ALICE, f"They. {SECRET}", NOW, "7.1")
    accepted(await answer(db, reply, TWO_VOTES))
    accepted(await note(db, NewNote(request.id, BOB, f"Noted. {SECRET}", NOW), TWO_VOTES))
    accepted(await vote(db, request, BOB, policy=TWO_VOTES, note=f"Later. {SECRET}"))
    no = Verdict.REJECT
    return accepted(await vote(db, request, CAROL, no, policy=TWO_VOTES, reason=f"No. {SECRET}"))


async def written(db: Database, request: Request, by: str = ADA) -> dict[str, Written]:
    found = await examine(db, request.id, by, TWO_VOTES, now=LATER)
    assert not isinstance(found, Refused)
    return {each.called: each for each in found.written}


async def hidden(
    db: Database, request: Request, called: str, by: str = ADA, **seen: int
) -> Request | Refused:
    text = (await written(db, request))[called]
    hiding = Hiding(request.id, text.name, seen.get("sealed_in", text.sealed_in), by, LATER)
    return await hide(db, hiding, TWO_VOTES)


async def all_rows(db: Database, *tables: type[SQLModel]) -> str:
    async with db.snapshot() as session:
        return str([[*await session.exec(select(table))] for table in tables])


async def test_whatever_was_said_can_be_hidden_and_is_shown_nowhere(db: Database) -> None:
    request = await spoken_of(db)
    before = await written(db, request)
    assert [*before] == ["question 1", "answer 1", "note 1", "approval note 1", "reason"]
    for called in before:
        accepted(await hidden(db, request, called))
        assert await findings(db, request) == ()

    assert {each.text for each in (await written(db, request)).values()} == {BY_ADA}
    shown = await all_rows(db, RequestRow, VoteRow, QuestionRow, NoteRow, EventRow)
    assert SECRET not in shown
    async with db.snapshot() as session:
        whole = await record.record_of(session, request.id)
        kept = {row.name: row.text for row in await session.exec(select(HiddenRow))}
    assert SECRET not in repr(whole)
    assert BY_ADA in repr(whole)
    assert kept.pop("vote_reason") == kept["decision_reason"], "the record has it twice"
    assert sorted(kept.values()) == sorted(each.text for each in before.values())
    assert (await history(db, request))[-5:] == [(n, "text_hidden", ADA) for n in range(7, 12)]
    assert "Ada'" not in await all_rows(db, EventRow), "an event has no name that could not go"


async def test_what_one_person_said_in_an_emergency_can_be_hidden_and_it_stays_one(
    db: Database,
) -> None:
    policy = POLICY.model_copy(update={"emergency": (BOB,)})
    request = accepted(await alone(db, await submit(db), BOB, policy))
    for called in ("reason", "incident"):
        accepted(await hidden(db, request, called))
    async with db.snapshot() as session:
        left = await read.one(session, request.id)
    assert (left.incident, left.decision_reason) == ("hidden by an admin",) * 2
    assert left.is_emergency
    assert await findings(db, request) == ()


@pytest.mark.parametrize(
    ("by", "why"),
    [(BOB, Denial.NOT_TO_HIDE), (ALICE, Denial.NOT_TO_HIDE), (MALLORY, Denial.UNKNOWN)],
)
async def test_only_admins_hide(db: Database, by: str, why: Denial) -> None:
    request = await spoken_of(db)
    assert denial(await hidden(db, request, "question 1", by)) is why
    assert isinstance(await examine(db, request.id, by, TWO_VOTES, now=LATER), Refused)
    assert "text_hidden" not in str(await history(db, request))


async def test_an_admin_reads_no_notes_on_their_own_request_to_hide_them(db: Database) -> None:
    request = await submit(db, submitted_by=ADA)
    accepted(await note(db, NewNote(request.id, BOB, "No.", NOW), POLICY))
    assert await written(db, request) == {}
    hiding = Hiding(request.id, "note 1", 2, ADA, LATER)
    assert denial(await hide(db, hiding, POLICY)) is Denial.TEXT_CHANGED


async def test_what_shows_the_text_is_owed_anew(db: Database) -> None:
    request = await spoken_of(db)
    new = NewRequest(new_submission(), ALICE, NOW, resubmission_of=request.id)
    again = await submit_again(db, new, TWO_VOTES)
    assert not isinstance(again, Refused)
    await send_all(db)
    async with db.transaction() as session:
        await questions.record_posted(session, request.id, 1, channel="D1", ts="5.1")
    accepted(await hidden(db, request, "answer 1"))
    owed = await pending_keys(db)
    assert f"question:{request.id}:1" in owed
    assert f"card:{request.id}:reviewer:{BOB}" in owed

    await send_all(db)
    accepted(await hidden(db, request, "reason"))
    assert f"card:{again.request.id}:reviewer:{BOB}" in await pending_keys(db), (
        "it quotes the reason"
    )


async def test_a_hidden_answer_is_not_amended_and_hiding_it_again_changes_nothing(
    db: Database,
) -> None:
    request = await spoken_of(db)
    once = accepted(await hidden(db, request, "answer 1"))
    assert accepted(await hidden(db, request, "answer 1", sealed_in=3)).revision == once.revision
    edit = Answer(request.id, 1, ALICE, SECRET, LATER, "7.1")
    edited = await amend(db, edit, POLICY, edited_after=timedelta(seconds=9))
    assert edited is NotTaken.HIDDEN
    assert (await written(db, request))["answer 1"].text == BY_ADA
    assert await findings(db, request) == ()


async def test_an_answer_that_is_amended_as_it_is_hidden_is_hidden_or_looked_at_again(
    db: Database,
) -> None:
    for _ in range(4):
        request = await submit(db)
        accepted(await ask(db, NewQuestion(request.id, BOB, "Who?", NOW), POLICY))
        said = Answer(request.id, 1, ALICE, SECRET, NOW, "7.1")
        accepted(await answer(db, said, POLICY))
        edit = Answer(request.id, 1, ALICE, "The one of 3 May.", LATER, "7.1")
        hid, edited = await asyncio.gather(
            hide(db, Hiding(request.id, "answer 1", 3, ADA, LATER), POLICY),
            amend(db, edit, POLICY, edited_after=timedelta(seconds=9)),
        )
        left = (await written(db, request))["answer 1"]
        if isinstance(hid, Refused):
            assert (hid.denial, left.text) == (Denial.TEXT_CHANGED, "The one of 3 May.")
            assert isinstance(edited, Request)
        else:
            assert (edited, left.is_hidden) == (NotTaken.HIDDEN, True)
        assert await findings(db, request) == ()


def _question(**changes: Any) -> Any:
    return lambda session: session.exec(update(QuestionRow).values(**changes))


async def _whole_again(session: AsyncSession) -> None:
    """The text where it stood and its salt with it, as if nobody had hidden it."""
    row = (await session.exec(select(HiddenRow).where(HiddenRow.name == "question 1"))).one()
    await session.exec(delete(SaltRow).where(col(SaltRow.name) == "question 1"))
    salt = SaltRow(request_id=1, revision=row.revision, name=row.name, salt=row.salt)
    await _question(question=row.text)(session)
    session.add(salt)
    await session.delete(row)


TOUCHED = {
    "hidden by nobody's act": (
        _question(answer=BY_ADA),
        "the answer of question 1 is not what was written (revision 3)",
    ),
    "shown again": (
        _question(question=f"Who? {SECRET}"),
        "the question 1 was hidden, and the record shows it (revision 7)",
    ),
    "as if it had never been hidden": (
        _whole_again,
        "the question 1 that was hidden is gone (revision 7)",
    ),
    "what was hidden deleted": (
        lambda session: session.exec(delete(HiddenRow)),
        "the question 1 that was hidden is gone (revision 7)",
    ),
    "what was hidden changed": (
        lambda session: session.exec(update(HiddenRow).values(text="Who?")),
        "the hidden question 1 is not what was written (revision 2)",
    ),
    "somebody else's name": (
        lambda session: session.exec(update(HiddenRow).values(hidden_by=BOB)),
        f"the record says that Bob hid the question 1 at {LATER}, its history that Ada did",
    ),
    "another hider on show": (
        _question(question="hidden by Bob"),
        "the question of question 1 is not what was written (revision 7)",
    ),
}


async def test_who_hides_or_shows_past_the_code_is_found(
    db: Database, owner: Database, subtests: pytest.Subtests
) -> None:
    request = await spoken_of(db)
    accepted(await hidden(db, request, "question 1"))
    for what, (done, said) in TOUCHED.items():
        with subtests.test(what):
            assert said in (await after(owner, done))[request.id]
    assert await findings(db, request) == ()


async def test_what_was_hidden_is_erased_with_the_rest_and_with_its_people(db: Database) -> None:
    first, second, third = [await spoken_of(db) for _ in range(3)]
    for request in (first, second, third):
        accepted(await hidden(db, request, "question 1"))
    async with db.transaction() as session:  # who is forgotten, of each alone
        for request, by in ((second, CAROL), (third, CAROL)):
            asked = col(QuestionRow.request_id) == request.id
            await session.exec(update(QuestionRow).where(asked).values(asked_by=by))
    await erase.forget(db, BOB, now=LATER)
    assert await kept_of(db) == {second.id, third.id}
    await erase.forget(db, ADA, now=LATER)
    assert await kept_of(db) == set(), "it would name who hid it"
    for request in (first, second, third):
        text = (await written(db, request))["question 1"]
        assert (text.text, text.sealed_in) == ("erased on 20 Nov 2026", 0)
        assert denial(await hidden(db, request, "question 1")) is Denial.TEXT_CHANGED
    assert await findings(db, first) == ()

    accepted(await hidden(db, first, "reason"))
    days = POLICY.model_copy(update={"keep_details_days": 30})
    await erase.erase_old(db, days, now=NOW + timedelta(days=31))
    assert await kept_of(db) == set()
    assert await findings(db, first) == ()


async def kept_of(db: Database) -> set[int]:
    async with db.snapshot() as session:
        return {*await session.exec(select(HiddenRow.request_id))}
