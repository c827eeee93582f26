"""The write path: submit, vote, withdraw, move on. One transaction each, with what it owes.

The rule is asked inside the transaction; then one UPDATE names the revision it was asked about. Row
count 0 means somebody was faster: the rule is asked again, about what they left.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store import cards, outbox, people, precedents, queries, revisions
from store.cards import card, shown
from store.database import Database
from store.domain.access import Denial, Denied, Refused, may
from store.domain.lifecycle import Act, after
from store.domain.policy import Policy
from store.domain.request import RejectionClass, Request, Verdict, Vote
from store.outbox import Kind, Owed
from store.releases import move_stage
from store.submitting import Submitted, submit
from store.tables import AssignmentRow, VoteRow

__all__ = [
    "Submitted",
    "card",
    "examine",
    "move_stage",
    "shown",
    "submit",
    "vote",
    "withdraw",
]


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a review ends, and in whose words."""

    act: Act
    actor: str
    at: datetime
    rejection_class: RejectionClass | None = None
    reason: str | None = None


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
    ending = _Ending(Act.of(verdict), reviewer, now, rejection_class, reason)
    async with db.transaction() as session:
        ended = await _end(session, request_id, ending, policy, revision)
        if isinstance(ended, Refused):
            return ended
        cast = Vote(reviewer, ended.stage, verdict, now, rejection_class, reason)
        values = {"request_id": request_id, **asdict(cast), "verdict": verdict.value}
        session.add(VoteRow(**values))
        await outbox.owe(session, [_outcome(ended)], now=now)
        return replace(ended, votes=(*ended.votes, cast))


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
    ending = _Ending(Act.WITHDRAW, submitter, now)
    async with db.transaction() as session:
        ended = await _end(session, request_id, ending, policy, revision)
        if not isinstance(ended, Refused):
            await outbox.owe(session, _withdrawn(ended), now=now)
        return ended


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
    async with db.snapshot() as session:
        answer = await _admit(session, request_id, actor, act, policy, revision)
    if isinstance(answer, Refused):
        async with db.transaction() as session:
            await _refresh(session, answer, _Ending(act, actor, now))
    return answer


async def _end(
    session: AsyncSession, request_id: int, ending: _Ending, policy: Policy, revision: int | None
) -> Request | Refused:
    asked = (request_id, ending.actor, ending.act, policy, revision)
    admitted = await _admit(session, *asked)
    while not isinstance(admitted, Refused) and not await _change(session, admitted, ending):
        admitted = await _admit(session, *asked)
    if isinstance(admitted, Refused):
        await _refresh(session, admitted, ending)
        return admitted
    await session.exec(
        update(AssignmentRow).where(col(AssignmentRow.request_id) == request_id).values(waits=False)
    )
    ended = _ended(admitted, ending)
    reason = {"rejection_class": ended.rejection_class, "reason": ended.decision_reason}
    await revisions.record(
        session, ended, kind=ended.status.value, actor=ending.actor, at=ending.at, **reason
    )
    beside = await precedents.waiting_beside(session, ended)
    await cards.owe(session, [request_id, *beside], now=ending.at)
    return ended


async def _admit(
    session: AsyncSession,
    request_id: int,
    actor: str,
    act: Act,
    policy: Policy,
    revision: int | None,
) -> Request | Refused:
    """The request, when this act is allowed on what the person looked at; else why not."""
    request = await queries.find(session, request_id)
    if request is None:
        return Refused(Denial.UNKNOWN, request_id)
    roster = await people.roster(session, policy, only={actor})
    answer = may(actor, act, request, roster, own_requests=policy.own_requests)
    if isinstance(answer, Denied):
        return await _refused(session, answer.reason, request, clicked=revision is not None)
    if revision is not None and revision != request.revision:
        return Refused(Denial.STALE, request_id, request)
    return request


async def _refused(
    session: AsyncSession, denial: Denial, request: Request, *, clicked: bool
) -> Refused:
    """Who clicked on a card in the review channel has seen it; the others learn nothing."""
    if denial is not Denial.UNKNOWN:
        return Refused(denial, request.id, request)
    if clicked and await cards.in_channel(session, request.id):
        return Refused(Denial.NOT_A_REVIEWER, request.id, request)
    return Refused(Denial.UNKNOWN, request.id)


async def _refresh(session: AsyncSession, refused: Refused, ending: _Ending) -> None:
    """Who acted on an old card gets it redrawn."""
    if refused.request and refused.denial in {Denial.CLOSED, Denial.STALE}:
        await cards.refresh(session, refused.request, reader=ending.actor, now=ending.at)


async def _change(session: AsyncSession, request: Request, ending: _Ending) -> bool:
    ended = _ended(request, ending)
    return await revisions.advance(
        session,
        request,
        status=ended.status.value,
        completed_on=ended.completed_on,
        decided_by=ended.decided_by,
        rejection_class=ended.rejection_class,
        decision_reason=ended.decision_reason,
    )


def _ended(request: Request, ending: _Ending) -> Request:
    """The request as it is once this ending is written: no need to read it again."""
    status = after(request.status, ending.act)
    assert status is not None, "admitted, so the table has the transition"
    return replace(
        request,
        revision=request.revision + 1,
        status=status,
        completed_on=ending.at,
        decided_by=ending.actor,
        rejection_class=ending.rejection_class,
        decision_reason=ending.reason,
    )


def _outcome(request: Request) -> Owed:
    return Owed(
        key=f"outcome:{request.id}",
        kind=Kind.OUTCOME,
        recipient=request.submitted_by,
        lane=f"post:{request.submitted_by}",
        request_id=request.id,
    )


def _withdrawn(request: Request) -> list[Owed]:
    return [
        Owed(
            key=f"withdrawn:{request.id}:{reviewer}",
            kind=Kind.WITHDRAWN,
            recipient=reviewer,
            lane=f"post:{reviewer}",
            request_id=request.id,
        )
        for reviewer in request.reviewers
    ]
