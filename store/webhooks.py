"""What platforms are owed: hooks, and deliveries in the order of each request.

A delivery is owed in the transaction of the change it tells of, and names the revision, never its
words: it is drawn when it is sent. One of a request is under way to a hook at a time; other
requests do not wait for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import and_, bindparam, col, delete, func, insert, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.hook import BY_KIND, SENT_AGAIN, Hook, HookEvent
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine import causes
from store.engine.columns import in_list
from store.engine.database import (
    AnyRow,
    Reading,
    Topic,
    advisory_lock,
    ask,
    delete_chunk,
    dialect_insert,
    execute,
    notify_after_commit,
)
from store.messages import outbox
from store.messages.outbox import Kind, Owed
from store.tables import DeliveryRow, EventRow, HookRow, OutboxState

LEASE = timedelta(seconds=60)
"""How long a claimed delivery belongs to its sender; longer than any one try may take."""
# Hot: with every change of a request.
_HOOKS = select(HookRow.id, HookRow.events, HookRow.is_platform)
_OWED = insert(DeliveryRow)


_EVENTS = BY_KIND | {SENT_AGAIN: HookEvent.APPROVED}


class HookTakenError(ValueError):
    """There is a hook with this address already."""


class PlatformTakenError(ValueError):
    """There is a hook of the platform already; the text is its address."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A hook by its id, the events it wants to hear of, and whether it is the platform's."""

    id: int
    events: frozenset[str]
    is_platform: bool


class Changed(Protocol):
    """What led to a revision of a request."""

    @property
    def request(self) -> Request: ...
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One that is ours to send until `lease_until`; `attempts` counts this one, and `cause` is the
    id of the click that it comes from.
    """

    id: int
    hook_id: int
    request_id: int
    revision: int
    event: str
    attempts: int
    first_at: datetime
    lease_until: datetime
    cause: str | None = None


def wishes(session: AsyncSession) -> Reading[Sequence[Wish]]:
    """What each hook wants to hear of, asked for now."""

    def read(rows: Sequence[AnyRow]) -> Sequence[Wish]:
        return [Wish(row.id, frozenset(row.events.split()), row.is_platform) for row in rows]

    return Reading(read, ask(session, _HOOKS))


async def owe(
    session: AsyncSession, changes: Sequence[Changed], hooks: Sequence[Wish] | None = None
) -> None:
    """Owe each of these changes to every hook that wants to hear of it; `hooks` as just read.

    What is sent again is the platform's hook's alone.
    """
    told = [(_EVENTS[each.kind], each) for each in changes if each.kind in _EVENTS]
    if hooks is None:
        hooks = await wishes(session) if told else ()
    rows = [
        _row(hook.id, each.request.id, each.request.revision, event, each.at)
        | {"cause": causes.of(session, each.request.id)}
        for hook in hooks
        for event, each in told
        if event in hook.events and (hook.is_platform or each.kind in BY_KIND)
    ]
    if rows:
        ask(session, _OWED, rows)
        notify_after_commit(session, Topic.WEBHOOKS)


async def add(
    session: AsyncSession,
    url: str,
    events: Iterable[HookEvent],
    secret: str,
    *,
    allow_private: bool,
    is_platform: bool = False,
    now: datetime,
) -> Hook:
    """A new hook; it hears of what happens from now on.

    Raises HookTakenError, and PlatformTakenError for a second one of the platform.
    """
    if is_platform:
        advisory_lock(session, "the platform's hook")
        taken = select(HookRow.url).where(col(HookRow.is_platform))
        if (url_there := (await session.exec(taken)).first()) is not None:
            raise PlatformTakenError(url_there)
    row = HookRow(
        url=url,
        events=" ".join(sorted(set(events))),
        secret=secret,
        allow_private=allow_private,
        is_platform=is_platform,
        created_at=now,
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise HookTakenError(url) from error
    return _hook(row)


async def hooks(session: AsyncSession) -> list[Hook]:
    """Every hook, the oldest first."""
    return [_hook(row) for row in await session.exec(select(HookRow).order_by(col(HookRow.id)))]


async def oldest_owed(session: AsyncSession) -> dict[int, tuple[int, datetime]]:
    """By hook, how many deliveries are owed, and since when the oldest is."""
    owed = select(DeliveryRow.hook_id, func.count(), func.min(DeliveryRow.created_at)).where(
        col(DeliveryRow.state) != OutboxState.SENT
    )
    rows = (await session.exec(owed.group_by(col(DeliveryRow.hook_id)))).all()
    return {hook: (count, since) for hook, count, since in rows}


async def remove(session: AsyncSession, url: str) -> bool:
    """Take a hook away, with all it is owed."""
    row = await _named(session, url)
    if row is None:
        return False
    await session.exec(delete(DeliveryRow).where(col(DeliveryRow.hook_id) == row.id))
    await session.delete(row)
    return True


async def pause(session: AsyncSession, url: str, *, why: str, now: datetime) -> bool:
    """Send it nothing for now; what it is owed is kept."""
    row = await _named(session, url)
    if row is not None:
        row.paused_at, row.paused_why = now, why
        session.add(row)
    return row is not None


async def resume(session: AsyncSession, url: str, *, now: datetime) -> bool:
    """Send it again what it is owed, from the first try on."""
    row = await _named(session, url)
    if row is None:
        return False
    row.paused_at = row.paused_why = None
    session.add(row)
    owed = update(DeliveryRow).where(
        col(DeliveryRow.hook_id) == row.id, col(DeliveryRow.state) == OutboxState.PENDING
    )
    await session.exec(owed.values(due_at=now, attempts=0, first_at=None))
    notify_after_commit(session, Topic.WEBHOOKS)
    return True


async def replay(session: AsyncSession, request_id: int, *, now: datetime) -> int:
    """Owe each hook all of a request's events anew, in their order; how many deliveries."""
    events = select(EventRow.revision, EventRow.kind).where(EventRow.request_id == request_id)
    happened = (await session.exec(events.order_by(col(EventRow.revision)))).all()
    rows = [
        _row(hook.id, request_id, revision, _EVENTS[kind], now)
        for hook in await hooks(session)
        for revision, kind in happened
        if kind in (_EVENTS if hook.is_platform else BY_KIND) and _EVENTS[kind] in hook.events
    ]
    if rows:
        new = dialect_insert(session)(DeliveryRow)
        again = {"state": OutboxState.PENDING.value, "due_at": now, "attempts": 0, "first_at": None}
        key = ["hook_id", "request_id", "revision"]
        await execute(session, new.on_conflict_do_update(index_elements=key, set_=again), rows)
        notify_after_commit(session, Topic.WEBHOOKS)
    return len(rows)


