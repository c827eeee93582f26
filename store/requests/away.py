"""Going away and coming back: of oneself, and by an admin of others.

What must stay true: of one person there is one absence in force at most; a new one takes its place.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.absences import Absence, AbsenceDenial, Away, Leave, absence, stand_in
from store.domain.access import may_stand_in
from store.domain.policy import Policy
from store.engine import causes
from store.engine.database import Database, advisory_lock
from store.messages import outbox
from store.messages.outbox import Kind, Owed, Rank
from store.tables import AbsenceRow


async def go_away(
    db: Database, leave: Leave, policy: Policy, *, now: datetime
) -> Away | AbsenceDenial:
    """Write down that somebody is away; who else is concerned is told."""
    concerned = {leave.user, leave.by, leave.delegate or leave.user}
    async with db.transaction() as session:
        advisory_lock(session, f"absence {leave.user}")  # an admin may say it meanwhile
        rules = await people.rules(session, policy, only=concerned)
        known = await people.known(session, concerned)
        if leave.by != leave.user and leave.by not in rules.roster.admins:
            return causes.denied(AbsenceDenial.NOT_AN_ADMIN)
        if leave.delegate == leave.user:
            return causes.denied(AbsenceDenial.OWN_DELEGATE)
        if leave.delegate and leave.delegate in rules.roster.gone:
            return causes.denied(AbsenceDenial.DELEGATE_HAS_LEFT)
        if leave.delegate and not may_stand_in(leave.delegate, rules):
            return causes.denied(AbsenceDenial.NOT_A_DELEGATE)
        zone = known[leave.user].timezone if leave.user in known else ""
        found = absence(leave, zone or policy.timezone, now)
        if isinstance(found, AbsenceDenial):
            return causes.denied(found)
        await _end(session, leave.user, by=leave.by, now=now)
        session.add(AbsenceRow(**_row(found), set_at=now))
        messages = [*_notices(found, leave.by), Owed.home(leave.user, Rank.HOME)]
        await outbox.owe(session, messages, now=now)
        others = {**rules.roster.absences, leave.user: found}
        return Away(found, stand_in(leave.user, others, found.since))


async def come_back(
    db: Database, user: str, *, by: str, policy: Policy, now: datetime
) -> Absence | AbsenceDenial:
    """Write down that somebody is back, or does not go; the absence that this ends."""
    async with db.transaction() as session:
        rules = await people.rules(session, policy, only={by, user})
        if by != user and by not in rules.roster.admins:
            return causes.denied(AbsenceDenial.NOT_AN_ADMIN)
        found = rules.roster.absences.get(user)
        if found is None or found.is_over(now):
            return causes.denied(AbsenceDenial.NOT_AWAY)
        await _end(session, user, by=by, now=now)
        await outbox.owe(session, [*_notices(found, by), Owed.home(user, Rank.HOME)], now=now)
        return found


async def _end(session: AsyncSession, user: str, *, by: str, now: datetime) -> None:
    in_force = (col(AbsenceRow.user_id) == user, col(AbsenceRow.ended_at).is_(None))
    await session.exec(update(AbsenceRow).where(*in_force).values(ended_at=now, ended_by=by))


def _notices(told: Absence, by: str) -> list[Owed]:
    """Word to whom it concerns besides who asked: drawn when it is sent, from what is so then."""
    concerned = {told.user, told.delegate or told.user} - {by}
    data = {"user": told.user, "by": by}
    return [
        Owed.post(Kind.ABSENCE, reader, told.user, reader, data=data)
        for reader in sorted(concerned)
    ]


def _row(told: Absence) -> dict[str, Any]:
    row = asdict(told)
    return row | {"user_id": row.pop("user")}
