"""Many new requests for one reader: gathered into one message, which leads to the queue.

What must stay true: a request is told of once, by a card or by such a message. So it is gathered in
the transaction that would owe its card, with the reader's count locked; and of the cards that came
before it in this count those that nobody has begun to send. The card of a gathered request is
never posted: what a decision at the same moment owes of it is moot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Insert
from sqlalchemy.orm import aliased
from sqlmodel import (
    String,
    and_,
    bindparam,
    cast,
    col,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain import bursts
from store.domain.bursts import Burst, Count, Waiting
from store.domain.request import Audience, Environment, Status
from store.engine.columns import in_list
from store.engine.database import (
    AnyRow,
    AnySelect,
    DialectInsert,
    ask,
    dialect_insert,
    execute,
    flush,
)
from store.messages import outbox
from store.messages.outbox import Kind, Owed
from store.messages.rate_limits import Method
from store.tables import (
    ArrivalsRow,
    AssignmentRow,
    BurstRow,
    CardRow,
    OutboxRow,
    OutboxState,
    RequestRow,
)

HOLD = timedelta(seconds=5)
"""How long after it begins the message is posted. People are notified of what it says then, and
never of an edit."""
Copy = tuple[int, str, str]
"""A copy of a request: its number, the audience, the recipient."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A message that has just begun, and since when what it is about counts."""

    id: int
    recipient: str
    audience: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Gathered:
    """The copies that are never posted, and the messages in their place."""

    copies: frozenset[Copy] = frozenset()
    messages: Sequence[Owed] = ()
    begun: Sequence[Begun] = ()


async def gather(
    session: AsyncSession, request_ids: Iterable[int], most: int, *, now: datetime
) -> Gathered:
    """Gather what is new of these requests, for readers who get more than `most` of late; with 0
    nothing.

    1. Find the copies of open requests that would be owed for the first time now, to whom they wait
       for or who is called.
    2. Lock the counts of their readers: two who submit at once would begin two messages.
    3. Count what is new. Where that is too many, the copies are silent from now on.
    """
    await flush(session)
    new: dict[tuple[str, str], list[int]] = {}
    if most:
        for request_id, audience, recipient in await ask(session, _NEW, {"ids": [*request_ids]}):
            new.setdefault((recipient, audience), []).append(request_id)
    if not new:
        return Gathered()
    before = await _locked_counts(session, sorted(_counted_as(*reader) for reader in new))
    copies: set[Copy] = set()
    messages, begun, counts = [], [], []
    for (recipient, audience), ids in sorted(new.items()):
        row = before[_counted_as(recipient, audience)]
        so_far = Count(tuple(map(datetime.fromisoformat, row.came)), row.burst_id)
        count, due = bursts.counted(so_far, len(ids), now), due_at(row.begun_at, row.ts)
        if bursts.gathers(count, most):
            number = count.burst
            if number is None:
                one = {"recipient": recipient, "audience": audience, "begun_at": now}
                number = (await execute(session, _BEGIN, one)).scalar_one()
                begun.append(Begun(number, recipient, audience, min(count.came)))
                due = due_at(now, None)
            count = bursts.gathered(count, number)
            messages.append(Owed.burst(number, recipient, due=due))
            its = {"its_recipient": recipient, "its_audience": audience, "ids": ids}
            ask(session, _SILENCE, its | {"burst": number})
            copies.update((request_id, audience, recipient) for request_id in ids)
        counts.append(
            {"its_recipient": row.recipient, "burst_id": count.burst}
            | {"came": [at.isoformat() for at in count.came]}
        )
    ask(session, _COUNT, counts)
    return Gathered(frozenset(copies), messages, begun)


def _counted_as(recipient: str, audience: str) -> str:
    """Calls are counted apart from new requests: what gathers them says another thing."""
    return f"{audience}:{recipient}" if audience == Audience.CALLED else recipient


def due_at(begun_at: datetime | None, ts: str | None) -> datetime | None:
    """When the message is to be posted; None once it stands in Slack."""
    return begun_at + HOLD if begun_at and not ts else None


