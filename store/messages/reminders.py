"""Reminders, digests, nudges and departures: who is owed one now. A tick only asks.

A slot key (`digest:U1:2026-11-22`, the reviewer's own local date) is taken in the transaction that
owes the message, so that any number of ticks, restarts and replicas send it once.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlmodel import and_, col, func, or_, select, text, true
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.absences import is_away
from store.domain.access import Rules, as_reviewed_now, reviewers_after, stand_ins, votes_left
from store.domain.clock import zone_of
from store.domain.deadlines import digest_before, digest_day, digest_moment, reminder_day
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine.database import Database, delete_chunk, execute
from store.lists import listing
from store.messages import slots
from store.messages.outbox import Kind, Owed
from store.questions import UNANSWERED
from store.snapshots import snapshots
from store.tables import (
    ASKED,
    CALLS,
    NOT_REFUSED,
    OPEN,
    TESTED,
    UNMOVED,
    AssignmentRow,
    CardRow,
    PersonRow,
    QuestionRow,
    RequestRow,
    SlotRow,
)

_CHUNK = 500
"""Keys in one statement: it takes only so many parameters."""
NUDGE_WINDOW = timedelta(days=14)
"""How long after its day a nudge still goes out; slots are kept for longer than that."""
_DAILY = (Kind.DIGEST, Kind.REMINDER)
_WAITS = and_(OPEN, col(AssignmentRow.waits))
"""In the words of the partial index `ix_assignment_open`."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reviewer on whom something waits, since when, and their time zone."""

    reviewer: str
    since: datetime
    zone: str


async def owe_digests(db: Database, policy: Policy, *, now: datetime) -> int:
    """Owe each reviewer whose local digest time has come one digest; silent when nothing waited.

    Who reviews what another approved in an emergency too, until somebody has, and who was called to
    what is open. Returns how many are newly owed.
    """
    slots = []
    working = policy.working_time
    reviewers = await _waiting(db, policy, true(), now)
    others = [*await _to_look_at(db, policy, now), *await _called(db, policy, now)]
    for waiting in [*reviewers, *others]:
        day = digest_day(now, waiting.zone, policy.digest_at, working)
        if day and waiting.since < digest_moment(day, waiting.zone, policy.digest_at):
            since = digest_before(day, waiting.zone, policy.digest_at, working)
            data = {"at": now.isoformat(), "since": since.isoformat()}
            slots.append(Owed.post(Kind.DIGEST, waiting.reviewer, waiting.reviewer, day, data=data))
    return await _owe_once(db, slots, now=now)


async def _to_look_at(db: Database, policy: Policy, now: datetime) -> list[Waiting]:
    """On whom it waits to review an approval in an emergency."""
    async with db.snapshot() as session:
        alone = await listing.unreviewed(session, limit=_CHUNK)
        if not alone:
            return []
        roster = await people.roster(session, policy)
        waiting: dict[str, datetime] = {}
        for request in alone:  # the oldest first
            for user in reviewers_after(request.decided_by, roster):
                waiting.setdefault(user, request.completed_on or now)
        known = await people.known(session, waiting)
    found = []
    for user, since in sorted(waiting.items()):
        if not is_away(user, roster.absences, now):
            zone = known[user].timezone if user in known else ""
            found.append(Waiting(user, since, zone or policy.timezone))
    return found


async def _called(db: Database, policy: Policy, now: datetime) -> list[Waiting]:
    """Who was called to what is still open, since the first of that."""
    calls = (
        select(CardRow.recipient, func.min(RequestRow.escalated_at), PersonRow.timezone)
        .join(RequestRow, col(RequestRow.id) == CardRow.request_id)
        .join(PersonRow, col(PersonRow.user_id) == CardRow.recipient, isouter=True)
        .where(CALLS, text(f"request.{OPEN}"), col(PersonRow.active).is_not(False))
        .group_by(CardRow.recipient, PersonRow.timezone)
    )
    async with db.snapshot() as session:
        absences = await people.absences(session)
        rows = (await session.exec(calls)).all()
    return [
        Waiting(user, since or now, zone or policy.timezone)
        for user, since, zone in rows
        if not is_away(user, absences, now)
    ]


async def owe_reminders(db: Database, policy: Policy, *, now: datetime) -> int:
    """Owe each reviewer one reminder an hour of what has waited long since they were told.

    The digest of the morning has told of all before it; before that one comes, nobody is reminded.
    """
    async with db.snapshot() as session:
        tested = await reserved(session, policy, now=now)
    is_time = and_(col(AssignmentRow.remind_at) <= now, listing.CONCERNED)
    concerned = await _waiting(db, policy, is_time, now, col(AssignmentRow.remind_at), tested)
    told = await _told_since(db, now - timedelta(days=1))
    slots = []
    for waiting in concerned:
        day = reminder_day(now, waiting.zone, policy.working_time)
        if day is None or digest_moment(day, waiting.zone, policy.digest_at) > now:
            continue
        named = [digest_moment(day, waiting.zone, policy.digest_at)]
        named += [at for key, at in told if _is_of(key, waiting.reviewer, day)]
        if waiting.since > max(named):
            hour = now.astimezone(zone_of(waiting.zone)).hour
            slot = f"{day}T{hour:02}"
            data = {"at": now.isoformat(), "since": max(named).isoformat()}
            slots.append(
                Owed.post(Kind.REMINDER, waiting.reviewer, waiting.reviewer, slot, data=data)
            )
    return await _owe_once(db, slots, now=now)


