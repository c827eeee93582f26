"""What is shown follows the roles: who loses one, or has it again, and who is told of it.

Roles themselves are asked for at every act; nothing here decides what anybody may do.
"""

from datetime import datetime

from sqlmodel import and_, col, exists, not_, select, update

from store.domain.access import HANDED, Rules
from store.domain.request import Audience, Status, Verdict
from store.engine.database import Database
from store.messages import cards, homes, outbox
from store.tables import OPEN, TAKEN_AWAY, AssignmentRow, CardRow, VoteRow

_CHUNK = 100
"""Requests of one transaction: on SQLite every click waits for its end."""

_OWN_TURN = and_(col(AssignmentRow.turn), col(AssignmentRow.for_whom).is_(None))
_BARRED = and_(
    col(AssignmentRow.stage) > 1,
    exists().where(
        col(VoteRow.request_id) == col(AssignmentRow.request_id),
        col(VoteRow.reviewer) == col(AssignmentRow.reviewer),
        col(VoteRow.stage) < col(AssignmentRow.stage),
        col(VoteRow.verdict) == Verdict.APPROVE.value,
    ),
)
"""Who approved at an earlier stage, as `access.barred` has it of one request."""
_TO_GIVE_BACK = (
    select(AssignmentRow.request_id, AssignmentRow.reviewer, AssignmentRow.seat)
    .join(
        CardRow,
        and_(
            col(CardRow.request_id) == AssignmentRow.request_id,
            col(CardRow.recipient) == AssignmentRow.reviewer,
        ),
    )
    .where(
        TAKEN_AWAY,
        CardRow.audience == Audience.REVIEWER.value,
        col(AssignmentRow.status) != Status.UNDER_REVIEW.value,
        col(AssignmentRow.for_whom).is_(None),
    )
)


async def follow(
    db: Database, rules: Rules, *, before: Rules | None, burst: int, now: datetime
) -> int:
    """Owe the cards of open requests whose reviewers may decide no more or may again, and the open
    Homes of those who lost or won a role since `before`, where that is known.

    Every copy, because each names whom the request waits for; `burst` is the policy's. Who reviews
    again gets back their cards of what ended meanwhile. Returns how many assignments changed.
    """
    async with db.transaction() as session:
        known = before.roster if before else None
        await homes.follow(session, rules.roster, known, now=now)
    given = select(AssignmentRow.reviewer, AssignmentRow.seat, _BARRED, AssignmentRow.waits)
    async with db.snapshot() as session:
        rows = (await session.exec(given.where(OPEN, _OWN_TURN).distinct())).all()
    changed = sorted(
        {
            (who, seat, barred)
            for who, seat, barred, waits in rows
            if waits != _may_still(rules, who, seat, barred)
        }
    )
    count = 0
    for who, seat, barred in changed:
        waits = _may_still(rules, who, seat, barred)
        while ids := await _follow_some(db, who, seat, barred, waits, burst, now):
            count += len(ids)
    await _give_back(db, rules, now=now)
    return count


async def _give_back(db: Database, rules: Rules, *, now: datetime) -> None:
    """Owe the cards of ended requests that were taken from people who review again."""
    async with db.snapshot() as session:
        rows = (await session.exec(_TO_GIVE_BACK)).all()
    theirs: dict[str, set[int]] = {}
    for request_id, reviewer, seat in rows:
        if _may_still(rules, reviewer, seat, barred=False):
            theirs.setdefault(reviewer, set()).add(request_id)
    for reviewer, found in sorted(theirs.items()):
        ids = sorted(found)
        for first in range(0, len(ids), _CHUNK):
            some = ids[first : first + _CHUNK]
            async with db.transaction() as session:
                owed = await cards.drawn_before(session, some, now, now=now, only_of=reviewer)
                await outbox.owe(session, owed, now=now)


def _may_still(rules: Rules, reviewer: str, seat: str, barred: bool) -> bool:
    """An admin was given what nobody reviews in the workspace, a guest what was handed to them."""
    roster = rules.roster
    holds_role = roster.holds(reviewer, seat) or (not seat and reviewer in roster.admins)
    if seat == HANDED:
        holds_role = reviewer in roster.guests
    return holds_role and not (barred and rules.distinct_stages)


async def _follow_some(
    db: Database, reviewer: str, seat: str, barred: bool, waits: bool, burst: int, now: datetime
) -> list[int]:
    """A chunk of what is open of this person's at this place of the policy."""
    its = col(AssignmentRow.reviewer) == reviewer, col(AssignmentRow.seat) == seat
    theirs = (OPEN, _OWN_TURN, *its, _BARRED if barred else not_(_BARRED))
    behind = col(AssignmentRow.waits).is_not(waits)
    some = select(AssignmentRow.request_id).where(*theirs, behind)
    some = some.order_by(col(AssignmentRow.request_id)).limit(_CHUNK)
    async with db.transaction() as session:
        ids = list(await session.exec(some))
        if ids:
            these = (*theirs, behind, col(AssignmentRow.request_id).in_(ids))
            await session.exec(update(AssignmentRow).where(*these).values(waits=waits))
            await cards.owe(session, ids, now=now, burst=burst)
    return ids
