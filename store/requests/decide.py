"""How reviews end: approvals, rejections and withdrawals, those of one moment in one transaction.

What must stay true: the rule is asked about the request as it is, with its row locked, and the
UPDATE names the revision it was asked about. Of two who end the same review the second is judged
by what the first has left, be it in this transaction or in another's.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, Literal

from sqlalchemy import ColumnElement, Insert
from sqlalchemy.orm import aliased
from sqlmodel import bindparam, col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people, questions, watching
from store.audit.events import sealed_value
from store.domain import emergency
from store.domain.access import (
    Allowed,
    Denial,
    Denied,
    Refused,
    Rules,
    barred,
    may,
    may_record,
    reviewers_after,
    votes_left,
    voting_for,
)
from store.domain.approval_notes import Asking
from store.domain.lifecycle import Act, after
from store.domain.policy import Policy, deadline
from store.domain.questions import Question
from store.domain.request import RejectionClass, Request, Status, Verdict, Vote
from store.domain.terms import ALL
from store.engine import causes
from store.engine.batching import HELD, Held
from store.engine.columns import in_list, storable
from store.engine.database import AnySelect, Database, DialectInsert, ask, dialect_insert
from store.messages import cards, slots, stand_ins
from store.messages.cards import Clicked
from store.messages.outbox import Kind, Owed
from store.questions import Questions
from store.requests import ask as asking
from store.requests import clock, read, revisions
from store.requests.clock import CLOCK
from store.requests.revisions import TESTING, Change, Known
from store.snapshots import FACTS, found
from store.tables import AssignmentRow, RequestRow, VoteRow
from store.watching import Watchers

# Hot: with every decision.
_FOUND: AnySelect = (
    select(*FACTS)
    .where(in_list(col(RequestRow.id), "ids"))
    .order_by(col(RequestRow.id))  # in one order, against deadlocks
)
_LOCK = _FOUND.with_for_update()
_LOCK_FREE = _FOUND.with_for_update(skip_locked=True)
_ITS = col(AssignmentRow.request_id) == bindparam("its_id")
_STAGE: ColumnElement[int] = bindparam("its_stage")
_AT_STAGE = col(AssignmentRow.stage) == _STAGE
_NO_TURN = {"waits": False, "turn": False}
_END_ASSIGNMENTS = (
    update(AssignmentRow)
    .where(_ITS)
    .values(status=bindparam("status"), completed_on=bindparam("completed_on"), **_NO_TURN)
)
_VOTED = (
    update(AssignmentRow)
    .where(_ITS, _AT_STAGE, col(AssignmentRow.reviewer) == bindparam("its_reviewer"))
    .values(**_NO_TURN)
)
_BEFORE_STAGE = col(AssignmentRow.stage) < _STAGE
_PASS_STAGE = update(AssignmentRow).where(_ITS, _BEFORE_STAGE).values(**_NO_TURN)
_OPEN_STAGE = (
    update(AssignmentRow)
    .where(_ITS, _AT_STAGE)
    .values(waits=True, turn=True, opened=True, shown=True, remind_at=bindparam("at"))
)
_BARRED = (
    update(AssignmentRow)
    .where(_ITS, _AT_STAGE, col(AssignmentRow.reviewer) == bindparam("its_reviewer"))
    .values(waits=False)
)
_LATER = aliased(AssignmentRow)
_SHOW_LATER_ALONE = (
    update(AssignmentRow)
    .where(
        _ITS,
        _BEFORE_STAGE,
        col(AssignmentRow.reviewer).in_(
            select(_LATER.reviewer).where(
                col(_LATER.request_id) == bindparam("its_id"), col(_LATER.stage) == _STAGE
            )
        ),
    )
    .values(shown=False)
)
_ENDING = (
    *("status", "completed_on", "decided_by", "decided_for", "platform_decider"),
    *("rejection_class", "decision_reason", "round", "questions_open"),
)
_PASSING = ("stage", "stage_key", "round", "remind_at")
_OUTDATED = {
    *(Denial.CLOSED, Denial.STALE, Denial.STAGE_PASSED),
    *(Denial.VOTED, Denial.VOTED_BEFORE, Denial.SEAT_TAKEN),
}
"""What somebody hears whose card may not show how the request stands."""
VOTED, STAGE_PASSED = "voted", "stage_passed"
"""What a vote does that ends nothing: it counts, or it was the last one that its stage needed."""


@dataclass(frozen=True, slots=True)
class OnPlatform:
    """A decision made on the platform's own page: whose, by the platform's name, and when."""

    decider: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """How somebody wants to end a review, when (aware UTC), and in what words.

    `round` is what they saw of the request; None (a typed command) is any. `clicked` is the
    message they clicked in, if it was one. `by_key` is the API key (`key:3`) that acts for the
    actor; the rule is asked about the actor, the history names the key. `note` is what is told to
    the submitter with an approval. With `on_platform` the
    decision has been made there, and the actor is the key itself. `incident` is the link of the
    emergency in which it is approved alone.
    """

    request_id: int
    act: Literal[Act.APPROVE, Act.REJECT, Act.WITHDRAW, Act.EMERGENCY]
    actor: str
    at: datetime
    round: int | None = None
    rejection_class: RejectionClass | None = None
    reason: str | None = None
    note: str | None = None
    clicked: Clicked | None = None
    incident: str | None = None
    by_key: str | None = None
    on_platform: OnPlatform | None = None
    cause: str | None = field(default_factory=causes.current_id, compare=False)
    """The id of the click that it comes from; see `store.engine.causes`."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A decision that was allowed, the request it leaves, what kind of event that is, and which
    columns it changes.

    `closes_questions`: some were open at the end.
    """

    decision: Decision
    request: Request
    kind: str
    columns: tuple[str, ...]
    closes_questions: bool = False


async def decide(db: Database, decision: Decision, policy: Policy) -> Request | Refused:
    """End a review with all that is owed for it; the request as it is then, or why not.

    The policy is handed over and its rules are made inside: who holds which role is read in the
    transaction of the act.
    """
    answer: Request | Refused = await db.write_batches.run(decide_batch, decision, policy)
    return causes.noted(answer, decision.request_id)


async def decide_batch(
    session: AsyncSession, decisions: Sequence[Decision], policy: Policy
) -> list[Request | Refused | Held]:
    """Make these decisions as far as they are allowed; one answer for each.

    1. Lock the requests, in the order of their ids, and read them as they are now, with all that is
       needed to judge and to write: in one round trip. Of several, none waits for what somebody
       else holds: it is HELD, to be tried alone.
    2. Judge the decisions in the order they came, by today's policy and roles. Each is judged by
       what those before it have left of the request.
    3. Write what is allowed: requests, guarded by their revisions; assignments; votes; events, each
       with the hash of the policy it was judged by.
    4. Owe all messages at once: they are sorted, so that no two transactions lock the rows of the
       outbox in different orders and deadlock.
    5. Answer, without what a refused person may not see.
    """
    ids = sorted(storable({each.request_id for each in decisions}))
    alone = len(decisions) == 1
    actors, now = {each.actor for each in decisions}, max(each.at for each in decisions)
    locked = found(session, _LOCK if alone else _LOCK_FREE, ids)
    absent = people.absences(session)
    known = revisions.known(session, ids)
    shown = cards.shown(session, ids, now=now, also=actors)
    watched = watching.of(session, ids)
    requests = {each.id: each for each in await locked}
    watchers = await watched

    asked = actors.union(*map(_seats_asked, requests.values()), *watchers.values())
    about = requests.values()
    rules = await people.rules(session, policy, only=asked, about=about, absent=absent)
    answers: list[Request | Refused | Held] = []
    made: list[_Made] = []
    refused: list[tuple[Decision, Refused]] = []
    for decision in decisions:
        request = requests.get(decision.request_id)
        if request is None and not alone:  # held, or not there: alone it will show
            answers.append(HELD)
            continue
        answer = _with_note(_judge(decision, request, rules), decision, policy)
        if isinstance(answer, Refused):
            refused.append((decision, answer))
        else:
            one = _apply(decision, answer, rules, policy)
            answer = requests[answer.id] = one.request
            made.append(one)
        answers.append(answer)

    judged = [each for each, _ in refused] + [each.decision for each in made]  # the last counts
    causes.name(session, ((each.request_id, each.cause) for each in judged))
    ended_at = {each.request.id: each.decision.at for each in made if each.closes_questions}
    closed = await questions.close_open(session, ended_at)
    for number, once_each in enumerate(_waves(made)):
        await _write(session, once_each, rules, policy, closed, None if number else await known)
    if rules.roster.absences:
        now_open = {each.request.id: each.request for each in made}
        await stand_ins.refresh(session, list(now_open.values()), rules, now=decisions[-1].at)

    messages = [message for each in made for message in _notices(each, closed)]
    emergencies = [each.request for each in made if each.request.is_emergency]
    told = await _tell_of_emergencies(session, emergencies, policy)
    messages = _with_watchers(session, messages, made, watchers, told, rules)
    for decision, refusal in refused:
        messages += await _redraws(session, decision, refusal, now)
        await _tell_of_contradiction(session, decision, refusal, policy)
    if made or messages:
        changed = sorted({each.request.id for each in made})
        clicked = [(each.request_id, each.clicked) for each in decisions if each.clicked]
        passed = any(each.kind == STAGE_PASSED for each in made)
        more_see_it = passed or bool(rules.roster.absences) or bool(emergencies)
        await cards.owe(
            *(session, changed),
            now=now,
            also=messages,
            clicked=clicked,
            where=None if more_see_it else await shown,
            deciders={each.request.decided_by or "" for each in made},
            burst=policy.burst if more_see_it else 0,  # else no copy is new
        )

    return [
        await _visible(session, decision, answer) if isinstance(answer, Refused) else answer
        for decision, answer in zip(decisions, answers, strict=True)
    ]


def _waves(made: Sequence[_Made]) -> list[list[_Made]]:
    """In their order, in groups that each have a request once: its second vote finds the first."""
    waves: list[list[_Made]] = []
    seen: Counter[int] = Counter()
    for each in made:
        place = seen[each.request.id]
        seen[each.request.id] += 1
        if place == len(waves):
            waves.append([])
        waves[place].append(each)
    return waves


async def _write(
    session: AsyncSession,
    made: Sequence[_Made],
    rules: Rules,
    policy: Policy,
    closed: Questions,
    known: Known | None,
) -> None:
    """What these decisions, of different requests, change: requests, assignments, votes, events."""
    passed = [each.request for each in made if each.kind == STAGE_PASSED]
    ended = [each.request for each in made if not each.request.is_open]
    voted = [each for each in made if each.kind == VOTED]
    for names in dict.fromkeys(each.columns for each in made):
        revisions.advance(session, [m.request for m in made if m.columns == names], *names)
    if ended:
        rows = [
            {"its_id": each.id, "status": each.status.value, "completed_on": each.completed_on}
            for each in ended
        ]
        ask(session, _END_ASSIGNMENTS, rows)
    if voted:
        rows = [
            {"its_id": each.request.id, "its_stage": each.request.stage, "its_reviewer": user}
            for each in voted
            for user in {each.decision.actor, each.request.votes[-1].cast_for} - {None}
        ]
        ask(session, _VOTED, rows)
    if passed:
        here = [{"its_id": each.id, "its_stage": each.stage} for each in passed]
        ask(session, _PASS_STAGE, here)
        ask(session, _SHOW_LATER_ALONE, here)
        opened = [row | {"at": each.remind_at} for row, each in zip(here, passed, strict=True)]
        ask(session, _OPEN_STAGE, opened)
        not_theirs = [
            {"its_id": each.id, "its_stage": each.stage, "its_reviewer": user}
            for each in passed
            for user in sorted(barred(each, rules))
        ]
        if not_theirs:
            ask(session, _BARRED, not_theirs)
        cards.add_reviewers(session, passed)
    clock.repeat(session, [each.request for each in made if "rest" in each.columns])
    changes = [
        Change(
            each.request,
            each.kind,
            each.decision.by_key or each.decision.actor,
            each.decision.at,
            revisions.written(each.request, *each.columns),
            each.request.votes[-1] if _is_vote(each.decision) else None,
            {"policy": policy.sha256} | _origin(each.decision) | _stood_in(each, rules),
            questions=[asking.written(q, "closed_at") for q in _closed_by(each, closed)],
        )
        for each in made
    ]
    votes = [revisions.vote_row(each.request, each.vote) for each in changes if each.vote]
    if votes:
        ask(session, _casting(dialect_insert(session)), votes)
    await revisions.record(session, changes, known)


@cache
def _casting(insert: DialectInsert) -> Insert:
    """A vote; who approved and rejects while the stage is still open has changed their mind."""
    new = insert(VoteRow)
    said = ("verdict", "rejection_class", "reason", "at", "cast_for", "note")
    return new.on_conflict_do_update(
        index_elements=["request_id", "stage", "reviewer"],
        set_={name: new.excluded[name] for name in said},
    )


def _seats_asked(request: Request) -> tuple[str, ...]:
    """Whose rights have to be known to count its votes: of "all", everybody's at the stage. A vote
    of the same batch may open a later one, so of each stage.
    """
    stages = enumerate(request.terms.stages, start=1)
    of_all = [request.assigned_at(number) for number, stage in stages if stage.needed == ALL]
    return tuple(chain.from_iterable(of_all))


def _is_vote(decision: Decision) -> bool:
    return decision.act.verdict is not None and not decision.on_platform


async def examine(db: Database, decision: Decision, policy: Policy) -> Request | Refused:
    """Whether this decision would be allowed now: a courtesy before a form opens, not the rule.

    Whoever asks from an outdated card gets it redrawn, as if they had acted.
    """
    async with db.snapshot() as session:
        request = await read.find(session, decision.request_id)
        asked = [request] if request else []
        rules = await people.rules(session, policy, only={decision.actor}, about=asked)
    answer = causes.noted(_judge(decision, request, rules), decision.request_id)
    if not isinstance(answer, Refused):
        return answer
    async with db.transaction() as session:
        now, clicked = decision.at, decision.clicked
        if redraws := await _redraws(session, decision, answer, now):
            about = [(decision.request_id, clicked)] if clicked else []
            await cards.owe(session, (), now=now, also=redraws, clicked=about)
        return await _visible(session, decision, answer)


def _judge(decision: Decision, request: Request | None, rules: Rules) -> Request | Refused:
    """The request, when this decision is allowed on what the person saw of it; else why not."""
    if request is None:
        return Refused(Denial.UNKNOWN, decision.request_id)
    if decision.on_platform:
        answer = may_record(decision.act, request)
    else:
        answer = may(decision.actor, decision.act, request, rules, decision.at)
    if isinstance(answer, Denied):
        return Refused(answer.reason, request.id, request)
    if decision.round not in {None, request.round}:
        return Refused(Denial.STALE, request.id, request)
    alone = decision.act is Act.EMERGENCY
    if alone and not emergency.is_said(decision.reason, decision.incident):
        return Refused(Denial.NOT_SAID_WHY, request.id, request)
    return request


def _with_note(answer: Request | Refused, decision: Decision, policy: Policy) -> Request | Refused:
    """The same, and no vote for it without the note that the policy wants with it.

    `examine` does not ask: the form in which it is written has to open first.
    """
    if isinstance(answer, Refused) or decision.act is not Act.APPROVE or decision.on_platform:
        return answer
    if decision.note or policy.approve_note_for(answer) is not Asking.REQUIRED:
        return answer
    return Refused(Denial.NOTE_WANTED, answer.id, answer)


def _apply(decision: Decision, request: Request, rules: Rules, policy: Policy) -> _Made:
    """What this decision makes of the request: an end, the next stage, or one vote more."""
    there = decision.on_platform
    words = (decision.rejection_class, decision.reason)
    moved = CLOCK if request.rest else ()
    votes = request.votes
    if _is_vote(decision):
        verdict = Verdict(decision.act)
        absent = voting_for(decision.actor, request, rules, decision.at, decision.act)
        note = decision.note or request.note_of(decision.actor, request.stage)
        cast = Vote(decision.actor, request.stage, verdict, decision.at, *words, absent, note)
        others = (v for v in request.votes if (v.reviewer, v.stage) != (cast.reviewer, cast.stage))
        votes = (*others, cast)
    after_it = replace(request, revision=request.revision + 1, votes=votes)
    if decision.act is Act.APPROVE and not there:
        if votes_left(after_it, rules, decision.at):
            return _made(decision, after_it, VOTED)
        if request.stage < len(request.terms.stages):
            opened = replace(
                after_it,
                stage=request.stage + 1,
                round=request.round + 1,
                reviewers=request.assigned_at(request.stage + 1),
                remind_at=deadline(decision.at, policy.remind_after_hours, policy),
            )
            if request.rest:  # it rests on at the next stage, which has moments of its own
                rested = policy.resting.end(after_it, decision.at)
                opened = replace(opened, rest=None, rested=rested.rested, due_at=rested.due_at)
                opened = policy.resting.begin(opened, decision.at)
            return _made(decision, opened, STAGE_PASSED, *_PASSING, *moved)
    status = after(request.status, decision.act)
    assert status is not None, "it was judged, so the table has the transition"
    ended = replace(
        after_it,
        round=request.round + 1,
        status=status,
        completed_on=there.at if there else decision.at,
        decided_by=None if there else decision.actor,
        decided_for=after_it.votes[-1].cast_for if _is_vote(decision) else None,
        platform_decider=there.decider if there else None,
        rejection_class=decision.rejection_class,
        decision_reason=decision.reason,
        questions_open=0,
        incident=decision.incident,
    )
    ended = policy.resting.end(ended, decision.at)
    columns = (*_ENDING, "incident") if ended.is_emergency else _ENDING
    made = _made(decision, ended, status.value, *columns, *moved)
    return replace(made, closes_questions=request.questions_open > 0)


def _made(decision: Decision, request: Request, kind: str, *columns: str) -> _Made:
    """The same; who was testing it is until they vote, and no longer than the stage is open."""
    if request.tester and (kind != VOTED or request.tester == decision.actor):
        return _Made(decision, revisions.let_go(request), kind, (*columns, *TESTING))
    return _Made(decision, request, kind, columns)


def _closed_by(made: _Made, closed: Questions) -> Sequence[Question]:
    """The questions that this decision closed: it was the end."""
    return closed.get(made.request.id, ()) if made.closes_questions else ()


def _notices(made: _Made, closed: Questions) -> list[Owed]:
    """The outcome for its submitter; of what was withdrawn, a word to each who was asked. What the
    submitter was asked, and need not answer any more, says so.
    """
    request = made.request
    if request.is_open:
        return []
    id_ = request.id
    moot = [asking.owed(each, request) for each in _closed_by(made, closed)]
    if made.decision.act is Act.WITHDRAW:
        told = [
            Owed.post(Kind.WITHDRAWN, user, id_, user, request_id=id_) for user in request.asked
        ]
    else:
        told = [Owed.post(Kind.OUTCOME, request.submitted_by, id_, request_id=id_)]
    return [*told, *moot]


async def _tell_of_emergencies(
    session: AsyncSession, emergencies: Sequence[Request], policy: Policy
) -> dict[int, set[str]]:
    """Give a copy that tells of it to whom it was given and to who reviews it afterwards; who they
    are, by the request.
    """
    readers: dict[int, set[str]] = {}
    if not emergencies:
        return readers
    roster = await people.roster(session, policy)
    for request in emergencies:
        told = {*request.passed_over, *reviewers_after(request.decided_by, roster)}
        readers[request.id] = told - {request.decided_by or ""}
        cards.add_told(session, request, sorted(readers[request.id]))
    return readers


def _with_watchers(
    session: AsyncSession,
    messages: Sequence[Owed],
    made: Sequence[_Made],
    watchers: Watchers,
    told: Mapping[int, AbstractSet[str]],
    rules: Rules,
) -> list[Owed]:
    """These messages, and the outcome to who watches what has ended and may still see it: a message
    each, and none to who did it or was `told` otherwise. Nobody watches it any more.
    """
    ended = [each for each in made if each.request.id in watchers and not each.request.is_open]
    watching.end_all(session, [each.request.id for each in ended])
    outcomes = [
        Owed.post(Kind.WATCHED, user, each.request.id, user, request_id=each.request.id)
        for each in ended
        for user in watchers[each.request.id]
        if user not in {each.decision.actor, *told.get(each.request.id, ())}
        and may(user, Act.SEE, each.request, rules, each.decision.at) == Allowed()
    ]
    theirs = {(each.recipient, each.request_id) for each in outcomes}
    # A word of withdrawal comes in the thread of a card, which not everybody has.
    left = (
        each
        for each in messages
        if each.kind is not Kind.WITHDRAWN or (each.recipient, each.request_id) not in theirs
    )
    return [*left, *outcomes]


def _origin(decision: Decision) -> dict[str, str]:
    """What an event adds where a key acted: for whom, or that it was decided on the platform."""
    if decision.on_platform:
        return {"origin": "platform"}
    alone = {"origin": "emergency"} if decision.act is Act.EMERGENCY else {}
    return alone | revisions.behalf(decision.actor, decision.by_key)


def _stood_in(made: _Made, rules: Rules) -> dict[str, Any]:
    """Of a vote in somebody's place, by whose word that was: it is evidence of the right to it."""
    absent = made.request.votes[-1].cast_for if _is_vote(made.decision) else None
    if absent is None:
        return {}
    absence = rules.roster.absences[absent]
    last_day = absence.last_day.isoformat() if absence.last_day else None
    return {
        "absence": {
            "since": sealed_value(absence.since),
            "last_day": last_day,
            "delegate": absence.delegate,
            "set_by": absence.set_by,
        }
    }


