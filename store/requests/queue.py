"""What comes next in a reviewer's queue, as they may see it now.

Each look reads the list anew from the place the queue has come to, so that what others decided is
gone and nothing is shown twice in a round.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Integer, and_, case, col, exists, func, literal, not_, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import Rules
from store.domain.lifecycle import Act
from store.domain.lists.queue import Place, Queue
from store.domain.policy import Policy
from store.domain.request import Environment, Status
from store.engine.database import Database
from store.lists import listing
from store.requests import read
from store.requests.read import Seen
from store.tables import OPEN, AssignmentRow, QuestionRow, RequestRow

LOOKS = 50
"""How many requests that this person may not decide are passed over before the queue ends."""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What is next, if anything is; the queue at its place; and how many come with it."""

    queue: Queue
    seen: Seen | None = None
    left: int = 0


async def upcoming(
    db: Database, queue: Queue, *, asker: str, policy: Policy, now: datetime
) -> Upcoming:
    """The next request that the asker may decide. What was skipped comes once more at the end."""
    async with db.snapshot() as session:
        rules = await people.rules(session, policy, only={asker})
        zone = await listing.zone_for(session, queue.query, asker=asker, policy=policy)
        for _ in range(LOOKS):
            found = await _next(session, queue, asker, rules, zone)
            if found is None:
                if queue.is_last_round or not queue.skipped:
                    return Upcoming(queue)
                queue = queue.once_more(now)
                continue
            place, left = found
            queue = replace(queue, place=place)
            seen = await read.seen(session, place.id, viewer=asker, policy=policy, now=now)
            if isinstance(seen, Seen) and Act.APPROVE in seen.acts:
                known = await people.known(session, seen.request.people())
                return Upcoming(queue, replace(seen, people=known), left)
        return Upcoming(queue)


async def _next(
    session: AsyncSession, queue: Queue, asker: str, rules: Rules, zone: ZoneInfo
) -> tuple[Place, int] | None:
    """The place after the one the queue is at, and how many there are from it on."""
    waiting = replace(queue.query.filter, statuses=(Status.UNDER_REVIEW,))
    listed = listing.visible(
        replace(queue.query, filter=waiting),
        asker=asker,
        roster=rules.roster,
        zone=zone,
        now=queue.started,
    ).order_by(None)
    ids = listed.with_only_columns(col(RequestRow.id)).subquery()
    is_late = col(RequestRow.due_at) <= queue.started
    is_production = col(RequestRow.environment) == Environment.PRODUCTION.value
    by_another = and_(
        col(RequestRow.tester) != asker, col(RequestRow.testing_until) > queue.started
    )
    rank = (
        case((by_another, 4), else_=0)
        + case((is_late, 0), else_=2)
        + case((is_production, 0), else_=1)
    )
    at, id_ = col(RequestRow.created_at), col(RequestRow.id)
    order = (rank, at, id_)
    # While somebody is asked the clock rests, so that what was overdue may stand behind its place
    # again; who asked has seen it in this round.
    just_asked = exists().where(
        col(QuestionRow.request_id) == id_,
        col(QuestionRow.asked_by) == asker,
        col(QuestionRow.asked_at) >= queue.started,
    )
    wanted: list[ColumnElement[bool]] = [id_.in_(select(ids.c.id)), not_(just_asked)]
    if not (rules.admins_decide and asker in rules.roster.admins):
        turn = col(AssignmentRow.reviewer) == asker, col(AssignmentRow.waits).is_(True)
        wanted.append(id_.in_(select(AssignmentRow.request_id).where(OPEN, *turn)))
    if queue.apart and not queue.place:
        wanted.append(id_ != queue.apart)
    if place := queue.place:
        here = literal(place.rank, Integer)
        older = or_(at > place.created_at, and_(at == place.created_at, id_ > place.id))
        wanted.append(or_(rank > here, and_(rank == here, older)))
    first = (await session.exec(select(*order).where(*wanted).order_by(*order).limit(1))).first()
    if first is None:
        return None
    left = (await session.exec(select(func.count()).select_from(RequestRow).where(*wanted))).one()
    return Place(*first), left
