"""Questions to a submitter: asking, answering, closing one without an answer.

What must stay true: none of it changes what the reviewers were asked, so no card goes stale by it
(the round stays); and the end of a review closes what is open (`requests.decide`). Every copy shows
it, and whom it concerns is told.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlmodel import col, delete, insert, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import hidden, people, questions
from store.audit.events import spoken_name
from store.domain.access import Denial, Denied, Refused, Rules, may, may_close
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.questions import (
    AMENDABLE_FOR,
    AMENDED,
    ANSWERED,
    ASKED,
    CLOSED,
    EDITED_LATE,
    NotTaken,
    Question,
)
from store.domain.request import Request
from store.engine import causes
from store.engine.database import Database
from store.messages import cards
from store.messages.outbox import Kind, Owed
from store.requests import clock, read, revisions
from store.requests.clock import CLOCK
from store.requests.revisions import Change
from store.tables import QuestionRow, SaltRow


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """What somebody wants to know of a request's submitter; `at` is aware UTC.

    `by_key`, here and below, is the API key (`key:3`) that acts for the actor; the history names
    it.
    """

    request_id: int
    actor: str
    text: str
    at: datetime
    by_key: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a submitter says to a question, by its number in the request.

    `reply_ts` is of the reply in the thread of the question's message that says so, if it is one.
    """

    request_id: int
    number: int
    actor: str
    text: str
    at: datetime
    reply_ts: str | None = None
    by_key: str | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """Somebody wants no answer to a question any more."""

    request_id: int
    number: int
    actor: str
    at: datetime
    by_key: str | None = None


async def ask(db: Database, new: NewQuestion, policy: Policy) -> Request | Refused:
    """Put a question on record and owe it to the submitter; the request as it is then.

    The same words again, by the same person while that question is open, are the same question.
    """
    async with db.transaction() as session:
        return causes.noted(await _ask(session, new, policy), new.request_id)


async def answer(db: Database, said: Answer, policy: Policy) -> Request | Refused:
    """Put the answer on record and tell who asked. The same answer again changes nothing."""
    async with db.transaction() as session:
        return causes.noted(await _answer(session, said, policy), said.request_id)


async def amend(
    db: Database, said: Answer, policy: Policy, *, edited_after: timedelta
) -> Request | NotTaken | None:
    """The reply that answered a question was edited, so long after it was sent: in time, while the
    review goes on, that is the answer; else it is only noted that it was edited. None where that
    reply is no answer of theirs, or says what it said.
    """
    async with db.transaction() as session:
        return await _amend(session, said, policy, edited_after)


async def close(db: Database, closing: Closing, policy: Policy) -> Request | Refused:
    """Close a question without an answer; the message that asks the submitter says so. Closed by
    the same person again changes nothing.
    """
    async with db.transaction() as session:
        return causes.noted(await _close(session, closing, policy), closing.request_id)


async def examine(
    db: Database,
    act: Literal[Act.ASK, Act.ANSWER, Act.NOTE],
    request_id: int,
    actor: str,
    policy: Policy,
    *,
    now: datetime,
) -> Request | Refused:
    """Whether this would be allowed now: a courtesy before a form opens, not the rule."""
    async with db.snapshot() as session:
        request, rules = await _with_rules(
            session, await read.find(session, request_id), actor, policy
        )
    found: Request | Refused
    if request is None:
        found = Refused(Denial.UNKNOWN, request_id)
    elif isinstance(allowed := may(actor, act, request, rules, now), Denied):
        found = Refused.of(allowed, request)
    elif act is Act.ASK and request.submitted_by in rules.roster.gone:
        found = Refused(Denial.SUBMITTER_GONE, request.id, request)
    else:
        found = request
    return causes.noted(found, request_id)


def owed(question: Question, request: Request) -> Owed:
    """The message that asks the submitter, as it reads now."""
    is_posted = question.ts is not None
    return Owed.question(request.id, question.number, request.submitted_by, is_posted=is_posted)


