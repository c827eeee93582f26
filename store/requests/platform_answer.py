"""What the platform says to an approval that it is told of: accepted or not, and then sent again.

What must stay true: an approval stays one, whatever the platform says; what it said is a fact
beside it, with an event of its own. The first answer to each time of sending counts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people, webhooks
from store.domain import target_rules
from store.domain.access import Denial, Denied, Refused, may
from store.domain.hook import SENT_AGAIN
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import PlatformAnswer, Request, Status
from store.domain.target_rules import Blocked, Target
from store.engine import causes
from store.engine.database import Database, advisory_lock
from store.messages import cards
from store.messages.cards import Clicked
from store.messages.outbox import Kind, Owed
from store.requests import read, revisions, same_target
from store.requests.revisions import Change
from store.snapshots import snapshots
from store.tables import EventRow, RequestRow, SaltRow

KINDS = {PlatformAnswer.ACCEPTED: "accepted", PlatformAnswer.REFUSED: "not_accepted"}
"""The kinds of the events."""
_REASON = "platform_reason"
_CHANGED_FIELDS = ("platform_answer", "platform_answered_at", _REASON)


@dataclass(frozen=True, slots=True)
class Said:
    """The platform's answer to an approval: to the webhook of which revision, by which hook, and of
    a refusal why.
    """

    request_id: int
    revision: int
    hook_id: int
    answer: PlatformAnswer
    reason: str | None = None
    cause: str | None = None


async def record_answers(
    session: AsyncSession, answers: Sequence[Said], policy: Policy, *, now: datetime
) -> None:
    """Write down what the platform said, redraw the cards, and tell who can mend a refusal.

    Not of what was decided on the platform itself, and nothing where an answer is on record. An
    answer to what was sent before the last time, as by a replay, says nothing of that.
    """
    if not answers:
        return
    ids = {each.request_id for each in answers}
    locked = select(RequestRow).where(col(RequestRow.id).in_(ids)).with_for_update()
    rows = (await session.exec(locked.order_by(col(RequestRow.id)))).all()
    last = await _last_sent(session, ids)
    said = {each.request_id: each for each in answers if last.get(each.request_id) == each.revision}
    asked = [
        request
        for request in await snapshots(session, rows)
        if request.id in said
        and request.status is Status.APPROVED
        and not (request.platform_decider or request.platform_answer)
    ]
    if not asked:
        return
    admins = (await people.roster(session, policy)).admins
    messages: list[Owed] = []
    for request in asked:
        found = said[request.id]
        answered = replace(
            request,
            revision=request.revision + 1,
            platform_answer=found.answer,
            platform_answered_at=now,
            platform_reason=found.reason,
        )
        causes.name(session, [(request.id, found.cause)])
        await _write(session, answered, KINDS[found.answer], f"hook:{found.hook_id}", now)
        if answered.is_refused_there:
            readers = sorted({answered.submitted_by, *admins})
            messages += [
                Owed.post(
                    Kind.NOT_ACCEPTED,
                    *(reader, request.id, answered.revision, reader),
                    request_id=request.id,
                )
                for reader in readers
            ]
    await cards.owe(session, [request.id for request in asked], now=now, also=messages)


async def _last_sent(session: AsyncSession, ids: Collection[int]) -> dict[int, int]:
    """The revisions of which the platform was told last that these requests are approved."""
    newest = select(EventRow.request_id, func.max(EventRow.revision)).where(
        col(EventRow.request_id).in_(ids),
        col(EventRow.kind).in_((Status.APPROVED.value, SENT_AGAIN)),
    )
    return dict((await session.exec(newest.group_by(col(EventRow.request_id)))).all())


@dataclass(frozen=True, slots=True)
class SendAgain:
    """An admin wants the platform to be told of an approval once more; `at` is aware UTC.

    `round` is what they saw of the request, `clicked` the message they clicked in, if any.
    """

    request_id: int
    actor: str
    at: datetime
    round: int | None = None
    clicked: Clicked | None = None
    cause: str | None = field(default_factory=causes.current_id, compare=False)


async def send_again(db: Database, wanted: SendAgain, policy: Policy) -> Request | Refused:
    """Owe the platform the approval as a new webhook, which it has not seen."""
    return causes.noted(await _send_again(db, wanted, policy), wanted.request_id)


async def _send_again(db: Database, wanted: SendAgain, policy: Policy) -> Request | Refused:
    """Step by step.

    1. Judge whether this person may, and on what they saw.
    2. Lock the target and the request, and read it again: another try may stand there by now, and
       then this one would be a second release of the same version.
    3. Take the answer back, and owe webhook and cards.
    """
    async with db.transaction() as session:
        request = await read.find(session, wanted.request_id)
        if request is None:
            return Refused(Denial.UNKNOWN, wanted.request_id)
        advisory_lock(session, Target.of(request).key)
        request = await read.locked(session, request.id)
        rules = await people.rules(session, policy, only={wanted.actor})
        allowed = may(wanted.actor, Act.SEND, request, rules, wanted.at)
        if isinstance(allowed, Denied):
            return Refused.of(allowed, request)
        if wanted.round not in {None, request.round}:
            return Refused(Denial.STALE, request.id, request)
        if not any(hook.is_platform for hook in await webhooks.hooks(session)):
            return Refused(Denial.NO_PLATFORM, request.id, request)
        target = Target.of(request)
        there = await same_target.precedents(session, target, request.version, beside=request.id)
        blocked = target_rules.judge(request.category, there)
        if isinstance(blocked, Blocked):
            standing = await read.one(session, blocked.by.id)
            return Refused(blocked.reason, request.id, standing, blocked.field)
        sent = replace(
            request,
            revision=request.revision + 1,
            platform_answer=None,
            platform_answered_at=None,
            platform_reason=None,
        )
        causes.name(session, [(request.id, wanted.cause)])
        await _write(session, sent, SENT_AGAIN, wanted.actor, wanted.at)
        clicked = [(request.id, wanted.clicked)] if wanted.clicked else []
        await cards.owe(session, [request.id], now=wanted.at, clicked=clicked)
        return await read.one(session, request.id)


async def _write(
    session: AsyncSession, request: Request, kind: str, actor: str, at: datetime
) -> None:
    """The guarded UPDATE and its event. Of the reason before, the salt goes with the text."""
    its = col(SaltRow.request_id) == request.id, col(SaltRow.name) == _REASON
    await session.exec(delete(SaltRow).where(*its))
    revisions.advance(session, [request], *_CHANGED_FIELDS)
    columns = revisions.written(request, *_CHANGED_FIELDS)
    await revisions.record(session, [Change(request, kind, actor, at, columns)])