async def fold(session: AsyncSession, begun: Sequence[Begun]) -> None:
    """Gather the cards that came before these messages in the same count, and that nobody has begun
    to send.

    After the rows of the outbox that the transaction writes: it takes what is free, and waits for
    nothing, so that it deadlocks with nobody.
    """
    for each in begun:
        asked = {"lane": f"{Method.POST}:{each.recipient}", "since": each.since}
        free = (await execute(session, _UNSENT, asked | {"its_audience": each.audience})).all()
        if free:
            ask(session, _OWED_NO_MORE, {"rows": [row.id for row in free]})
            its = {"its_recipient": each.recipient, "its_audience": each.audience}
            told = {"ids": [row.request_id for row in free], "burst": each.id}
            ask(session, _SILENCE, its | told)


async def find(session: AsyncSession, burst_id: int) -> Burst:
    """The message, and what of its requests waits for its reader at this moment."""
    row = await session.get_one(BurstRow, burst_id)
    audience = Audience(row.audience)
    its = col(CardRow.burst_id) == burst_id
    total = (await session.exec(select(func.count()).select_from(CardRow).where(its))).one()
    found = _WAITING if audience is Audience.REVIEWER else _WAITING_FOR_NONE
    waiting = [
        Waiting(Environment(environment), for_whom, count, since)
        for environment, for_whom, count, since in await ask(session, found, {"burst": burst_id})
    ]
    return Burst(row.id, row.recipient, audience, total, waiting, row.channel, row.ts)


async def record_posted(
    session: AsyncSession, burst_id: int, *, channel: str, ts: str, may_be_old: bool, now: datetime
) -> None:
    """Write down where the message stands. One that may show an old state is owed again."""
    where = col(BurstRow.id) == burst_id
    recipient = await session.exec(
        update(BurstRow)
        .where(where)
        .values(channel=channel, ts=ts)
        .returning(col(BurstRow.recipient))
    )
    if may_be_old:
        again = Owed.burst(burst_id, recipient.scalar_one(), due=None)
        await outbox.owe(session, [again], now=now)


async def record_deleted(session: AsyncSession, burst_id: int) -> None:
    """Somebody deleted the message in Slack: what changes next posts it anew."""
    gone = update(BurstRow).where(col(BurstRow.id) == burst_id)
    await session.exec(gone.values(channel=None, ts=None))


async def _locked_counts(session: AsyncSession, readers: Sequence[str]) -> Mapping[str, AnyRow]:
    """What each reader has got, with where the message is that gathers it, if one does."""
    none = [{"recipient": reader, "came": []} for reader in readers]
    ask(session, _first(dialect_insert(session)), none)
    rows = await ask(session, _LOCK_COUNTS, {"readers": readers})
    return {row.recipient: row for row in rows}


@cache
def _first(insert: DialectInsert) -> Insert:
    return insert(ArrivalsRow).on_conflict_do_nothing()


def _key() -> ColumnElement[str]:
    """Of a card's row in the outbox."""
    number, colon = cast(CardRow.request_id, String), literal(":")
    return literal(f"{Kind.CARD}:") + number + colon + CardRow.audience + colon + CardRow.recipient


def _is_unposted() -> tuple[ColumnElement[bool], ...]:
    card = CardRow
    return col(card.ts).is_(None), col(card.silent).is_(False), col(card.deletions) == 0


def _waits() -> ColumnElement[bool]:
    """Whether an assignment waits for its reviewer, and nobody stands in for them."""
    stood_in = aliased(AssignmentRow)
    by_another = select(stood_in.request_id).where(
        stood_in.request_id == AssignmentRow.request_id,
        stood_in.for_whom == AssignmentRow.reviewer,
        col(stood_in.turn),
    )
    return and_(col(AssignmentRow.waits), col(AssignmentRow.turn), ~by_another.exists())


