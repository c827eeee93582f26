"""The write path: submit, vote, withdraw. One transaction each, with the messages it owes.

The rule is asked inside the transaction; then one UPDATE names the revision it was asked about. Row
count 0 means somebody was faster: the rule is asked again, about what they left.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import audit, outbox, people, queries
from store.database import Database, insert
from store.domain.access import Denial, Denied, Refused, assignees, may
from store.domain.deadlines import working_deadline
from store.domain.lifecycle import Act, after
from store.domain.policy import Policy
from store.domain.query import searchable
from store.domain.request import Audience, RejectionClass, Request, Status, Verdict
from store.domain.submission import Submission
from store.outbox import Kind, Owed, Rank
from store.tables import AssignmentRow, CardRow, RequestRow, VoteRow


@dataclass(frozen=True, slots=True)
class Submitted:
    """The stored request; `new` is False when its external id had been stored before."""

    request: Request
    new: bool


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a review ends, and in whose words."""

    act: Act
    actor: str
    at: datetime
    rejection_class: RejectionClass | None = None
    reason: str | None = None


async def submit(
    db: Database, submission: Submission, *, submitter: str, policy: Policy, now: datetime
) -> Submitted | Refused:
    """Store a request and owe its cards. The same external id again is the same request."""
    async with db.transaction() as session:
        existing = await _by_external_id(session, submission.external_id)
        if existing:
            return Submitted(existing, new=False)
        roster = await people.roster(session, policy)
        reviewers = assignees(submitter, roster, own_requests=policy.own_requests)
        if not reviewers:
            return Refused(Denial.NOBODY_CAN_DECIDE)
        request_id = await _insert(session, submission, submitter, policy, now)
        if request_id is None:  # on PostgreSQL somebody may store the same id at the same moment
            return Submitted(await _existing(session, submission.external_id), new=False)
        request = await _assign(session, request_id, reviewers)
        session.add_all(_cards(request_id, submitter, reviewers, policy.channel))
        await _record(session, request, kind="submitted", actor=submitter, at=now)
        await _owe_cards(session, request, now=now)
        return Submitted(request, new=True)


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
        session.add(
            VoteRow(
                request_id=request_id,
                stage=ended.stage,
                reviewer=reviewer,
                verdict=verdict.value,
                rejection_class=rejection_class,
                reason=reason,
                at=now,
            )
        )
        await outbox.owe(session, [_outcome(ended)], now=now)
        return await queries.one(session, request_id)


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
    revision: int | None = None,
) -> Request | Refused:
    """Whether this act would be allowed now: a courtesy before a form is opened, not the rule."""
    async with db.snapshot() as session:
        return await _admit(session, request_id, actor, act, policy, revision)


async def shown(
    session: AsyncSession, card: CardRow, *, channel: str, ts: str, revision: int
) -> None:
    """Note where a card is and what it shows; Slack's word, so it is kept as it comes."""
    card.channel, card.ts, card.shown_revision = channel, ts, revision
    session.add(card)


async def card(session: AsyncSession, request_id: int, audience: str, recipient: str) -> CardRow:
    """One copy of a request. Raises NoResultFound where there is none."""
    return await session.get_one(CardRow, (request_id, audience, recipient))


async def _end(
    session: AsyncSession, request_id: int, ending: _Ending, policy: Policy, revision: int | None
) -> Request | Refused:
    asked = (request_id, ending.actor, ending.act, policy, revision)
    admitted = await _admit(session, *asked)
    if not isinstance(admitted, Refused) and not await _change(session, admitted, ending):
        admitted = await _admit(session, *asked)
    if isinstance(admitted, Refused):
        await _refresh(session, admitted, ending)
        return admitted
    await session.exec(
        update(AssignmentRow).where(col(AssignmentRow.request_id) == request_id).values(waits=False)
    )
    ended = await queries.one(session, request_id)
    reason = {"rejection_class": ended.rejection_class, "reason": ended.decision_reason}
    await _record(
        session, ended, kind=ended.status.value, actor=ending.actor, at=ending.at, **reason
    )
    await _owe_cards(session, ended, now=ending.at)
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
    roster = await people.roster(session, policy)
    answer = may(actor, act, request, roster, own_requests=policy.own_requests)
    if isinstance(answer, Denied):
        return _refused(answer.reason, request, has_card=revision is not None)
    if revision is not None and revision != request.revision:
        return Refused(Denial.STALE, request_id, request)
    return request


def _refused(denial: Denial, request: Request, *, has_card: bool) -> Refused:
    """Who acted on a card has seen it (in the review channel, say); the others learn nothing."""
    if denial is not Denial.UNKNOWN:
        return Refused(denial, request.id, request)
    if has_card:
        return Refused(Denial.NOT_A_REVIEWER, request.id, request)
    return Refused(Denial.UNKNOWN, request.id)


