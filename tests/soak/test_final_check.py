"""The final check finds what a soak is there to find: each planted fault is named."""

from datetime import timedelta

from sqlmodel import update

from blocks.request_card import receipt
from store.domain.lifecycle import Act
from store.domain.request import Request
from store.engine.database import Database
from store.requests import ask as asking
from store.requests.ask import Answer, NewQuestion
from store.requests.decide import Decision, OnPlatform, decide
from store.tables import CardRow, EventRow, OutboxRow, QuestionRow, RequestRow
from tests.cast import ALICE, BOB, CAROL, MALLORY, NOW, PEOPLE, request
from tests.harness_store import POLICY, accepted, send_all, submit, vote
from tests.soak.answers import Answers, Wait
from tests.soak.expected_cards import as_read
from tests.soak.final_check import Findings, check_store, read
from tests.soak.people import AckedAct


async def decided(db: Database) -> Request:
    """A request of alice's that bob approved, every card of it shown."""
    request = accepted(await vote(db, await submit(db), BOB))
    await send_all(db)
    await change(db, CardRow, shown_revision=request.revision, channel="C1", ts="1.0")
    return request


async def change(db: Database, table: type, **values: object) -> None:
    """What no code of ours would do."""
    async with db.transaction() as session:
        await session.exec(update(table).values(**values))


async def checked(db: Database, *acknowledged: AckedAct) -> Findings:
    """What is found in the store."""
    return check_store(acknowledged, await read(db, POLICY), set())


async def test_an_honest_store_is_clean(db: Database) -> None:
    request = await decided(db)
    kept = [
        AckedAct("approved", BOB, request.id),
        AckedAct("closed", MALLORY, request.id),
        AckedAct("submitted", ALICE, program=request.mini_program_id),
    ]
    assert (await checked(db, *kept)).clean


async def test_an_acknowledged_act_that_left_nothing_is_a_loss(db: Database) -> None:
    request = await decided(db)
    lost = [
        AckedAct("rejected", BOB, request.id),
        AckedAct("submitted", ALICE, program="404"),
    ]
    assert len((await checked(db, *lost)).losses) == 2


async def test_a_click_that_left_nothing_is_no_loss_if_its_person_was_told_so(db: Database) -> None:
    request = await submit(db)
    act = AckedAct("closed", BOB, request.id, at=NOW)
    record = await read(db, POLICY)
    assert len(check_store([act], record, set()).losses) == 1
    assert len(check_store([act], record, set(), {MALLORY: [NOW]}).losses) == 1
    assert check_store([act], record, set(), {BOB: [NOW + timedelta(seconds=5)]}).losses == []


async def test_a_question_or_an_answer_that_is_gone_or_there_twice_is_named(db: Database) -> None:
    request = await submit(db)
    accepted(await asking.ask(db, NewQuestion(request.id, BOB, "Why?", NOW), POLICY))
    accepted(await asking.answer(db, Answer(request.id, 1, ALICE, "So.", NOW), POLICY))
    accepted(await asking.ask(db, NewQuestion(request.id, CAROL, "When?", NOW), POLICY))
    kept = [
        AckedAct("asked", BOB, request.id, text="Why?"),
        AckedAct("answered", ALICE, request.id, text="So."),
        AckedAct("over", ALICE, request.id, number=1),
    ]
    await send_all(db)
    honest = await checked(db, *kept)
    assert (honest.losses, honest.duplicates) == ([], [])

    lost = [
        AckedAct("asked", CAROL, request.id, text="Why?"),
        AckedAct("answered", ALICE, request.id, text="Then."),
        AckedAct("over", ALICE, request.id, number=2),
    ]
    assert len((await checked(db, *lost)).losses) == 3
    await change(db, QuestionRow, asked_by=BOB, question="Why?", asked_at=NOW - timedelta(1))
    await change(db, QuestionRow, answer="So.")
    await change(db, EventRow, kind="asked")
    assert (await checked(db)).duplicates == [
        "MP-1 is asked twice: Why?",
        "MP-1 has the answer So. 2 times",
        "MP-1 has 2 questions and 2 answers, its history 4 and 0",
    ]


