"""Who stands in for whom, written beside the assignments: lists, digests and Homes read it there.

Rights are asked of `store.domain.access` at every act; what stands here follows it within seconds.
A row is never deleted: where nobody stands in any more it is nobody's turn.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Insert
from sqlmodel import and_, bindparam, col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.absences import is_away, stand_in
from store.domain.access import LENT, Rules, stand_ins
from store.domain.policy import Policy
from store.domain.request import Request, Status
from store.engine.database import Database, DialectInsert, dialect_insert, execute
from store.messages import cards
from store.snapshots import FACTS, snapshots
from store.tables import OPEN, STANDS_IN, AbsenceRow, AssignmentRow, RequestRow

_CHUNK = 100
"""Requests of one transaction: on SQLite every click waits for its end."""
AWAY, BACK = "away", "back"
"""What the cards of somebody's requests have been redrawn for."""
_ENDED = (
    update(AssignmentRow)
    .where(
        col(AssignmentRow.request_id) == bindparam("its_id"),
        col(AssignmentRow.stage) == bindparam("its_stage"),
        col(AssignmentRow.reviewer) == bindparam("its_reviewer"),
        col(AssignmentRow.for_whom).is_not(None),
    )
    .values(waits=False, turn=False, shown=bindparam("is_shown"))
)

Standing = frozenset[tuple[str, str | None]]
"""Everybody who is away, with who stands in for them in general."""


async def refresh(
    session: AsyncSession, requests: Sequence[Request], rules: Rules, *, now: datetime
) -> set[int]:
    """Write down who stands in at the open stage of these requests, and give them a card.

    Returns the requests in which that has changed; their cards are to be owed.
    """
    by_id = {request.id: request for request in requests if request.is_open}
    if not by_id:
        return set()
    of_these = col(AssignmentRow.request_id).in_(by_id)
    kept = select(AssignmentRow.request_id, AssignmentRow.reviewer, AssignmentRow.for_whom)
    rows = await session.exec(kept.where(of_these, STANDS_IN))
    had = {(request_id, reviewer): for_whom for request_id, reviewer, for_whom in rows}
    wanted = {
        (request.id, who): for_whom
        for request in by_id.values()
        for who, for_whom in stand_ins(request, rules, now).items()
    }
    begun = {key: for_whom for key, for_whom in wanted.items() if had.get(key) != for_whom}
    ended = had.keys() - wanted.keys()

    if ended:
        over = [
            {
                "its_id": request_id,
                "its_stage": by_id[request_id].stage,
                "its_reviewer": who,
                "is_shown": who in by_id[request_id].deciders,
            }
            for request_id, who in sorted(ended)
        ]
        await execute(session, _ENDED, over)
    if begun:
        # One row of each person is shown: their own, where they have one at another stage.
        own = select(AssignmentRow.request_id, AssignmentRow.reviewer).where(
            of_these,
            col(AssignmentRow.reviewer).in_({who for _, who in begun}),
            and_(col(AssignmentRow.shown), col(AssignmentRow.opened)),
            col(AssignmentRow.for_whom).is_(None),
        )
        shown = set((await session.exec(own)).all())
        new = [
            {
                "request_id": request_id,
                "stage": by_id[request_id].stage,
                "reviewer": who,
                "created_at": by_id[request_id].created_at,
                "remind_at": by_id[request_id].remind_at,
                "due_at": by_id[request_id].due_at,
                "waits": True,
                "turn": True,
                "opened": True,
                "shown": (request_id, who) not in shown,
                "seat": LENT,
                "for_whom": for_whom,
                "status": Status.UNDER_REVIEW.value,
            }
            for (request_id, who), for_whom in sorted(begun.items())
        ]
        await execute(session, _beginning(dialect_insert(session)), new)
        cards.add_reviewers(
            session, [replace(by_id[request_id], reviewers=(who,)) for request_id, who in begun]
        )
    return {request_id for request_id, _ in (*begun, *ended)}


async def follow(
    db: Database, policy: Policy, *, before: Standing | None, now: datetime
) -> Standing:
    """Let what is shown follow who is away: who stands in, and the cards that say so.

    `before` is what this returned last time; nothing is written where all is as it was. What is
    submitted meanwhile may be judged by the absences before: whoever calls this does so twice.
    """
    async with db.snapshot() as session:
        rules = await people.rules(session, policy, only=frozenset())  # who is away, and for whom
        begun_or_over = (await session.exec(select(AbsenceRow).where(_behind(now)))).all()
        lent = select(AssignmentRow.for_whom).where(OPEN, STANDS_IN).distinct()
        represented = {user for user in await session.exec(lent) if user}
    absences = rules.roster.absences
    standing: Standing = frozenset(
        (user, stand_in(user, absences, now)) for user in absences if is_away(user, absences, now)
    )
    redrawn = {absence.user_id for absence in begun_or_over}
    if standing == before and not redrawn:
        return standing
    away = {user for user, _ in standing}
    for user in sorted(redrawn | represented | away):
        await _follow_one(db, user, rules, redraw=user in redrawn, burst=policy.burst, now=now)
    async with db.transaction() as session:
        for absence in begun_or_over:
            over = absence.ended_at or (absence.until and absence.until <= now)
            values = {"shown_as": BACK, "ended_at": absence.ended_at or now} if over else {}
            its = col(AbsenceRow.id) == absence.id
            await session.exec(
                update(AbsenceRow).where(its).values(**({"shown_as": AWAY} | values))
            )
    return standing


async def _follow_one(
    db: Database, user: str, rules: Rules, *, redraw: bool, burst: int, now: datetime
) -> None:
    """What is open of one person's, in chunks."""
    after = 0
    theirs = or_(col(AssignmentRow.reviewer) == user, col(AssignmentRow.for_whom) == user)
    while True:
        some = (
            select(AssignmentRow.request_id)
            .where(OPEN, col(AssignmentRow.turn), theirs, col(AssignmentRow.request_id) > after)
            .distinct()
            .order_by(col(AssignmentRow.request_id))
            .limit(_CHUNK)
        )
        async with db.transaction() as session:
            ids = list(await session.exec(some))
            if not ids:
                return
            locked = select(*FACTS).where(col(RequestRow.id).in_(ids)).order_by(col(RequestRow.id))
            rows = (await execute(session, locked.with_for_update())).all()
            requests = await snapshots(session, rows)
            changed = await refresh(session, requests, rules, now=now)
            if redraw:
                changed |= {request.id for request in requests if request.is_open}
            await cards.owe(session, sorted(changed), now=now, burst=burst)
        after = ids[-1]


def _behind(now: datetime) -> ColumnElement[bool]:
    """Absences that have begun or ended since the cards were redrawn for them."""
    over = or_(col(AbsenceRow.ended_at).is_not(None), col(AbsenceRow.until) <= now)
    shown_as = col(AbsenceRow.shown_as)
    return or_(and_(shown_as.is_(None), col(AbsenceRow.since) <= now), and_(shown_as == AWAY, over))


@cache
def _beginning(insert: DialectInsert) -> Insert:
    """A row of who stands in, or the one they had before; never one of their own."""
    new = insert(AssignmentRow)
    again = ("waits", "turn", "opened", "shown", "remind_at", "due_at", "for_whom", "status")
    return new.on_conflict_do_update(
        index_elements=["request_id", "stage", "reviewer"],
        set_={name: new.excluded[name] for name in again},
        where=col(AssignmentRow.for_whom).is_not(None),
    )
