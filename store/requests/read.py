"""One request: as it is, in its context, and as one person may see it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import notes, people, questions, watching
from store.domain.access import (
    Allowed,
    Denial,
    Denied,
    Refused,
    acts,
    as_reviewed_now,
    may,
    may_close,
    sees_only,
    voting_for,
)
from store.domain.deadlines import weekday_of
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Audience, People, Request
from store.engine import causes
from store.engine.columns import in_list, storable
from store.engine.database import AnySelect, Database, Reading
from store.messages.cards import Clicked
from store.people import Absent
from store.requests import same_target
from store.snapshots import FACTS, found
from store.tables import CardRow, RequestRow

# Hot: with every card and details that are drawn.
_ONE: AnySelect = select(*FACTS).where(in_list(col(RequestRow.id), "ids"))
_LOCKED = _ONE.with_for_update()


def find(session: AsyncSession, request_id: int) -> Reading[Request | None]:
    """The request as it is now, whoever asks, asked for now; None where there is none."""
    ids = storable([request_id])
    return Reading(lambda requests: next(iter(requests), None), found(session, _ONE, ids))


def find_locked(session: AsyncSession, request_id: int) -> Reading[Request | None]:
    """The same with its row locked until the transaction ends."""
    ids = storable([request_id])
    return Reading(lambda requests: next(iter(requests), None), found(session, _LOCKED, ids))


async def one(session: AsyncSession, request_id: int) -> Request:
    """The request as it is now. Raises LookupError where there is none."""
    request = await find(session, request_id)
    if request is None:
        raise LookupError(f"there is no request {request_id}")
    return request


async def locked(session: AsyncSession, request_id: int) -> Request:
    """The same, and nobody else changes it until the end of the transaction."""
    (request,) = await found(session, _LOCKED, [request_id])
    return request


async def examined(
    session: AsyncSession,
    request_id: int,
    act: Act,
    *,
    actor: str,
    policy: Policy,
    now: datetime,
    lock: bool = False,
) -> Request | Refused:
    """The request, where this person may do that with it now; else why not. With `lock` nobody else
    changes it until the end of the transaction.
    """
    request = await (find_locked if lock else find)(session, request_id)
    if request is None:
        return Refused(Denial.UNKNOWN, request_id)
    rules = await people.rules(session, policy, only={actor}, about=[request])
    answer = may(actor, act, request, rules, now)
    if isinstance(answer, Denied):
        return Refused.of(answer, request)
    return request


async def in_context(
    session: AsyncSession, request_id: int, *, only_of: str | None = None
) -> Request:
    """The request with what others and its history add, whoever asks: for `why`. Cards and details
    go by `as_seen`, which asks for it together with the roles.

    `only_of` is `access.sees_only` of who reads it. Raises LookupError where there is none.
    """
    request = await one(session, request_id)
    with_theirs = with_questions(session, request)
    around = same_target.around(session, request, only_of)
    return await same_target.in_context(session, await with_theirs, around, only_of)


def with_questions(session: AsyncSession, request: Request) -> Reading[Request]:
    """The request with what was asked about it, and what its submitter answered. Asked for now."""
    return Reading(lambda found: found[0], questions.with_theirs(session, [request]))


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as one person may see it: what they may do now, and who is named in it."""

    request: Request
    acts: frozenset[Act]
    people: People = field(default_factory=dict)


async def look(
    db: Database, request_id: int, *, viewer: str, policy: Policy, now: datetime
) -> Seen | Refused:
    """What this person sees of a request; Refused where they may not see it."""
    async with db.snapshot() as session:
        watchers = watching.of(session, storable([request_id]))
        found = await seen(session, request_id, viewer=viewer, policy=policy, now=now)
        causes.noted(found, request_id)
        if isinstance(found, Refused):
            return found
        known = await people.known(session, found.request.people())
        is_watched = viewer in (await watchers).get(request_id, ())
        return Seen(replace(found.request, is_watched=is_watched), found.acts, known)


async def seen(
    session: AsyncSession, request_id: int, *, viewer: str, policy: Policy, now: datetime
) -> Seen | Refused:
    """What this person sees of a request, in a transaction that reads more; Refused where they may
    not see it. Without the profiles of the people in it.
    """
    absent = people.absences(session)
    request = await find(session, request_id)
    if request is None:
        return Refused(Denial.UNKNOWN, request_id)
    return await as_seen(session, request, viewer=viewer, policy=policy, now=now, absent=absent)


async def as_seen(
    session: AsyncSession,
    request: Request,
    *,
    viewer: str,
    policy: Policy,
    now: datetime,
    absent: Absent,
) -> Seen | Refused:
    """What this person sees of a request that was found in this transaction; Refused where they may
    not see it.
    """
    # What stands around it is asked for with the roles, as for who sees everything: nearly all do.
    with_theirs, around = with_questions(session, request), same_target.around(session, request)
    has_day = bool(request.is_open and request.due_at and request.terms.target_hours)
    zone = people.zone(session, viewer, policy) if has_day else None
    # Who reviews an emergency depends on who the other admins are.
    whose = None if request.is_unreviewed else {viewer, *request.reviewers}
    rules = await people.rules(session, policy, only=whose, about=[request], absent=absent)
    allowed = acts(viewer, request, rules, now)
    if Act.SEE not in allowed:
        return Refused(Denial.UNKNOWN, request.id)
    only_of = sees_only(viewer, rules)
    request = await same_target.in_context(session, await with_theirs, around, only_of)
    if Act.NOTE in allowed and request.notes_written:
        request = replace(request, notes=(await notes.of(session, [request.id]))[request.id])
    asked_about = tuple(
        replace(each, is_closable=may_close(viewer, each, request, rules, now) == Allowed())
        for each in request.questions
    )
    for_whom = voting_for(viewer, request, rules, now) if Act.APPROVE in allowed else None
    request = replace(
        as_reviewed_now(request, rules, now),
        for_whom=for_whom,
        questions=asked_about,
        approve_note=policy.approve_note_for(request),
    )
    if zone and request.due_at:
        request = replace(request, due_day=weekday_of(request.due_at, now, await zone))
    return Seen(policy.shown(request), allowed)


async def in_channel(session: AsyncSession, refused: Refused, clicked: Clicked) -> Refused:
    """Why not, for somebody who clicked this message: who may open it, where it is the card of the
    request in the review channel, which is before everybody's eyes there.
    """
    card = await session.get(CardRow, (refused.request_id, Audience.CHANNEL, clicked.channel))
    if card is None or card.ts != clicked.ts:
        return refused
    request = await one(session, card.request_id)
    return Refused(Denial.NOT_FOR_YOU, request.id, request)


async def reviewed_now(
    session: AsyncSession,
    request: Request,
    *,
    policy: Policy,
    now: datetime,
    absent: Absent | None = None,
) -> Request:
    """The request as everybody may read it: whom it waits for, and where it leads, by today's
    roles and policy.
    """
    whose = {*request.reviewers}
    rules = await people.rules(session, policy, only=whose, about=[request], absent=absent)
    return policy.shown(as_reviewed_now(request, rules, now))


async def reviewed_in_context(
    session: AsyncSession, request: Request, *, policy: Policy, now: datetime, absent: Absent
) -> Request:
    """The request as everybody may read it, with what others and its history add."""
    with_theirs, around = with_questions(session, request), same_target.around(session, request)
    whose = {*request.reviewers}
    rules = await people.rules(session, policy, only=whose, about=[request], absent=absent)
    request = await same_target.in_context(session, await with_theirs, around)
    return policy.shown(as_reviewed_now(request, rules, now))
