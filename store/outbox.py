"""Messages that are owed, and the loop's side of sending them: claim, settle, give back.

A row names a message ("card of request 7 for U2"), never its words: what is sent is rendered from
the state at that moment. Owing it again while it waits changes nothing; owing it again while it is
being sent keeps it owed. A lane is what Slack paces and orders together: posts to one conversation,
edits in it, answers to one person. One row a lane is sent at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any

from sqlalchemy import and_, case, func, or_, tuple_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import pacing
from store.database import Database, dialect_of, drop, execute, owes
from store.pacing import Method
from store.tables import LaneRow, OutboxRow

LEASE = timedelta(seconds=60)
"""How long a claimed row belongs to its sender; longer than any one call to Slack may take."""


class Kind(StrEnum):
    """Which message a row names; `bot.messages` renders one for each."""

    CARD = "card"
    OUTCOME = "outcome"
    WITHDRAWN = "withdrawn"
    REMINDER = "reminder"
    DIGEST = "digest"
    NUDGE = "nudge"
    DEPARTURE = "departure"
    REFUSAL = "refusal"
    LIST = "list"
    HOME = "home"
    EXPORT = "export"
    UNDELIVERED = "undelivered"


class Rank(IntEnum):
    """What goes first within a lane: no answer queues behind the cards of a large import."""

    ANSWER = 0
    CHANGE = 1
    NEW = 2


@dataclass(frozen=True)
class Owed:
    """One message as it is named, before it is anybody's to send."""

    key: str
    kind: Kind
    recipient: str
    lane: str
    rank: Rank = Rank.CHANGE
    request_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message that is ours to send until `lease_until`.

    `attempts` counts this one; `doubtful` means an earlier one may have reached Slack.
    """

    id: int
    key: str
    kind: Kind
    recipient: str
    lane: str
    request_id: int | None
    data: Mapping[str, Any]
    wanted: int
    attempts: int
    doubtful: bool
    created_at: datetime
    lease_until: datetime


async def owe(session: AsyncSession, messages: Sequence[Owed], *, now: datetime) -> None:
    """Owe these messages from now on; sent or failed before, they are owed anew."""
    if not messages:
        return
    await session.flush()  # the request a message is about may be new
    # In the order of their keys: two transactions that owe the same ones must not lock crosswise.
    ordered = sorted(messages, key=lambda message: message.key)
    rows = [vars(message) | {"due_at": now, "created_at": now} for message in ordered]
    await execute(session, _owing(dialect_of(session)), rows)
    owes(session)


async def claim(
    db: Database,
    *,
    owner: str,
    now: datetime,
    limit: int = 20,
    pace: timedelta = timedelta(),
) -> list[Claimed]:
    """Take up to `limit` due messages, at most one a lane, the most urgent first.

    With `pace`, the time between two posts in a channel, no more than Slack allows the workspace.
    """
    async with db.transaction() as session:
        await _give_back_expired(session, now)
        allowance = await pacing.allowance(session, pace, now=now)
        due = (await session.exec(_due(now, limit, allowance.closed))).all()
        within = allowance.within([lane for _, lane in due])
        picked = {id_: lane for (id_, lane), allowed in zip(due, within, strict=True) if allowed}
        if not picked:
            return []
        await pacing.spend(session, allowance, list(picked.values()))
        taken = (
            update(OutboxRow)
            .where(col(OutboxRow.id).in_(picked), col(OutboxRow.state) == "pending")
            .values(
                state="sending",
                attempts=OutboxRow.attempts + 1,
                lease_until=now + LEASE,
                lease_owner=owner,
            )
            .returning(OutboxRow)
        )
        rows = (await session.exec(taken)).scalars().all()
        return [_claimed(row) for row in sorted(rows, key=lambda row: (row.rank, row.id))]


async def settle(
    session: AsyncSession, message: Claimed, *, now: datetime, pace: timedelta = timedelta()
) -> None:
    """It was sent. Asked for again meanwhile, it is owed again; its lane rests for `pace`.

    That counts from the claim: else the time each call takes would be lost to the channel.
    """
    unchanged = col(OutboxRow.wanted) == message.wanted
    await _release(
        session,
        message,
        state=case((unchanged, "sent"), else_="pending"),
        settled_at=now,
        attempts=case((unchanged, OutboxRow.attempts), else_=0),
        doubtful=False,
        last_error=None,
    )
    if pace:
        await pacing.rest(session, message.lane, until=message.lease_until - LEASE + pace)


async def postpone(
    session: AsyncSession, message: Claimed, *, until: datetime, why: str, doubtful: bool
) -> None:
    """It was not sent, or perhaps it was: try again at `until`."""
    await _release(
        session, message, state="pending", due_at=until, last_error=why, doubtful=doubtful
    )


async def give_up(session: AsyncSession, message: Claimed, *, why: str, now: datetime) -> None:
    """It can never be sent and stays for the operator, unless it was asked for again meanwhile."""
    unchanged = col(OutboxRow.wanted) == message.wanted
    await _release(
        session,
        message,
        state=case((unchanged, "failed"), else_="pending"),
        settled_at=now,
        attempts=case((unchanged, OutboxRow.attempts), else_=0),
        last_error=why,
    )


async def next_due(db: Database, *, now: datetime) -> timedelta | None:
    """How long until something could be sent; None when nothing is owed.

    What waits behind a message under way counts from the end of that message's lease.
    """
    later = col(LaneRow.free_at) > OutboxRow.due_at
    waiting = (
        select(func.min(case((later, LaneRow.free_at), else_=OutboxRow.due_at)))
        .select_from(OutboxRow)
        .join(LaneRow, col(LaneRow.lane) == OutboxRow.lane, isouter=True)
        .where(OutboxRow.state == "pending", col(OutboxRow.lane).not_in(_busy_lanes()))
    )
    leases = select(func.min(OutboxRow.lease_until)).where(OutboxRow.state == "sending")
    async with db.snapshot() as session:
        moments = [(await session.exec(query)).one() for query in (waiting, leases)]
    known = [moment for moment in moments if moment]
    return max(min(known) - now, timedelta()) if known else None


async def forget(session: AsyncSession, *, before: datetime) -> int:
    """Drop a portion of what was sent before that moment; what failed stays. How many."""
    long_ago = col(OutboxRow.settled_at) < before
    return await drop(session, col(OutboxRow.id), OutboxRow.state == "sent", long_ago)


@cache
def _owing(dialect: Any) -> Any:
    """A new row, or the old one as it is asked for now; what is being sent stays so."""
    new = dialect.insert(OutboxRow)
    asked = ("kind", "lane", "rank", "request_id", "recipient", "data", "due_at")
    ended = or_(col(OutboxRow.state) == "sent", col(OutboxRow.state) == "failed")
    return new.on_conflict_do_update(
        index_elements=["key"],
        set_={name: new.excluded[name] for name in asked}
        | {
            "wanted": OutboxRow.wanted + 1,
            "state": case((col(OutboxRow.state) == "sending", "sending"), else_="pending"),
            "attempts": case((ended, 0), else_=OutboxRow.attempts),
        },
    )


def _due(now: datetime, limit: int, closed: Sequence[Method]) -> Any:
    """The first row of every lane that is free, due, and has nothing under way; with its lane.

    The most urgent rows are walked until enough are found that none in their lane goes before.
    """
    resting = select(LaneRow.lane).where(LaneRow.free_at > now)
    ahead = aliased(OutboxRow)
    known = [kind.value for kind in Kind]  # a newer replica may owe others, and sends them
    place = tuple_(col(ahead.rank), col(ahead.id))
    before = select(ahead.id).where(
        ahead.state == "pending",
        ahead.due_at <= now,
        col(ahead.kind).in_(known),
        ahead.lane == OutboxRow.lane,
        place < tuple_(col(OutboxRow.rank), col(OutboxRow.id)),
    )
    rows = select(OutboxRow.id, OutboxRow.lane).where(
        OutboxRow.state == "pending",
        OutboxRow.due_at <= now,
        col(OutboxRow.kind).in_(known),
        col(OutboxRow.lane).not_in(_busy_lanes()),
        col(OutboxRow.lane).not_in(resting),
        *(~col(OutboxRow.lane).startswith(f"{method.value}:") for method in closed),
        ~before.exists(),
    )
    urgent = rows.order_by(col(OutboxRow.rank), col(OutboxRow.id)).limit(limit)
    return urgent.with_for_update(skip_locked=True, of=OutboxRow)


def _busy_lanes() -> Any:
    return select(OutboxRow.lane).where(OutboxRow.state == "sending")


async def _give_back_expired(session: AsyncSession, now: datetime) -> None:
    """A sender that died with a message in hand may have sent it."""
    expired = select(OutboxRow.id).where(
        OutboxRow.state == "sending", col(OutboxRow.lease_until) <= now
    )
    # Without waiting for a row that another claimer gives back at this moment.
    ours = col(OutboxRow.id).in_(expired.with_for_update(skip_locked=True))
    await session.exec(
        update(OutboxRow).where(ours).values(state="pending", doubtful=True, lease_until=None)
    )


async def _release(session: AsyncSession, message: Claimed, **values: Any) -> None:
    """Let go of the row, if it is still ours: a lease that ran out may be somebody else's now."""
    ours = and_(
        col(OutboxRow.id) == message.id,
        col(OutboxRow.state) == "sending",
        col(OutboxRow.lease_until) == message.lease_until,
    )
    await session.exec(
        update(OutboxRow).where(ours).values(lease_until=None, lease_owner=None, **values)
    )


def _claimed(row: OutboxRow) -> Claimed:
    assert row.lease_until is not None, "it was just claimed"
    return Claimed(
        id=row.id,
        key=row.key,
        kind=Kind(row.kind),
        recipient=row.recipient,
        lane=row.lane,
        request_id=row.request_id,
        data=row.data,
        wanted=row.wanted,
        attempts=row.attempts,
        doubtful=row.doubtful,
        created_at=row.created_at,
        lease_until=row.lease_until,
    )