async def _change(session: AsyncSession, request: Request, ending: _Ending) -> bool:
    """The guarded UPDATE: true when this revision was still the current one."""
    status = after(request.status, ending.act)
    assert status is not None, "admitted, so the table has the transition"
    guarded = (
        update(RequestRow)
        .where(col(RequestRow.id) == request.id, col(RequestRow.revision) == request.revision)
        .values(
            revision=request.revision + 1,
            status=status.value,
            completed_on=ending.at,
            decided_by=ending.actor,
            rejection_class=ending.rejection_class,
            decision_reason=ending.reason,
        )
    )
    ours = guarded.returning(col(RequestRow.id))
    result = await session.exec(ours, execution_options={"synchronize_session": False})
    return result.scalar_one_or_none() is not None


async def _refresh(session: AsyncSession, refused: Refused, ending: _Ending) -> None:
    """Who acted on an old card gets it redrawn."""
    if refused.request and refused.denial in {Denial.CLOSED, Denial.STALE}:
        only = {ending.actor}
        await _owe_cards(session, refused.request, now=ending.at, behind_or=only)


async def _record(
    session: AsyncSession,
    request: Request,
    *,
    kind: str,
    actor: str,
    at: datetime,
    **data: str | None,
) -> None:
    facts = {"title": request.title, "status": request.status.value, **data}
    await audit.append(
        session, request.id, request.revision, kind=kind, actor=actor, at=at, data=facts
    )


async def _insert(
    session: AsyncSession, submission: Submission, submitter: str, policy: Policy, now: datetime
) -> int | None:
    created = submission.created_at or now
    values = {
        "revision": 1,
        "external_id": submission.external_id,
        "category": submission.category.value,
        "title": submission.title,
        "mini_program_id": submission.mini_program.id,
        "mini_program_name": submission.mini_program.name,
        "environment": submission.environment.value,
        "version": submission.version,
        "submitted_by": submitter,
        "created_at": created,
        "status": Status.UNDER_REVIEW.value,
        "stage": 1,
        "details": submission.details,
        "search_text": searchable(submission.mini_program.name, submission.mini_program.id),
        "remind_at": working_deadline(
            created, policy.remind_after_hours, policy.weekdays, policy.timezone
        ),
    }
    new = insert(session, RequestRow).values(**values).on_conflict_do_nothing()
    result: int | None = (await session.exec(new.returning(RequestRow.id))).scalar_one_or_none()
    return result


async def _assign(session: AsyncSession, request_id: int, reviewers: Iterable[str]) -> Request:
    """Make it wait on these reviewers; the request, with them."""
    row = await session.get_one(RequestRow, request_id)
    session.add_all(
        AssignmentRow(
            request_id=request_id,
            stage=row.stage,
            reviewer=reviewer,
            created_at=row.created_at,
            remind_at=row.remind_at,
        )
        for reviewer in reviewers
    )
    return await queries.one(session, request_id)


async def _by_external_id(session: AsyncSession, external_id: str) -> Request | None:
    found = select(RequestRow.id).where(RequestRow.external_id == external_id)
    request_id = (await session.exec(found)).first()
    return await queries.one(session, request_id) if request_id else None


async def _existing(session: AsyncSession, external_id: str) -> Request:
    found = await _by_external_id(session, external_id)
    assert found is not None, "the insert met it"
    return found


def _cards(
    request_id: int, submitter: str, reviewers: Iterable[str], channel: str | None
) -> list[CardRow]:
    copies = [(Audience.REVIEWER, user) for user in reviewers]
    copies += [(Audience.CHANNEL, channel)] if channel else []
    copies.append((Audience.SUBMITTER, submitter))
    return [
        CardRow(request_id=request_id, audience=audience.value, recipient=recipient)
        for audience, recipient in copies
    ]


async def _owe_cards(
    session: AsyncSession, request: Request, *, now: datetime, behind_or: set[str] | None = None
) -> None:
    """Owe every copy of the request; with `behind_or`, only outdated ones and those people's."""
    copies = (await session.exec(select(CardRow).where(CardRow.request_id == request.id))).all()
    owed = [
        _card_message(copy)
        for copy in copies
        if behind_or is None
        or copy.recipient in behind_or
        or copy.shown_revision < request.revision
    ]
    await outbox.owe(session, owed, now=now)


def _card_message(copy: CardRow) -> Owed:
    return Owed(
        key=f"card:{copy.request_id}:{copy.audience}:{copy.recipient}",
        kind=Kind.CARD,
        recipient=copy.recipient,
        lane=f"edit:{copy.recipient}" if copy.ts else f"post:{copy.recipient}",
        rank=Rank.CHANGE if copy.ts else Rank.NEW,
        request_id=copy.request_id,
        data={"audience": copy.audience},
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
