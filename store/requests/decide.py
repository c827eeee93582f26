"""How reviews end: approvals, rejections and withdrawals, those of one moment in one transaction.

What must stay true: the rule is asked about the request as it is, with its row held, and the UPDATE
names the revision it was asked about. Of two who end the same review the second is asked about what
the first has left, be it in this transaction or in another's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import Denial, Denied, Refused, Rules, may
from store.domain.lifecycle import Act, after
from store.domain.policy import Policy
from store.domain.request import RejectionClass, Request, Verdict, Vote
from store.engine.database import Database, execute
from store.messages import cards
from store.messages.outbox import Kind, Owed
from store.requests import read, revisions, same_target
from store.requests.revisions import Change
from store.snapshots import FACTS, snapshots
from store.tables import AssignmentRow, RequestRow, VoteRow

_IDS: Any = bindparam("ids", expanding=True)
# In one order: two transactions that hold the same ones must not lock crosswise.
_HELD = select(*FACTS).where(col(RequestRow.id).in_(_IDS)).order_by(col(RequestRow.id))
_HELD = _HELD.with_for_update()
_SETTLED = (
    update(AssignmentRow)
    .where(col(AssignmentRow.request_id) == bindparam("its_id"))
    .values(waits=False, status=bindparam("status"), completed_on=bindparam("completed_on"))
)
_NEW_VOTE = insert(VoteRow)
_OF_VOTE = [field.name for field in fields(Vote)]
_WRITTEN = ("status", "completed_on", "decided_by", "rejection_class", "decision_reason")


@dataclass(frozen=True, slots=True)
class Ending:
    """How somebody means to end a review, and in whose words.

    `revision` is what they saw of the request; None (a typed command) is any.
    """

    request_id: int
    act: Act
    actor: str
    at: datetime
    revision: int | None = None
    rejection_class: RejectionClass | None = None
    reason: str | None = None


async def end(
    session: AsyncSession, endings: Sequence[Ending], policy: Policy
) -> list[Request | Refused]:
    """End these reviews as far as they may, in this order, with all that is owed for it."""
    there = await _held(session, {ending.request_id for ending in endings})
    rules = await people.rules(session, policy, only={ending.actor for ending in endings})
    answers: list[Request | Refused] = []
    for ending in endings:
        answer = admit(there.get(ending.request_id), ending, rules)
        if not isinstance(answer, Refused):
            answer = there[answer.id] = _ended(answer, ending)
        answers.append(answer)
    pairs = list(zip(endings, answers, strict=True))
    await _write(session, [(how, what) for how, what in pairs if not isinstance(what, Refused)])
    return [await told(session, what, how) for how, what in pairs]


def admit(request: Request | None, ending: Ending, rules: Rules) -> Request | Refused:
    """The request, when this act is allowed on what the person looked at; else why not."""
    if request is None:
        return Refused(Denial.UNKNOWN, ending.request_id)
    answer = may(ending.actor, ending.act, request, rules, ending.at)
    if isinstance(answer, Denied):
        return Refused(answer.reason, request.id, request)
    if ending.revision not in {None, request.revision}:
        return Refused(Denial.STALE, request.id, request)
    return request


async def told(
    session: AsyncSession, answer: Request | Refused, ending: Ending
) -> Request | Refused:
    """What the person may hear; who acted on an old card gets it redrawn.

    Who clicked on a card in the review channel has seen it; the others learn nothing of it.
    """
    if not isinstance(answer, Refused) or answer.request is None:
        return answer
    if answer.denial in {Denial.CLOSED, Denial.STALE}:
        await cards.refresh(session, answer.request, reader=ending.actor, now=ending.at)
    if answer.denial is not Denial.UNKNOWN:
        return answer
    if ending.revision is not None and await cards.in_channel(session, answer.request.id):
        return replace(answer, denial=Denial.NOT_A_REVIEWER)
    return replace(answer, request=None)


async def _held(session: AsyncSession, ids: Iterable[int]) -> dict[int, Request]:
    """These requests, nobody else's to change until the end of the transaction."""
    real = sorted(id_ for id_ in ids if 0 < id_ < 2**63)
    held = (await execute(session, _HELD, {"ids": real})).all()
    return {request.id: request for request in await snapshots(session, held)}