async def test_a_card_that_was_never_posted_is_missed_only_while_it_is_needed(
    db: Database,
) -> None:
    await submit(db)
    assert "shows 0" in " ".join((await checked(db)).faults)
    accepted(await vote(db, (await read(db, POLICY)).requests[1], BOB))
    assert "shows 0" not in " ".join((await checked(db)).faults)


async def test_a_decision_by_who_may_not_is_wrong(db: Database) -> None:
    await decided(db)
    await change(db, RequestRow, decided_by=MALLORY)
    await change(db, EventRow, actor=MALLORY)
    words = " ".join((await checked(db)).faults)
    assert "who may not" in words
    assert "the history of MP-1 is broken" in words


async def test_a_decision_of_a_key_is_right_only_where_the_row_says_the_same(
    db: Database,
) -> None:
    first, second = await submit(db, external_id="1"), await submit(db, external_id="2")
    there = OnPlatform("Operator 1", NOW)
    await decide(db, Decision(first.id, Act.REJECT, "key:1", NOW, on_platform=there), POLICY)
    await decide(db, Decision(second.id, Act.WITHDRAW, ALICE, NOW, by_key="key:1"), POLICY)
    await send_all(db)
    await change(db, CardRow, shown_revision=2, channel="C1", ts="1.0")
    assert (await checked(db)).clean
    await change(db, RequestRow, decided_by=BOB, platform_decider=None)
    words = " ".join((await checked(db)).faults)
    assert "MP-1 was rejected by key:1, who may not" in words
    assert "MP-2 is withdrawn, its history says withdrawn" in words


async def test_a_decision_in_the_row_alone_is_wrong(db: Database) -> None:
    await submit(db)
    await change(db, RequestRow, status="approved", decided_by=BOB)
    assert "MP-1 has 0 decisions and is approved" in (await checked(db)).faults


def test_a_mention_says_the_same_as_the_name_and_another_name_does_not() -> None:
    named, mentioned = (receipt(request(), known).payload() for known in (PEOPLE, {}))
    other = receipt(request(), PEOPLE | {ALICE: PEOPLE[BOB]}).payload()
    assert as_read(mentioned, PEOPLE) == as_read(named, PEOPLE) != as_read(other, PEOPLE)
    assert "Alice" in as_read(mentioned, PEOPLE)


async def test_a_lease_that_is_stuck_and_a_card_behind_are_wrong(db: Database) -> None:
    await decided(db)
    await change(db, OutboxRow, state="sending")
    await change(db, CardRow, shown_revision=1)
    words = " ".join((await checked(db)).faults)
    assert "is sending after 1 attempts" in words
    assert "card of MP-1 shows 1" in words


async def test_what_a_job_owes_after_the_last_look_is_not_waited_for(db: Database) -> None:
    await decided(db)
    drained_at = NOW + timedelta(hours=1)
    for owed_at, is_wrong in [(NOW, True), (drained_at, False)]:
        await change(db, OutboxRow, state="pending", owed_at=owed_at)
        record = await read(db, POLICY, drained_at=drained_at)
        said = " ".join(check_store([], record, set()).faults)
        assert ("is pending" in said) is is_wrong


def test_who_was_not_answered_in_time_is_named_unless_a_bot_was_away() -> None:
    answers = Answers(
        waits=[
            Wait("in time", 0.0, 2.9, answered=True),
            Wait("too late", 10.0, 13.1, answered=True),
            Wait("never", 20.0, 30.0, answered=False),
            Wait("killed", 49.0, 59.0, answered=False),
            Wait("on a busy machine", 70.0, 73.5, answered=True),
            Wait("never, on a busy machine", 80.0, 90.0, answered=False),
        ],
        absences=[(50.0, 55.0)],
        lags=[(71.0, 0.2), (72.0, 0.1), (85.0, 9.0)],
    )
    assert list(answers.late()) == [
        "too late was answered after 3.1 s",
        "never was not answered in 10.0 s",
        "never, on a busy machine was not answered in 10.0 s",
    ]