async def claim(
    session: AsyncSession, room: dict[int, int], *, owner: str, now: datetime
) -> list[Delivery]:
    """Claim what is due, for each hook as many as there is room for; none that is paused.

    A delivery waits for those of its request before it, be they due or not.
    """
    advisory_lock(session, "webhooks")
    expired = update(DeliveryRow).where(
        col(DeliveryRow.state) == OutboxState.SENDING, col(DeliveryRow.lease_until) <= now
    )
    await session.exec(expired.values(state=OutboxState.PENDING, lease_until=None))
    active = select(HookRow.id).where(col(HookRow.paused_at).is_(None))
    picked: list[int] = []
    for hook_id in (await session.exec(active)).all():
        asked = {"hook": hook_id, "now": now, "limit": room.get(hook_id, 0)}
        picked += (await execute(session, _DUE, asked)).scalars() if asked["limit"] else ()
    if not picked:
        return []
    lease = {"picked": picked, "until": now + LEASE, "by": owner, "now": now}
    rows = (await execute(session, _LEASE, lease)).all()
    return sorted((Delivery(*row) for row in rows), key=lambda each: (each.request_id, each.id))


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next delivery of a hook that is not paused is due, or its lease over.

    What waits for another of its request does not count: it is that one's turn.
    """
    moment = func.coalesce(DeliveryRow.lease_until, DeliveryRow.due_at)
    owed = select(func.min(moment)).join(HookRow, col(HookRow.id) == DeliveryRow.hook_id)
    waiting = (col(DeliveryRow.state) != OutboxState.SENT, col(HookRow.paused_at).is_(None))
    return (await session.exec(owed.where(*waiting, ~_WAITS.exists()))).one()


async def record_sent(
    session: AsyncSession, sent: Mapping[int, tuple[int, str]], *, owner: str, now: datetime
) -> None:
    """These deliveries, by id, of this owner have arrived: at which hook, and what it answered."""
    if sent:
        await execute(session, _SENT, {"ids": list(sent), "by": owner, "moment": now})
    for hook_id, answer in sorted(dict(sent.values()).items()):
        await _heard(session, hook_id, answer, now)


async def record_failed(
    session: AsyncSession, delivery: Delivery, answer: str, *, until: datetime, now: datetime
) -> None:
    """They do not have it, or perhaps they do: it is sent again at `until`."""
    await _release(session, delivery, state=OutboxState.PENDING.value, due_at=until)
    await _heard(session, delivery.hook_id, answer, now)


async def give_up(
    session: AsyncSession, delivery: Delivery, why: str, policy: Policy, *, now: datetime
) -> None:
    """Pause its hook, keep what it is owed, and tell the admins, once a pause."""
    await record_failed(session, delivery, why, until=now, now=now)
    row = await session.get(HookRow, delivery.hook_id, populate_existing=True)
    if row is None or row.paused_at:
        return
    row.paused_at, row.paused_why = now, why
    session.add(row)
    admins = (await people.roster(session, policy)).admins
    data = {"url": row.url, "why": why}
    about = (row.id, int(now.timestamp()))
    notices = [Owed.post(Kind.HOOK_PAUSED, each, *about, each, data=data) for each in admins]
    await outbox.owe(session, notices, now=now)


async def prune(session: AsyncSession, *, before: datetime) -> int:
    """Delete a chunk of what was sent before that moment, or owed since then to a paused hook."""
    sent = and_(col(DeliveryRow.state) == OutboxState.SENT, col(DeliveryRow.settled_at) < before)
    paused = select(HookRow.id).where(col(HookRow.paused_at).is_not(None))
    kept_long = and_(col(DeliveryRow.created_at) < before, col(DeliveryRow.hook_id).in_(paused))
    return await delete_chunk(session, DeliveryRow, col(DeliveryRow.id), or_(sent, kept_long))


async def _named(session: AsyncSession, url: str) -> HookRow | None:
    return (await session.exec(select(HookRow).where(HookRow.url == url))).first()


async def _release(session: AsyncSession, delivery: Delivery, **values: Any) -> None:
    """Let go of it, if it is still ours."""
    ours = update(DeliveryRow).where(
        col(DeliveryRow.id) == delivery.id,
        col(DeliveryRow.state) == OutboxState.SENDING,
        col(DeliveryRow.lease_until) == delivery.lease_until,
    )
    await session.exec(ours.values(lease_until=None, lease_owner=None, **values))


async def _heard(session: AsyncSession, hook_id: int, answer: str, now: datetime) -> None:
    heard = update(HookRow).where(col(HookRow.id) == hook_id)
    await session.exec(heard.values(last_answer=answer, last_at=now))


def _row(hook: int, request: int, revision: int, event: HookEvent, at: datetime) -> dict[str, Any]:
    return {
        "hook_id": hook,
        "request_id": request,
        "revision": revision,
        "event": event.value,
        "state": OutboxState.PENDING.value,
        "attempts": 0,
        "due_at": at,
        "created_at": at,
    }


def _hook(row: HookRow | AnyRow) -> Hook:
    named = {field.name: getattr(row, field.name) for field in fields(Hook)}
    return Hook(**named | {"events": frozenset(map(HookEvent, row.events.split()))})


_BEFORE = aliased(DeliveryRow)
_WAITS = select(_BEFORE.id).where(
    col(_BEFORE.hook_id) == DeliveryRow.hook_id,
    col(_BEFORE.request_id) == DeliveryRow.request_id,
    col(_BEFORE.revision) < DeliveryRow.revision,
    col(_BEFORE.state) != OutboxState.SENT,
)
_DUE = (
    select(DeliveryRow.id)
    .where(
        col(DeliveryRow.hook_id) == bindparam("hook"),
        col(DeliveryRow.state) == OutboxState.PENDING,
        col(DeliveryRow.due_at) <= bindparam("now"),
        ~_WAITS.exists(),
    )
    .order_by(col(DeliveryRow.due_at), col(DeliveryRow.id))
    .limit(bindparam("limit"))
)
_SENT = (
    update(DeliveryRow)
    .where(
        in_list(col(DeliveryRow.id), "ids"),
        col(DeliveryRow.state) == OutboxState.SENDING,
        col(DeliveryRow.lease_owner) == bindparam("by"),
    )
    .values(
        state=OutboxState.SENT, settled_at=bindparam("moment"), lease_until=None, lease_owner=None
    )
)
_LEASE = (
    update(DeliveryRow)
    .where(in_list(col(DeliveryRow.id), "picked"))
    .values(
        state=OutboxState.SENDING,
        attempts=DeliveryRow.attempts + 1,
        first_at=func.coalesce(DeliveryRow.first_at, bindparam("now")),
        lease_until=bindparam("until"),
        lease_owner=bindparam("by"),
    )
    .returning(*(getattr(DeliveryRow, field.name) for field in fields(Delivery)))
)
