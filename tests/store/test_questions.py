"""Questions to a submitter on record: who may, what is owed, what crosses, and what proves it."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from store import people
from store.audit.verify import check_portion
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.lists.filter_text import parse
from store.domain.lists.query import Scope
from store.domain.policy import Policy
from store.domain.questions import NotTaken, Question
from store.domain.request import Person, Request, Verdict
from store.engine.database import Database
from store.lists import listing
from store.messages import reminders
from store.requests import erase, read
from store.requests.apply_policy import apply_policy
from store.requests.ask import Answer, Closing, NewQuestion, amend, answer, ask, close
from store.requests.decide import Decision, decide
from store.tables import AssignmentRow, EventRow, QuestionRow, SaltRow
from tests.audit.test_verify import TakenBackError
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    denial,
    findings,
    history,
    outbox_rows,
    pending_keys,
    send_all,
    submit,
    vote,
    withdraw,
)

LATER = NOW + timedelta(hours=1)
ASKED, SAID = "Which agreement covers this?", "The one of 3 May."
BY_STAGES = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    [[rules]]
    name = "Two parties"
    stages = [
      {{name = "Product", reviewers = ["{BOB}"]}},
      {{name = "Compliance", reviewers = ["{CAROL}"]}},
    ]
""")


async def put(
    db: Database, request: Request, by: str = BOB, text: str = ASKED, policy: Policy = POLICY
) -> Request | Refused:
    return await ask(db, NewQuestion(request.id, by, text, NOW), policy)


async def reply(
    db: Database, request: Request, number: int = 1, by: str = ALICE, text: str = SAID
) -> Request | Refused:
    return await answer(db, Answer(request.id, number, by, text, LATER), POLICY)


async def drop(db: Database, request: Request, by: str, number: int = 1) -> Request | Refused:
    return await close(db, Closing(request.id, number, by, LATER), POLICY)


async def now_of(db: Database, request: Request) -> Request:
    async with db.snapshot() as session:
        return await read.with_questions(session, await read.one(session, request.id))


async def test_a_question_and_its_answer_are_on_record_and_told(db: Database) -> None:
    request = await submit(db)
    await send_all(db)

    asked = accepted(await put(db, request))
    assert (asked.revision, asked.round, asked.questions_open) == (2, 1, 1)
    cards = {key for key in await outbox_rows(db) if key.startswith("card:")}
    assert await pending_keys(db) == cards | {f"question:{request.id}:1"}
    await send_all(db)

    answered = accepted(await reply(db, request))
    assert (answered.revision, answered.round, answered.questions_open) == (3, 1, 0)
    told = f"answer:{request.id}:1"
    assert await pending_keys(db) == cards | {f"question:{request.id}:1", told}
    assert (await outbox_rows(db))[told].recipient == BOB

    left = await now_of(db, request)
    assert left.questions == (Question(1, BOB, NOW, ASKED, SAID, LATER),)
    assert left.questions_asked == 1
    assert await history(db, request) == [
        (1, "submitted", ALICE), (2, "asked", BOB), (3, "answered", ALICE),
    ]  # fmt: skip
    assert await findings(db, request) == ()