async def reserved(session: AsyncSession, policy: Policy, *, now: datetime) -> tuple[int, ...]:
    """The requests of which nobody is reminded but who tests them: they lack one vote, and it is
    one of those who are waited for that is on it.
    """
    tested = select(RequestRow).where(OPEN, TESTED, col(RequestRow.testing_until) > now)
    requests = await snapshots(session, (await session.exec(tested)).all())
    if not requests:
        return ()
    rules = await people.rules(session, policy, about=requests)
    away = rules.roster.absences
    return tuple(
        request.id
        for request in requests
        if request.tester and not is_away(request.tester, away, now)
        if votes_left(request, rules, now) == 1
        if request.tester in _waited_for(request, rules, now)
    )


def _waited_for(request: Request, rules: Rules, now: datetime) -> set[str]:
    able = as_reviewed_now(request, rules, now).reviewers
    return {*able, *stand_ins(request, rules, now)}


async def _told_since(db: Database, moment: datetime) -> list[tuple[str, datetime]]:
    """The digests and reminders that were owed since, by their keys."""
    daily = or_(*(col(SlotRow.key).startswith(f"{kind}:") for kind in _DAILY))
    asked = select(SlotRow.key, SlotRow.at).where(col(SlotRow.at) > moment, daily)
    async with db.snapshot() as session:
        return [(key, at) for key, at in (await session.exec(asked)).all()]


def _is_of(key: str, reviewer: str, day: date) -> bool:
    _, whose, when = key.split(":", 2)
    return whose == reviewer and when.startswith(day.isoformat())


async def owe_nudges(db: Database, policy: Policy, *, now: datetime) -> int:
    """Owe the submitter of each release that was approved days ago and has not moved one nudge.

    Once: a release is nudged about within NUDGE_WINDOW, which is shorter than a slot is kept.
    """
    slots = []
    for request_id, submitter, zone in await _unmoved(db, policy, now):
        if reminder_day(now, zone, policy.working_time):
            ref = f"MP-{request_id}"
            slots.append(Owed.post(Kind.NUDGE, submitter, ref, request_id=request_id))
    return await _owe_once(db, slots, now=now)


async def owe_departures(db: Database, policy: Policy, *, now: datetime) -> int:
    """Tell each admin once of each reviewer who has left Slack while requests wait on them.

    Again, if they still do, once the slot is pruned. Returns how many are newly owed.
    """
    left = (
        select(AssignmentRow.reviewer)
        .join(PersonRow, col(PersonRow.user_id) == AssignmentRow.reviewer)
        .where(OPEN, col(PersonRow.active).is_(False))
        .distinct()
    )
    async with db.snapshot() as session:
        roster = await people.roster(session, policy)
        gone = (await session.exec(left)).all()
    notices = [
        Owed.post(Kind.DEPARTURE, admin, reviewer, admin, data={"reviewer": reviewer})
        for reviewer in gone
        for admin in sorted(roster.admins)
    ]
    return await _owe_once(db, notices, now=now)


async def owe_unreached(db: Database, *, now: datetime) -> int:
    """Tell who asked of each open question whose submitter has left Slack; how many are newly owed.

    Again, if it still is, once the slot is pruned.
    """
    asked = (
        select(QuestionRow.request_id, QuestionRow.number, QuestionRow.asked_by)
        .join(RequestRow, col(RequestRow.id) == QuestionRow.request_id)
        .join(PersonRow, col(PersonRow.user_id) == RequestRow.submitted_by)
        .where(ASKED, *UNANSWERED, col(PersonRow.active).is_(False))
    )
    async with db.snapshot() as session:
        rows = (await session.exec(asked)).all()
    return await _owe_once(db, [Owed.unreached(*row) for row in rows], now=now)


async def owe_question_reminders(db: Database, policy: Policy, *, now: datetime) -> int:
    """Remind each submitter once a working day of what they were asked before it and have not
    answered; how many are newly owed.
    """
    waiting = (
        select(RequestRow.submitted_by, func.min(QuestionRow.asked_at), PersonRow.timezone)
        .join(QuestionRow, col(QuestionRow.request_id) == RequestRow.id)
        .join(PersonRow, col(PersonRow.user_id) == RequestRow.submitted_by, isouter=True)
        .where(ASKED, *UNANSWERED)
        .where(col(PersonRow.active).is_not(False))
        .group_by(col(RequestRow.submitted_by), col(PersonRow.timezone))
    )
    async with db.snapshot() as session:
        rows = (await session.exec(waiting)).all()
    slots = []
    for submitter, asked_at, known in rows:
        zone = known or policy.timezone
        day = reminder_day(now, zone, policy.working_time)
        if day and asked_at.astimezone(zone_of(zone)).date() < day:
            slots.append(Owed.post(Kind.QUESTIONS, submitter, submitter, day))
    return await _owe_once(db, slots, now=now)