def written(question: Question, *names: str) -> dict[str, Any]:
    """These columns of a question, and its number."""
    return {name: getattr(question, name) for name in ("number", *names)}


async def _ask(session: AsyncSession, new: NewQuestion, policy: Policy) -> Request | Refused:
    request, rules = await _locked(session, new.request_id, new.actor, policy)
    if request is None:
        return Refused(Denial.UNKNOWN, new.request_id)
    allowed = may(new.actor, Act.ASK, request, rules, new.at)
    if isinstance(allowed, Denied):
        return Refused.of(allowed, request)
    if request.submitted_by in rules.roster.gone:
        return Refused(Denial.SUBMITTER_GONE, request.id, request)
    theirs = [each for each in request.questions if each.is_open and each.asked_by == new.actor]
    if any(each.question == new.text for each in theirs):
        return request

    asked = Question(request.questions_asked + 1, new.actor, new.at, new.text)
    columns = written(asked, "asked_by", "asked_at", "question")
    await session.exec(insert(QuestionRow).values(request_id=request.id, **columns))
    after = replace(
        request,
        revision=request.revision + 1,
        questions_asked=asked.number,
        questions_open=request.questions_open + 1,
        questions=(*request.questions, asked),
    )
    after = policy.resting.begin(after, new.at)
    change = _change_of(request, after, ASKED, new, columns)
    return await _record(session, change, [owed(asked, after)])


async def _answer(session: AsyncSession, said: Answer, policy: Policy) -> Request | Refused:
    request, rules = await _locked(session, said.request_id, said.actor, policy)
    if request is None:
        return Refused(Denial.UNKNOWN, said.request_id)
    question = request.question(said.number)
    is_own = said.actor == request.submitted_by
    if is_own and question and question.answer == said.text:
        return request
    allowed = may(said.actor, Act.ANSWER, request, rules, said.at)
    if isinstance(allowed, Denied):
        return Refused.of(allowed, request)
    if question is None or not question.is_open:
        return Refused(Denial.NOTHING_TO_ANSWER, request.id, request)

    answered = replace(question, answer=said.text, answered_at=said.at, answer_ts=said.reply_ts)
    after = await _change(session, request, answered, "answer", "answered_at", "answer_ts")
    columns = written(answered, "answer", "answered_at")
    after = _going_on(after, said.at, policy)
    change = _change_of(request, after, ANSWERED, said, columns)
    return await _record(session, change, [owed(answered, after), _answered(answered, after)])


async def _amend(
    session: AsyncSession, said: Answer, policy: Policy, edited_after: timedelta
) -> Request | NotTaken | None:
    request, _ = await _locked(session, said.request_id, said.actor, policy)
    question = request.question(said.number) if request else None
    if request is None or question is None or said.actor != request.submitted_by:
        return None
    if question.answer_ts != said.reply_ts or question.answer == said.text:
        return None
    _, is_hidden = (await hidden.sealed(session, request.id)).get(
        spoken_name("answer", question.number), (0, False)
    )
    if is_hidden:
        return NotTaken.HIDDEN
    after = replace(request, revision=request.revision + 1)
    if edited_after > AMENDABLE_FOR or not request.is_open:
        notes = {"question": question.number}
        late = Change(after, EDITED_LATE, said.actor, said.at, {}, notes=notes)
        await _record(session, late, [])
        return NotTaken.EDITED_LATE

    its_salt = col(SaltRow.name) == spoken_name("answer", question.number)
    await session.exec(delete(SaltRow).where(col(SaltRow.request_id) == request.id, its_salt))
    amended = replace(question, answer=said.text)
    after = _with(after, amended)
    await _update(session, after, amended, "answer")
    columns = written(amended, "answer")
    change = Change(after, AMENDED, said.actor, said.at, {}, questions=[columns])
    return await _record(session, change, [owed(amended, after), _answered(amended, after)])