async def test_a_question_makes_no_click_stale(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    accepted(await reply(db, request))
    assert accepted(await vote(db, request, CAROL, round=request.round)).revision == 4
    assert await findings(db, request) == ()


@pytest.mark.parametrize(
    ("by", "why"),
    [(ALICE, Denial.OWN_REQUEST), (MALLORY, Denial.UNKNOWN), (CAROL, None), (ADA, None)],
)
async def test_reviewers_and_admins_ask(db: Database, by: str, why: Denial | None) -> None:
    assert denial(await put(db, await submit(db), by)) == why


async def test_the_open_and_later_stages_ask_and_passed_ones_do_not(db: Database) -> None:
    request = await submit(db, policy=BY_STAGES)
    accepted(await put(db, request, CAROL, policy=BY_STAGES))
    accepted(await vote(db, request, BOB, policy=BY_STAGES))

    assert denial(await put(db, request, BOB, policy=BY_STAGES)) is Denial.STAGE_PASSED
    left = accepted(await put(db, request, ADA, policy=BY_STAGES))
    assert (left.stage, left.questions_open) == (2, 2), "a stage that passes leaves them open"


async def test_an_admin_who_does_not_decide_asks_all_the_same(db: Database) -> None:
    policy = POLICY.model_copy(update={"admins_decide": False})
    assert denial(await put(db, await submit(db), ADA, policy=policy)) is None


async def test_only_the_submitter_answers_once(db: Database) -> None:
    request = await submit(db)
    assert denial(await reply(db, request)) is Denial.NOTHING_TO_ANSWER
    accepted(await put(db, request))

    assert denial(await reply(db, request, by=BOB)) is Denial.NOT_ASKED
    assert denial(await reply(db, request, by=MALLORY)) is Denial.UNKNOWN
    assert denial(await reply(db, request, number=2)) is Denial.NOTHING_TO_ANSWER
    first = accepted(await reply(db, request))
    again = accepted(await reply(db, request))
    assert again.revision == first.revision, "the same answer again changes nothing"
    assert denial(await reply(db, request, text="No.")) is Denial.NOTHING_TO_ANSWER
    assert (await now_of(db, request)).questions[0].answer == SAID


async def test_who_asked_or_an_admin_closes_a_question(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    accepted(await put(db, request, CAROL, "Who tests it?"))
    await send_all(db)

    assert denial(await drop(db, request, CAROL)) is Denial.NOT_THE_ASKER
    assert denial(await drop(db, request, ALICE)) is Denial.NOT_THE_ASKER
    assert denial(await drop(db, request, MALLORY)) is Denial.UNKNOWN
    assert denial(await drop(db, request, BOB, 9)) is Denial.NOTHING_TO_ANSWER
    assert accepted(await drop(db, request, BOB)).questions_open == 1
    assert f"question:{request.id}:1" in await pending_keys(db)
    assert denial(await drop(db, request, ADA)) is Denial.NOTHING_TO_ANSWER
    assert accepted(await drop(db, request, ADA, 2)).questions_open == 0
    assert denial(await reply(db, request)) is Denial.NOTHING_TO_ANSWER
    assert await findings(db, request) == ()


async def test_an_answer_is_amended_in_time_and_its_old_salt_goes(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    first = Answer(request.id, 1, ALICE, SAID, LATER, "7.1")
    accepted(await answer(db, first, POLICY))

    async def edit(text: str, *, after: int = 60, by: str = ALICE, ts: str = "7.1") -> object:
        said = Answer(request.id, 1, by, text, LATER, ts)
        return await amend(db, said, POLICY, edited_after=timedelta(seconds=after))

    assert await edit("No.", by=BOB) is None
    assert await edit("No.", ts="7.2") is None
    assert await edit(SAID) is None
    assert isinstance(await edit("The one of 4 May."), Request)
    assert await edit("No.", after=301) is NotTaken.EDITED_LATE
    accepted(await vote(db, request, CAROL))
    assert await edit("No.") is NotTaken.EDITED_LATE
    assert (await now_of(db, request)).questions[0].answer == "The one of 4 May."
    assert [kind for _, kind, _ in await history(db, request)][2:] == [
        "answered", "answer_amended", "answer_edited_late", "approved", "answer_edited_late",
    ]  # fmt: skip
    assert await findings(db, request) == ()


async def test_the_end_closes_what_is_open(db: Database) -> None:
    for number, end in enumerate((vote, withdraw)):
        request = await submit(db)
        accepted(await put(db, request))
        accepted(await put(db, request, CAROL))
        accepted(await reply(db, request, 2))
        await send_all(db)

        ended = accepted(await end(db, request, *((BOB,) if end is vote else ())))

        assert ended.questions_open == 0
        open_, answered = (await now_of(db, request)).questions
        assert (open_.closed_by, open_.closed_at, open_.answer) == (None, NOW, None)
        assert (answered.closed_at, answered.answer) == (None, SAID)
        pending = await pending_keys(db)
        assert f"question:{request.id}:1" in pending
        assert f"question:{request.id}:2" not in pending
        assert denial(await put(db, request)) is Denial.CLOSED, number
        assert denial(await reply(db, request)) is Denial.NOTHING_TO_ANSWER
        assert await findings(db, request) == ()


async def clocks(db: Database, request: Request) -> set[tuple[object, object]]:
    """When it is due and reminded of, in its own row and in those of who may decide it now."""
    async with db.snapshot() as session:
        rows = await session.exec(
            select(AssignmentRow.due_at, AssignmentRow.remind_at).where(
                col(AssignmentRow.request_id) == request.id, col(AssignmentRow.turn)
            )
        )
        repeated = set(rows)
    left = await now_of(db, request)
    return {(left.due_at, left.remind_at), *repeated}


async def test_the_clock_rests_while_a_question_is_open(db: Database) -> None:
    request = await submit(db)
    ((due, remind),) = await clocks(db, request)
    accepted(await put(db, request))
    accepted(await put(db, request, CAROL, "Who tests it?"))
    resting = await now_of(db, request)
    assert resting.rest
    assert (resting.rest.since, resting.rest.before["due_at"]) == (NOW, due)
    ((latest, _),) = await clocks(db, request)
    assert latest > due + timedelta(days=5)
    assert await findings(db, request) == ()

    accepted(await reply(db, request))
    assert (await now_of(db, request)).rest, "another is open"
    accepted(await drop(db, request, CAROL, 2))
    left = await now_of(db, request)
    assert (left.rest, left.rested) == (None, 3600)
    # Due on Saturday, so to say: of a working day the weekend is no part.
    assert await clocks(db, request) == {(due + timedelta(hours=1), remind + timedelta(hours=1))}
    assert await findings(db, request) == ()


async def test_the_clock_rests_on_at_the_next_stage(db: Database) -> None:
    request = await submit(db, policy=BY_STAGES)
    accepted(await put(db, request, CAROL, policy=BY_STAGES))
    later = Decision(request.id, Act.APPROVE, BOB, LATER)
    passed = accepted(await decide(db, later, BY_STAGES))
    assert passed.rest
    assert (passed.rest.since, passed.rested, passed.stage) == (LATER, 3600, 2)
    assert len(await clocks(db, request)) == 1
    assert await findings(db, request) == ()


async def test_the_end_tells_when_it_was_due(db: Database) -> None:
    request = await submit(db)
    ((due, _),) = await clocks(db, request)
    accepted(await put(db, request))
    ended = accepted(await decide(db, Decision(request.id, Act.APPROVE, BOB, LATER), POLICY))
    assert (ended.rest, ended.rested, ended.due_at) == (None, 3600, due + timedelta(hours=1))
    assert await findings(db, request) == ()


async def test_another_policy_keeps_what_it_rested(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    policy = POLICY.model_copy(update={"target_hours": 10, "escalate_after_hours": 12})
    assert await apply_policy(db, policy, actor=ADA, now=LATER) == 1
    left = await now_of(db, request)
    assert left.rest
    assert (left.rest.since, left.rested) == (LATER, 3600)
    assert left.rest.before["due_at"] == NOW + timedelta(hours=11)
    assert left.rest.before["escalate_at"] == NOW + timedelta(hours=13)
    assert await findings(db, request) == ()


async def test_lists_tell_whom_it_waits_for(db: Database) -> None:
    asked, waiting, ended = [await submit(db) for _ in range(3)]
    for request in (asked, ended):
        accepted(await put(db, request))
    accepted(await vote(db, ended, BOB))
    for viewer, scope in ((BOB, Scope.ALL), (BOB, Scope.APPROVALS), (ALICE, Scope.MINE)):
        for word, expected in (("submitter", asked), ("reviewers", waiting)):
            query = parse(f"waits:{word}", scope, viewer)
            found = await listing.listing(db, query, asker=viewer, policy=POLICY)
            assert [each.id for each in found.page.requests] == [expected.id], (viewer, word)
            assert found.page.total == 1


async def test_two_questions_at_once_are_two(db: Database) -> None:
    request = await submit(db)
    texts = [f"Question {number}?" for number in range(6)]
    askers = (BOB, CAROL, ADA) * 2
    await asyncio.gather(
        *(put(db, request, by, text) for by, text in zip(askers, texts, strict=True))
    )
    left = await now_of(db, request)
    assert [each.number for each in left.questions] == [1, 2, 3, 4, 5, 6]
    assert sorted(each.question for each in left.questions) == texts
    assert (left.questions_asked, left.questions_open) == (6, 6)
    assert await findings(db, request) == ()


async def test_a_form_that_is_sent_twice_asks_once(db: Database) -> None:
    request = await submit(db)
    await asyncio.gather(*(put(db, request) for _ in range(4)))
    assert (await now_of(db, request)).questions_asked == 1
    accepted(await put(db, request, CAROL))
    accepted(await reply(db, request))
    assert accepted(await put(db, request)).questions_asked == 3, "answered, it may be asked again"


async def test_an_answer_twice_at_once_counts_once(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    answers = await asyncio.gather(
        *(reply(db, request, text=f"Answer {number}.") for number in range(4))
    )
    assert sorted(map(denial, answers), key=str) == [None, *[Denial.NOTHING_TO_ANSWER] * 3]
    assert [kind for _, kind, _ in await history(db, request)] == ["submitted", "asked", "answered"]


async def test_a_question_as_it_is_approved_is_closed_or_refused(db: Database) -> None:
    for _ in range(5):
        request = await submit(db)
        asked, approved = await asyncio.gather(put(db, request), vote(db, request, CAROL))
        accepted(approved)
        left = await now_of(db, request)
        assert left.questions_open == 0
        assert all(each.closed_at for each in left.questions)
        assert denial(asked) in {None, Denial.CLOSED}
        assert await findings(db, request) == ()
        assert f"outcome:{request.id}" in await pending_keys(db)


async def test_nobody_is_asked_who_has_left_slack(db: Database) -> None:
    request = await submit(db)
    async with db.transaction() as session:
        await people.remember(session, [Person(ALICE, "Alice", active=False)], now=NOW)
    assert denial(await put(db, request)) is Denial.SUBMITTER_GONE


async def test_nobody_who_has_left_slack_is_reminded_of_a_question(db: Database) -> None:
    accepted(await put(db, await submit(db)))
    owed = []
    for is_there in (False, True):
        async with db.transaction() as session:
            await people.remember(session, [Person(ALICE, "Alice", active=is_there)], now=NOW)
        later = NOW + timedelta(days=4)
        owed.append(await reminders.owe_question_reminders(db, POLICY, now=later))
    assert owed == [0, 1]


async def test_a_change_of_any_column_of_a_question_is_found(
    db: Database, subtests: pytest.Subtests
) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    accepted(await reply(db, request))
    accepted(await put(db, request, CAROL))
    accepted(await drop(db, request, CAROL, 2))
    another: dict[str, Any] = {"number": 3, "asked_at": LATER, "answered_at": NOW, "closed_at": NOW}
    for name in QuestionRow.model_fields.keys() - {"request_id", "channel", "ts", "answer_ts"}:
        for number in (1, 2):
            which = col(QuestionRow.number) == number
            change = update(QuestionRow).where(which).values({name: another.get(name, "mallory")})
            with subtests.test(f"{name} of {number}"):
                found: Any = ()
                with suppress(TakenBackError):
                    async with db.transaction() as session:
                        await (await session.connection()).execute(change)
                        found, _ = await check_portion(session)
                        raise TakenBackError
                assert found[0].findings
    assert await findings(db, request) == ()


async def test_a_question_that_is_gone_and_one_that_nobody_asked_are_named(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    async with db.transaction() as session:
        await session.exec(update(QuestionRow).values(number=2))
    found = await findings(db, request)
    assert "the record lacks question 1 (revision 2)" in found
    assert "the record has a question 2 that its history does not know" in found


async def test_what_was_asked_and_answered_is_erased_with_the_rest(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    accepted(await reply(db, request))
    accepted(await vote(db, request, BOB, Verdict.REJECT, reason="No."))
    policy = POLICY.model_copy(update={"keep_details_days": 30})

    assert await erase.erase_old(db, policy, now=NOW + timedelta(days=31)) == 1

    (left,) = (await now_of(db, request)).questions
    assert (left.question, left.answer) == ("erased on 21 Dec 2026",) * 2
    assert (left.asked_by, left.answered_at) == (BOB, LATER)
    async with db.snapshot() as session:
        assert {"question 1", "answer 1"}.isdisjoint(await session.exec(select(SaltRow.name)))
        assert ASKED not in str([row.data for row in await session.exec(select(EventRow))])
    assert await findings(db, request) == ()


async def test_who_is_forgotten_leaves_no_words_in_questions(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    accepted(await put(db, request, CAROL, "Who tests it?"))
    accepted(await reply(db, request))
    accepted(await vote(db, request, CAROL))

    await erase.forget(db, BOB, now=LATER)
    first, second = (await now_of(db, request)).questions
    assert (first.question, first.answer) == ("erased on 20 Nov 2026", SAID)
    assert second.question == "Who tests it?"
    await erase.forget(db, ALICE, now=LATER)
    assert (await now_of(db, request)).questions[0].answer == "erased on 20 Nov 2026"
    assert await findings(db, request) == ()


async def test_who_may_close_is_told_to_their_reader(db: Database) -> None:
    request = await submit(db)
    accepted(await put(db, request))
    for viewer, expected in ((BOB, True), (ADA, True), (CAROL, False), (ALICE, False)):
        async with db.snapshot() as session:
            seen = await read.seen(session, request.id, viewer=viewer, policy=POLICY, now=NOW)
        assert not isinstance(seen, Refused)
        assert seen.request.questions[0].is_closable is expected
        assert (Act.ANSWER in seen.acts) is (viewer == ALICE)
        assert (Act.ASK in seen.acts) is (viewer != ALICE)