async def owe_stuck(db: Database, policy: Policy, *, now: datetime) -> int:
    """Tell each admin once of each request at a stage at which nobody can decide; how many."""
    async with db.snapshot() as session:
        found = await listing.stuck(session, limit=_CHUNK)
        admins = sorted((await people.roster(session, policy)).admins) if found else ()
    notices = [
        Owed.post(Kind.STUCK, admin, each.ref, each.stage, admin, request_id=each.id)
        for each in found
        for admin in admins
    ]
    return await _owe_once(db, notices, now=now)


async def owe_policy_refused(db: Database, policy: Policy, problem: str, *, now: datetime) -> int:
    """Tell each admin, once a day, that the policy file cannot be used; how many are newly owed."""
    name = hashlib.sha256(problem.encode()).hexdigest()[:16]
    return await _tell_admins(db, policy, name, {"problem": problem}, now)


async def owe_policies_differ(db: Database, policy: Policy, *, now: datetime) -> int:
    """Tell each admin, once a day, that replicas judge by different policies; how many."""
    return await _tell_admins(db, policy, "differ", {}, now)


async def _tell_admins(
    db: Database, policy: Policy, what: str, data: Mapping[str, Any], now: datetime
) -> int:
    async with db.snapshot() as session:
        admins = sorted((await people.roster(session, policy)).admins)
    day = now.date().isoformat()
    notices = [Owed.post(Kind.POLICY, admin, what, day, admin, data=data) for admin in admins]
    return await _owe_once(db, notices, now=now)


async def waited_for(db: Database) -> set[str]:
    """Everybody on whom something waits: reviewers, and submitters who are asked something."""
    waiting = select(AssignmentRow.reviewer).where(_WAITS).distinct()
    asked = select(RequestRow.submitted_by).where(ASKED).distinct()
    async with db.snapshot() as session:
        reviewers = (await session.exec(waiting)).all()
        return {*reviewers, *(await session.exec(asked)).all()}


async def prune(session: AsyncSession, *, before: datetime) -> int:
    """Delete a chunk of the slots taken before that moment; their day is long over. How many."""
    return await delete_chunk(session, SlotRow, col(SlotRow.key), col(SlotRow.at) < before)


async def _unmoved(db: Database, policy: Policy, now: datetime) -> list[tuple[int, str, str]]:
    due = now - timedelta(days=policy.nudge_after_days)
    waiting = (
        select(RequestRow.id, RequestRow.submitted_by, PersonRow.timezone)
        .join(PersonRow, col(PersonRow.user_id) == RequestRow.submitted_by, isouter=True)
        .where(UNMOVED, col(PersonRow.active).is_not(False))
        .where(NOT_REFUSED)
        .where(col(RequestRow.completed_on) <= due)
        .where(col(RequestRow.completed_on) > due - NUDGE_WINDOW)
    )
    async with db.snapshot() as session:
        rows = (await session.exec(waiting)).all()
    return [(request_id, user, zone or policy.timezone) for request_id, user, zone in rows]


async def _waiting(
    db: Database,
    policy: Policy,
    wanted: ColumnElement[bool],
    now: datetime,
    latest: SQLColumnExpression[datetime] | None = None,
    tested: Sequence[int] = (),
) -> list[Waiting]:
    """The reviewers concerned who still hold their role, have not left Slack and are not away; and
    who stands in.

    `since` is when the first of it came, or the `latest` of another moment.
    """
    since = func.min(AssignmentRow.created_at) if latest is None else func.max(latest)
    waiting = (
        select(AssignmentRow.reviewer, since)
        .where(_WAITS, wanted)
        .group_by(AssignmentRow.reviewer)
        .subquery()
    )
    assigned = select(waiting.c[0], waiting.c[1], PersonRow.timezone).join(
        PersonRow, col(PersonRow.user_id) == waiting.c[0], isouter=True
    )
    assigned = assigned.where(col(PersonRow.active).is_not(False))
    async with db.snapshot() as session:
        roster = await people.roster(session, policy)
        rows = (await execute(session, assigned, {"reserved": list(tested)})).all()
    absences = roster.absences
    holding = roster.everybody() | {each.delegate for each in absences.values()}
    holding -= {user for user in absences if is_away(user, absences, now)}
    return [
        Waiting(reviewer, since, zone or policy.timezone)
        for reviewer, since, zone in rows
        if reviewer in holding
    ]


async def _owe_once(db: Database, messages: Sequence[Owed], *, now: datetime) -> int:
    """Owe those of these messages whose key is a free slot, and take it. How many."""
    taken: set[str] = set()
    async with db.snapshot() as session:  # most are taken: no transaction for these
        for chunk in _chunks([message.key for message in messages]):
            taken.update(await session.exec(select(SlotRow.key).where(col(SlotRow.key).in_(chunk))))
    owed = 0
    for fresh in _chunks([message for message in messages if message.key not in taken]):
        async with db.transaction() as session:
            owed += await slots.owe_once(session, fresh, now=now)
    return owed


def _chunks(things: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
