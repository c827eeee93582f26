"""Escalation: others are called to what nobody has decided for long. Nothing is decided by it.

What must stay true: once a request. That it has happened stands in its row, which is locked: a slot
is pruned after a while, and a request may be open for longer.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.absences import is_away
from store.domain.access import Rules
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine.database import Database
from store.messages import cards
from store.requests import revisions
from store.requests.revisions import Change
from store.snapshots import snapshots
from store.tables import TO_ESCALATE, RequestRow

ESCALATED = "escalated"
"""The kind of the event."""
BY_POLICY = "policy"
"""Who does it: nobody."""
PORTION = 50
"""Requests of one transaction: on SQLite every click waits for its end."""
_WRITTEN = ("escalated_at", "escalated_to")


async def escalate(db: Database, policy: Policy, *, now: datetime) -> int:
    """Call others to each open request whose time has come; to how many."""
    due = select(RequestRow.id).where(TO_ESCALATE, col(RequestRow.escalate_at) <= now)
    due = due.order_by(col(RequestRow.escalate_at), col(RequestRow.id)).limit(PORTION)
    count, called = 0, PORTION
    while called == PORTION:
        async with db.snapshot() as session:
            ids = (await session.exec(due)).all()
        if not ids:
            break
        async with db.transaction() as session:
            called = await _escalate(session, ids, policy, now)
        count += called
    return count


async def _escalate(
    session: AsyncSession, ids: Sequence[int], policy: Policy, now: datetime
) -> int:
    """Those of them that are still open and whose time has still come, with their rows locked; what
    somebody decides at this moment is left alone.
    """
    is_due = col(RequestRow.escalate_at) <= now
    locked = select(RequestRow).where(TO_ESCALATE, is_due, col(RequestRow.id).in_(ids))
    locked = locked.order_by(col(RequestRow.id)).with_for_update(skip_locked=True)
    rows = (await session.exec(locked)).all()
    if not rows:
        return 0
    rules = await people.rules(session, policy)
    escalated = [
        replace(
            request,
            revision=request.revision + 1,
            escalated_at=now,
            escalated_to=_called(request, rules, policy, now),
        )
        for request in await snapshots(session, rows)
    ]
    revisions.advance(session, escalated, *_WRITTEN)
    changes = [
        Change(
            request,
            ESCALATED,
            BY_POLICY,
            now,
            revisions.written(request, *_WRITTEN),
            notes={"policy": policy.sha256},
        )
        for request in escalated
    ]
    await revisions.record(session, changes)
    cards.add_called(session, escalated)
    await cards.owe(session, [request.id for request in escalated], now=now, burst=policy.burst)
    return len(escalated)


def _called(request: Request, rules: Rules, policy: Policy, now: datetime) -> tuple[str, ...]:
    """Whom today's policy names, else the admins; who is away only if all of them are."""
    roster = rules.roster
    named = roster.people(policy.escalate_to_by(policy.rule_named(request.terms.rule)))
    own = {request.submitted_by}
    able = sorted((named - own) or (roster.admins - own))
    present = [user for user in able if not is_away(user, roster.absences, now)]
    return tuple(present or able)
