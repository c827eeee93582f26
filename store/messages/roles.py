"""What is shown follows the roles: who loses one, or has it again, and who is told of it.

Roles themselves are asked for at every act; nothing here decides what anybody may do.
"""

from datetime import datetime

from sqlmodel import and_, col, select, update

from store.domain.access import Roster
from store.engine.database import Database
from store.messages import cards, homes
from store.tables import OPEN, AssignmentRow

_CHUNK = 100
"""Requests of one transaction: on SQLite every click waits for its end."""

_OWN_TURN = and_(col(AssignmentRow.turn), col(AssignmentRow.for_whom).is_(None))


async def follow(db: Database, roster: Roster, *, before: Roster | None, now: datetime) -> int:
    """Owe the cards of open requests whose reviewers have lost their role or have it again, and the
    open Homes of those who lost or won one since `before`, where that is known.

    Every copy, because each names whom the request waits for. Returns how many assignments changed.
    """
    async with db.transaction() as session:
        await homes.follow(session, roster, before, now=now)
    given = select(AssignmentRow.reviewer, AssignmentRow.seat, AssignmentRow.waits)
    async with db.snapshot() as session:
        rows = (await session.exec(given.where(OPEN, _OWN_TURN).distinct())).all()
    changed = sorted(
        {(who, seat) for who, seat, waits in rows if waits != _still_holds(roster, who, seat)}
    )
    count = 0
    for reviewer, seat in changed:
        holds_role = _still_holds(roster, reviewer, seat)
        while ids := await _follow_some(db, reviewer, seat, holds_role, now):
            count += len(ids)
    return count


def _still_holds(roster: Roster, reviewer: str, seat: str) -> bool:
    """An admin was given what the workspace has no reviewer for."""
    return roster.holds(reviewer, seat) or (not seat and reviewer in roster.admins)


async def _follow_some(
    db: Database, reviewer: str, seat: str, holds_role: bool, now: datetime
) -> list[int]:
    """A chunk of what is open of this person's at this place of the policy."""
    its = col(AssignmentRow.reviewer) == reviewer, col(AssignmentRow.seat) == seat
    theirs = (OPEN, _OWN_TURN, *its)
    behind = col(AssignmentRow.waits).is_not(holds_role)
    some = select(AssignmentRow.request_id).where(*theirs, behind)
    some = some.order_by(col(AssignmentRow.request_id)).limit(_CHUNK)
    async with db.transaction() as session:
        ids = list(await session.exec(some))
        if ids:
            these = (*theirs, behind, col(AssignmentRow.request_id).in_(ids))
            await session.exec(update(AssignmentRow).where(*these).values(waits=holds_role))
            await cards.owe(session, ids, now=now)
    return ids