async def _tell_of_contradiction(
    session: AsyncSession, decision: Decision, refused: Refused, policy: Policy
) -> None:
    """Tell the admins, once, where the platform has decided otherwise than the record has it: it
    may say so again. No order is needed: these rows are of this request alone, which is locked.
    """
    request, there = refused.request, decision.on_platform
    if not there or not request or request.status is after(Status.UNDER_REVIEW, decision.act):
        return
    data = {"act": decision.act.value, "decider": there.decider}
    admins = (await people.roster(session, policy)).admins
    notices = [
        Owed.post(
            Kind.CONTRADICTION,
            admin,
            *(request.id, decision.act, admin),
            request_id=request.id,
            data=data,
        )
        for admin in sorted(admins)
    ]
    await slots.owe_once(session, notices, now=decision.at)


async def _redraws(
    session: AsyncSession, decision: Decision, refused: Refused, now: datetime
) -> list[Owed]:
    """The cards to bring up to date, where somebody acted on what is no longer so."""
    request, denial = refused.request, refused.denial
    if request is None:
        return []
    was_asked = denial is Denial.NOT_A_REVIEWER and decision.actor in request.asked
    if denial not in _OUTDATED and not was_asked:
        return []
    return await cards.outdated(
        session, request, reader=decision.actor, clicked=decision.clicked, now=now
    )


async def _visible(session: AsyncSession, decision: Decision, refused: Refused) -> Refused:
    """The refusal without a request that this person may not see.

    Whoever clicked on its card in the review channel has seen it, and hears who decides instead.
    """
    if refused.request is None or refused.denial is not Denial.UNKNOWN:
        return refused
    if decision.round is not None and await cards.in_channel(session, refused.request.id):
        return replace(refused, denial=Denial.NOT_A_REVIEWER)
    return replace(refused, request=None)