async def _write(session: AsyncSession, ended: Sequence[tuple[Ending, Request]]) -> None:
    if not ended:
        return
    requests = [request for _, request in ended]
    ids = [request.id for request in requests]
    await revisions.advance(session, requests, *_WRITTEN)
    await execute(session, _SETTLED, [_settled(request) for request in requests])
    if votes := [_vote(request) for ending, request in ended if ending.act.verdict]:
        await execute(session, _NEW_VOTE, votes)
    await revisions.record(session, [_change(*pair) for pair in ended])
    beside = await same_target.waiting_beside(session, requests)
    words = [owed for pair in ended for owed in _words(*pair)]
    now = max(ending.at for ending, _ in ended)
    await cards.owe(session, [*ids, *beside], now=now, also=words)


def _ended(request: Request, ending: Ending) -> Request:
    """The request as it is once this ending is written."""
    status, verdict = after(request.status, ending.act), ending.act.verdict
    assert status is not None, "admitted, so the table has the transition"
    said = (ending.rejection_class, ending.reason)
    vote = [Vote(ending.actor, request.stage, verdict, ending.at, *said)] if verdict else []
    return replace(
        request,
        revision=request.revision + 1,
        status=status,
        completed_on=ending.at,
        decided_by=ending.actor,
        rejection_class=ending.rejection_class,
        decision_reason=ending.reason,
        votes=(*request.votes, *vote),
    )


def _settled(request: Request) -> dict[str, Any]:
    """What its assignments repeat of it."""
    repeated = {"status": request.status.value, "completed_on": request.completed_on}
    return repeated | {"its_id": request.id}


def _vote(request: Request) -> dict[str, Any]:
    """The last one as a row."""
    vote = request.votes[-1]
    return revisions.plain(
        {name: getattr(vote, name) for name in _OF_VOTE} | {"request_id": request.id}
    )


def _change(ending: Ending, request: Request) -> Change:
    data = {"rejection_class": ending.rejection_class, "reason": ending.reason}
    return Change(request, request.status.value, ending.actor, ending.at, data)


def _words(ending: Ending, request: Request) -> list[Owed]:
    """The outcome for who submitted it; of what was withdrawn, word for its reviewers."""
    if ending.act is Act.WITHDRAW:
        return [_word(Kind.WITHDRAWN, request, reviewer) for reviewer in request.reviewers]
    return [_word(Kind.OUTCOME, request, request.submitted_by)]


def _word(kind: Kind, request: Request, to: str) -> Owed:
    key = f"{kind}:{request.id}" if kind is Kind.OUTCOME else f"{kind}:{request.id}:{to}"
    return Owed(key=key, kind=kind, recipient=to, lane=f"post:{to}", request_id=request.id)


async def vote(
    db: Database,
    request_id: int,
    *,
    reviewer: str,
    verdict: Verdict,
    policy: Policy,
    now: datetime,
    revision: int | None = None,
    rejection_class: RejectionClass | None = None,
    reason: str | None = None,
) -> Request | Refused:
    """Approve or reject. `revision` is what the reviewer saw; None (a typed command) is any."""
    ending = Ending(request_id, Act.of(verdict), reviewer, now, revision, rejection_class, reason)
    return await db.write_batches.run(end, ending, policy)


async def withdraw(
    db: Database,
    request_id: int,
    *,
    submitter: str,
    policy: Policy,
    now: datetime,
    revision: int | None = None,
) -> Request | Refused:
    """Take a request back while it is Under Review, and owe word of it to its reviewers."""
    ending = Ending(request_id, Act.WITHDRAW, submitter, now, revision)
    return await db.write_batches.run(end, ending, policy)


async def examine(
    db: Database,
    request_id: int,
    *,
    actor: str,
    act: Act,
    policy: Policy,
    now: datetime,
    revision: int | None = None,
) -> Request | Refused:
    """Whether this act would be allowed now: a courtesy before a form is opened, not the rule.

    Who asks from an old card gets it redrawn, as if they had acted.
    """
    ending = Ending(request_id, act, actor, now, revision)
    async with db.snapshot() as session:
        request = await read.find(session, request_id)
        rules = await people.rules(session, policy, only={actor})
    answer = admit(request, ending, rules)
    if not isinstance(answer, Refused):
        return answer
    async with db.transaction() as session:
        return await told(session, answer, ending)