async def _close(session: AsyncSession, closing: Closing, policy: Policy) -> Request | Refused:
    request, rules = await _locked(session, closing.request_id, closing.actor, policy)
    if request is None:
        return Refused(Denial.UNKNOWN, closing.request_id)
    question = request.question(closing.number)
    if question and question.closed_by == closing.actor:
        return request
    allowed = may_close(closing.actor, question, request, rules, closing.at)
    if isinstance(allowed, Denied):
        return Refused.of(allowed, request)
    assert question is not None, "it may be closed, so it was asked"

    closed = replace(question, closed_by=closing.actor, closed_at=closing.at)
    after = await _change(session, request, closed, "closed_by", "closed_at")
    columns = written(closed, "closed_by", "closed_at")
    after = _going_on(after, closing.at, policy)
    change = _change_of(request, after, CLOSED, closing, columns)
    return await _record(session, change, [owed(closed, after)])


async def _locked(
    session: AsyncSession, request_id: int, actor: str, policy: Policy
) -> tuple[Request | None, Rules]:
    """The same, and nobody else changes the request until the end of the transaction."""
    request = await read.find_locked(session, request_id)
    return await _with_rules(session, request, actor, policy)


async def _with_rules(
    session: AsyncSession, request: Request | None, actor: str, policy: Policy
) -> tuple[Request | None, Rules]:
    """The request with its questions, and the rules for who acts on it."""
    about = [request] if request else []
    only = {actor, *(each.submitted_by for each in about)}
    rules = await people.rules(session, policy, only=only, about=about)
    return next(iter(await questions.with_theirs(session, about)), None), rules


async def _change(
    session: AsyncSession, request: Request, question: Question, *names: str
) -> Request:
    """Write these columns of a question that is open no more; the request after that."""
    await _update(session, request, question, *names)
    after = replace(
        request, revision=request.revision + 1, questions_open=request.questions_open - 1
    )
    return _with(after, question)


async def _update(session: AsyncSession, request: Request, question: Question, *names: str) -> None:
    its = (
        col(QuestionRow.request_id) == request.id,
        col(QuestionRow.number) == question.number,
    )
    values = {name: getattr(question, name) for name in names}
    await session.exec(update(QuestionRow).where(*its).values(**values))


def _with(request: Request, question: Question) -> Request:
    """The request with this question as it is now."""
    others = request.questions
    return replace(
        request, questions=tuple(question if q.number == question.number else q for q in others)
    )


def _answered(question: Question, request: Request) -> Owed:
    """The answer, to who asked."""
    return Owed.post(
        Kind.ANSWER,
        *(question.asked_by, request.id, question.number),
        request_id=request.id,
        data={"number": question.number},
    )


def _going_on(request: Request, at: datetime, policy: Policy) -> Request:
    """The clock goes on where the submitter has the word no more."""
    return request if request.questions_open else policy.resting.end(request, at)


def _change_of(
    before: Request,
    after: Request,
    kind: str,
    did: NewQuestion | Answer | Closing,
    question: dict[str, Any],
) -> Change:
    """What was done to a question, and to the clock where that has begun to rest or goes on."""
    moved = after.rest != before.rest
    columns = revisions.written(after, *CLOCK) if moved else {}
    actor, notes = did.by_key or did.actor, revisions.behalf(did.actor, did.by_key)
    return Change(after, kind, actor, did.at, columns, notes=notes, questions=[question])


async def _record(session: AsyncSession, change: Change, told: list[Owed]) -> Request:
    """The guarded UPDATE, its event, and all that is owed for it."""
    request = change.request
    revisions.advance(session, [request], "questions_asked", "questions_open", *CLOCK)
    if change.columns:
        clock.repeat(session, [request])
    await revisions.record(session, [change])
    await cards.owe(session, [request.id], now=change.at, also=told)
    return request
