"""What the record knows about how a request was made known: copies of its card, reminders."""

from datetime import UTC, datetime

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain import explanation
from store.domain.access import Allowed, Denial, Refused, as_reviewed_now, may, sees_only
from store.domain.explanation import Delivery, Why
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Audience, Request
from store.engine.database import Database
from store.messages.outbox import Kind
from store.requests import read
from store.tables import BurstRow, CardRow, OutboxRow, OutboxState, RequestRow


async def why(
    db: Database, request_id: int, *, asker: str, policy: Policy, now: datetime
) -> Why | Refused:
    """Who may decide, whether the asker may, and who was told; Refused for who may not see it."""
    async with db.snapshot() as session:
        request = await read.find(session, request_id)
        if request is None:
            return Refused(Denial.UNKNOWN, request_id)
        rules = await people.rules(session, policy)
        if may(asker, Act.SEE, request, rules, now) != Allowed():
            return Refused(Denial.UNKNOWN, request_id)
        only_of = sees_only(asker, rules)
        request = await read.in_context(session, request_id, only_of=only_of)
        able = explanation.deciders(request, rules, now)
        deliveries = await _deliveries(session, request)
        request = as_reviewed_now(request, rules, now)
        named = {*request.people(), *able, *(copy.recipient for copy in deliveries)}
        remind_at = (await session.get_one(RequestRow, request_id)).remind_at
        return Why(
            request=request,
            asker=asker,
            deciders=able,
            denial=explanation.refusal(asker, request, rules, now),
            deliveries=deliveries,
            reminded=await _reminded(session, request),
            remind_at=remind_at,
            is_late=remind_at <= now,
            people=await people.known(session, named),
            # The file's date is of another clock, and no policy in force is of later than now.
            policy_of=min(policy.changed_at, now) if policy.changed_at else None,
        )


async def _deliveries(session: AsyncSession, request: Request) -> tuple[Delivery, ...]:
    """Who is told of it by no message is left out."""
    is_told = or_(col(CardRow.silent).is_(False), col(CardRow.burst_id).is_not(None))
    copies = (
        select(CardRow, BurstRow.ts)
        .join(BurstRow, col(BurstRow.id) == CardRow.burst_id, isouter=True)
        .where(CardRow.request_id == request.id, is_told)
    )
    ordered = copies.order_by(col(CardRow.audience), col(CardRow.recipient))
    failed = select(OutboxRow.data, OutboxRow.recipient, OutboxRow.last_error).where(
        OutboxRow.request_id == request.id,
        OutboxRow.kind == Kind.CARD.value,
        OutboxRow.state == OutboxState.FAILED,
    )
    why_not = {(data["audience"], to): error for data, to, error in await session.exec(failed)}
    return tuple(
        Delivery(
            recipient=copy.recipient,
            audience=Audience(copy.audience),
            at=_posted(copy.ts or burst_ts),
            failed=why_not.get((copy.audience, copy.recipient)),
            gathered=copy.silent,
        )
        for copy, burst_ts in await session.exec(ordered)
    )


def _posted(ts: str | None) -> datetime | None:
    """Slack names a message by the moment it was posted; an edit later keeps that."""
    return datetime.fromtimestamp(float(ts), UTC) if ts else None


async def _reminded(session: AsyncSession, request: Request) -> tuple[tuple[str, datetime], ...]:
    """Each digest counts what waits for its reader, and a reminder what has done so for long."""
    row = await session.get_one(RequestRow, request.id)
    sent = (
        select(OutboxRow.recipient, func.max(OutboxRow.settled_at))
        .where(col(OutboxRow.kind).in_([Kind.DIGEST.value, Kind.REMINDER.value]))
        .where(OutboxRow.state == OutboxState.SENT)
        .where(col(OutboxRow.recipient).in_(request.asked))
        .where(col(OutboxRow.settled_at) >= row.remind_at)
        .group_by(OutboxRow.recipient)
        .order_by(OutboxRow.recipient)
    )
    if request.completed_on:
        sent = sent.where(col(OutboxRow.settled_at) <= request.completed_on)
    return tuple((reader, at) for reader, at in await session.exec(sent) if at)
