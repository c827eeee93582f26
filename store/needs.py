"""What needs one person now: Home begins with it.

Each part is read from an index and capped, so that it costs the same for anybody.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import aliased
from sqlmodel import and_, col, exists, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import drafts, people, questions
from store.domain.access import Roster
from store.domain.lists.query import COUNT_LIMIT
from store.domain.needs import MOST, Needs, Waiting
from store.domain.policy import Policy
from store.domain.request import Category, ReleaseStage, Request, Status
from store.engine.database import Database
from store.snapshots import bare
from store.tables import ASKED, NOT_REFUSED, TARGET, AssignmentRow, RequestRow

REJECTED_FOR = timedelta(days=30)
"""How long a rejection is brought up..."""
APPROVED_FOR = timedelta(days=90)
"""...and an approval that is not live."""
BUSIEST = 3
"""Of how many reviewers an admin reads how much waits for them."""


async def needs_of(db: Database, user: str, *, policy: Policy, now: datetime) -> Needs:
    """What needs this person."""
    draft = await drafts.unfinished(db, owner=user)
    async with db.snapshot() as session:
        roster = await people.roster(session, policy, only={user})
        others, busiest = await _others(session, user, roster)
        (answers,) = await questions.waited_for_by(session, [user])
        return Needs(
            draft=draft,
            asked=await _asked(session, user),
            answers=answers,
            rejected=await _rejected(session, user, now),
            approved=await _not_live(session, user, now),
            waiting=await _waiting_for(session, user) if roster.oversees(user) else Waiting(),
            others=others,
            busiest=busiest,
            people=await people.known(session, [each for each, _ in (*busiest, *answers)]),
        )


async def _asked(session: AsyncSession, user: str) -> tuple[Request, ...]:
    wanted = select(RequestRow).where(ASKED, RequestRow.submitted_by == user)
    oldest = wanted.order_by(col(RequestRow.id)).limit(MOST + 1)
    found = list(map(bare, await session.exec(oldest)))
    return tuple(await questions.with_theirs(session, found))


async def _rejected(session: AsyncSession, user: str, now: datetime) -> tuple[Request, ...]:
    later = aliased(RequestRow)
    again = exists().where(
        # By the columns of an index: a later attempt is of the same person for the same target.
        *(col(getattr(later, name)) == getattr(RequestRow, name) for name in TARGET),
        col(later.submitted_by) == user,
        col(later.resubmission_of) == RequestRow.id,
    )
    wanted = select(RequestRow).where(
        RequestRow.submitted_by == user,
        RequestRow.status == Status.REJECTED.value,
        col(RequestRow.completed_on) >= now - REJECTED_FOR,
        ~again,
    )
    newest = wanted.order_by(col(RequestRow.completed_on).desc()).limit(MOST + 1)
    return tuple(map(bare, await session.exec(newest)))


async def _not_live(session: AsyncSession, user: str, now: datetime) -> tuple[Request, ...]:
    arrived = [ReleaseStage.FULL.value, ReleaseStage.CANCELED.value, ReleaseStage.ARCHIVED.value]
    stage = col(RequestRow.release_stage)
    wanted = select(RequestRow).where(
        RequestRow.submitted_by == user,
        RequestRow.status == Status.APPROVED.value,
        NOT_REFUSED,
        RequestRow.category == Category.RELEASE.value,
        col(RequestRow.completed_on) >= now - APPROVED_FOR,
        or_(stage.is_(None), stage.not_in(arrived)),
    )
    newest = wanted.order_by(col(RequestRow.completed_on).desc()).limit(MOST + 1)
    return tuple(map(bare, await session.exec(newest)))


async def _waiting_for(session: AsyncSession, user: str) -> Waiting:
    open_ = and_(
        col(AssignmentRow.status) == Status.UNDER_REVIEW.value, col(AssignmentRow.waits).is_(True)
    )
    found = (
        select(AssignmentRow.created_at)
        .where(AssignmentRow.reviewer == user, open_)
        .order_by(col(AssignmentRow.created_at))
        .limit(COUNT_LIMIT + 1)
        .subquery()
    )
    row = (await session.exec(select(func.count(), func.min(found.c.created_at)))).one()
    return Waiting(*row)


async def _others(
    session: AsyncSession, user: str, roster: Roster
) -> tuple[Waiting, tuple[tuple[str, int], ...]]:
    """What waits for anybody, for an admin; and for which other reviewers most of it."""
    if user not in roster.admins:
        return Waiting(), ()
    found = (
        select(RequestRow.created_at)
        .where(RequestRow.status == Status.UNDER_REVIEW.value)
        .order_by(col(RequestRow.created_at))
        .limit(COUNT_LIMIT + 1)
        .subquery()
    )
    total = (await session.exec(select(func.count(), func.min(found.c.created_at)))).one()
    number = func.count().label("number")
    by_reviewer = (
        select(AssignmentRow.reviewer, number)
        .where(
            AssignmentRow.status == Status.UNDER_REVIEW.value,
            col(AssignmentRow.waits).is_(True),
            AssignmentRow.reviewer != user,
        )
        .group_by(col(AssignmentRow.reviewer))
        .order_by(number.desc(), col(AssignmentRow.reviewer))
        .limit(BUSIEST)
    )
    return Waiting(*total), tuple((row[0], row[1]) for row in await session.exec(by_reviewer))
