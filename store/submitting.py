"""A new request: checked beside those of its target, linked to the try before it, stored once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import cards, people, precedents, queries, revisions
from store.database import Database, hold, insert
from store.domain import precedents as rules
from store.domain.access import Denial, Refused, Roster, assignees, may_resubmit
from store.domain.deadlines import working_deadline
from store.domain.policy import Policy
from store.domain.precedents import Blocked, Target
from store.domain.query import searchable
from store.domain.request import Request, Status
from store.domain.submission import Submission
from store.revisions import Change
from store.tables import AssignmentRow, RequestRow


@dataclass(frozen=True, slots=True)
class Submitted:
    """The stored request; `new` is False when its external id had been stored before."""

    request: Request
    new: bool


async def submit(
    db: Database,
    submission: Submission,
    *,
    submitter: str,
    policy: Policy,
    now: datetime,
    from_platform: bool = False,
    resubmission_of: int | None = None,
) -> Submitted | Refused:
    """Store a request and owe its cards. The same external id again is the same request.

    `from_platform` (import, HTTP intake) says that the platform has taken it already: it is put on
    record as it is, and what the platform's rules would say stands on its card as a warning. What
    is submitted here is refused, with the request in its way and the `field` to change.

    `resubmission_of` names the try before, and counts if that ended without an approval, concerns
    the same and is the submitter's own (an admin may take up anybody's). Left out, it is found.
    """
    target = Target.asked(submission)
    async with db.transaction() as session:
        await hold(session, target.key)
        existing = await _by_external_id(session, submission.external_id)
        if existing:
            return Submitted(existing, new=False)
        roster = await people.roster(session, policy)
        reviewers = assignees(submitter, roster, own_requests=policy.own_requests)
        if not reviewers:
            return Refused(Denial.NOBODY_CAN_DECIDE)
        refused = None if from_platform else await _ruled_out(session, submission, target)
        if refused:
            return refused
        before = await _before(session, submission, target, submitter, roster, resubmission_of)
        request_id = await _insert(session, submission, submitter, policy, now, before)
        if request_id is None:  # on PostgreSQL somebody may store the same id at the same moment
            return Submitted(await _existing(session, submission.external_id), new=False)
        request = await _assign(session, request_id, reviewers)
        cards.give(session, request, channel=policy.channel)
        await revisions.record(session, [Change(request, "submitted", submitter, now)])
        await cards.owe(session, [request.id], now=now)
        return Submitted(request, new=True)


async def _ruled_out(
    session: AsyncSession, submission: Submission, target: Target
) -> Refused | None:
    found = await precedents.on_target(session, target, submission.version)
    answer = rules.judge(submission.category, found)
    if not isinstance(answer, Blocked):
        return None
    there = await queries.one(session, answer.by.id)
    return Refused(answer.reason, there.id, there, answer.field)


async def _before(
    session: AsyncSession,
    submission: Submission,
    target: Target,
    submitter: str,
    roster: Roster,
    named: int | None,
) -> RequestRow | None:
    """The try before this one; one that is named but does not fit is as good as none."""
    earlier = await queries.find(session, named) if named else None
    if (
        earlier
        and may_resubmit(submitter, earlier, roster)
        and earlier.category is submission.category
        and earlier.mini_program_id == submission.mini_program.id
    ):
        return await session.get_one(RequestRow, earlier.id)
    return await precedents.earlier_try(session, target, submission.category, submitter)


async def _insert(
    session: AsyncSession,
    submission: Submission,
    submitter: str,
    policy: Policy,
    now: datetime,
    before: RequestRow | None,
) -> int | None:
    created = submission.created_at or now
    deadline = (policy.remind_after_hours, policy.weekdays, policy.timezone)
    values = {
        "revision": 1,
        "external_id": submission.external_id,
        "category": submission.category.value,
        "title": submission.title,
        "mini_program_id": submission.mini_program.id,
        "mini_program_name": submission.mini_program.name,
        "environment": submission.environment.value,
        "version": submission.version,
        "target_app": Target.asked(submission).app,
        "submitted_by": submitter,
        "created_at": created,
        "status": Status.UNDER_REVIEW.value,
        "stage": 1,
        "details": submission.details,
        "search_text": searchable(submission.mini_program.name, submission.mini_program.id),
        "remind_at": working_deadline(created, *deadline),
        "resubmission_of": before.id if before else None,
        "attempt": before.attempt + 1 if before else 1,
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