# Hot: with every submitted request, and with every stage that opens.
_IS_OPEN = col(RequestRow.status) == literal_column(f"'{Status.UNDER_REVIEW}'")
_STATE = col(OutboxRow.state)
_UNDER_WAY = _STATE.in_([OutboxState.PENDING.value, OutboxState.SENDING.value])
_OWED = select(OutboxRow.id).where(OutboxRow.key == _key(), _UNDER_WAY)
_ITS_TURN = select(AssignmentRow.request_id).where(
    AssignmentRow.request_id == CardRow.request_id,
    AssignmentRow.reviewer == CardRow.recipient,
    _waits(),
)
_IS_CHANNELS = col(CardRow.audience) == Audience.CHANNEL.value
_IS_CALL = col(CardRow.audience) == Audience.CALLED.value
_IS_REVIEWERS = col(CardRow.audience) == Audience.REVIEWER.value
_NEW: AnySelect = (
    select(CardRow.request_id, CardRow.audience, CardRow.recipient)
    .join(RequestRow, col(RequestRow.id) == CardRow.request_id)
    .where(in_list(col(CardRow.request_id), "ids"), *_is_unposted(), _IS_OPEN, ~_OWED.exists())
    .where(or_(_IS_CHANNELS, _IS_CALL, _IS_REVIEWERS & _ITS_TURN.exists()))
)
_LOCK_COUNTS: AnySelect = (
    select(*(getattr(ArrivalsRow, name) for name in ArrivalsRow.model_fields))
    .add_columns(BurstRow.begun_at, BurstRow.ts)
    .join(BurstRow, col(BurstRow.id) == ArrivalsRow.burst_id, isouter=True)
    .where(in_list(col(ArrivalsRow.recipient), "readers"))
    .order_by(col(ArrivalsRow.recipient))  # in one order, against deadlocks
    .with_for_update(of=ArrivalsRow)
)
_COUNT = (
    update(ArrivalsRow)
    .where(col(ArrivalsRow.recipient) == bindparam("its_recipient"))
    .values({name: bindparam(name) for name in ("came", "burst_id")})
)
_BEGIN = insert(BurstRow).returning(col(BurstRow.id))
_SILENCE = (
    update(CardRow)
    .where(
        in_list(col(CardRow.request_id), "ids"),
        col(CardRow.audience) == bindparam("its_audience"),
        col(CardRow.recipient) == bindparam("its_recipient"),
    )
    .values(silent=True, burst_id=bindparam("burst"))
)
_UNSENT: AnySelect = (
    select(OutboxRow.id, OutboxRow.request_id)
    .join(CardRow, col(OutboxRow.key) == _key())
    .where(
        OutboxRow.lane == bindparam("lane"),
        literal_column(f"'{OutboxState.PENDING}'") == _STATE,
        col(OutboxRow.doubtful).is_(False),
        OutboxRow.owed_at >= bindparam("since"),
        CardRow.request_id == OutboxRow.request_id,
        CardRow.audience == bindparam("its_audience"),
        *_is_unposted(),
    )
    .with_for_update(of=OutboxRow, skip_locked=True)
)
_OWED_NO_MORE = delete(OutboxRow).where(in_list(col(OutboxRow.id), "rows"))
_GATHERED: AnySelect = (
    select(RequestRow.environment)
    .join(CardRow, col(RequestRow.id) == CardRow.request_id)
    .where(_IS_OPEN, col(CardRow.burst_id) == bindparam("burst"))
    .group_by(RequestRow.environment)
)
_NUMBERS = (func.count().label("count"), func.min(RequestRow.created_at).label("since"))
_WAITING_FOR_NONE = _GATHERED.add_columns(literal(None).label("for_whom"), *_NUMBERS)
_WAITING = (
    _GATHERED.join(AssignmentRow, col(AssignmentRow.request_id) == RequestRow.id)
    .where(col(AssignmentRow.reviewer) == CardRow.recipient, _waits())
    .add_columns(col(AssignmentRow.for_whom), *_NUMBERS)
    .group_by(col(AssignmentRow.for_whom))
)
