"""All that is on record of one request, for a reader that sees everything: the HTTP API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import notes, people, questions
from store.domain.request import People, Request
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, execute
from store.messages.outbox import Kind
from store.requests import read
from store.snapshots import FACTS, snapshots
from store.tables import BurstRow, CardRow, EventRow, OutboxRow, OutboxState, RequestRow

# Hot: with every webhook. All events of a request are few.
_REQUESTS: AnySelect = select(*FACTS).where(in_list(col(RequestRow.id), "ids"))
_OF_EVENT: tuple[Any, ...] = (
    *(EventRow.request_id, EventRow.revision, EventRow.at),
    *(EventRow.actor, EventRow.kind, EventRow.data),
)
_EVENTS: AnySelect = select(*_OF_EVENT).where(in_list(col(EventRow.request_id), "ids"))


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the history. `actor` is a person, or an API key (`key:3`), which may have acted
    `on_behalf_of` a person; `origin` is "platform" for what was decided there.

    `changed` are facts of the request and what they became; what people wrote is not among them.
    """

    revision: int
    at: datetime
    actor: str
    kind: str
    on_behalf_of: str | None
    origin: str | None
    changed: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody was told of it in Slack: when it arrived, or where it is instead."""

    kind: Kind
    recipient: str
    state: OutboxState
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """A request, its history and what was sent for it; `people` are all whom it names."""

    request: Request
    history: tuple[Happened, ...]
    messages: tuple[Message, ...]
    people: People


@dataclass(frozen=True, slots=True)
class HookEvent:
    """What a webhook tells: one event, and the request as it is now."""

    request: Request
    event: Happened
    people: People


async def hook_events(session: AsyncSession, about: Sequence[tuple[int, int]]) -> list[HookEvent]:
    """For each request and revision what led to it, in a few queries for any number."""
    ids = sorted({request_id for request_id, _ in about})
    rows = (await execute(session, _REQUESTS, {"ids": ids})).all()
    found_now = await questions.with_theirs(session, await snapshots(session, rows))
    requests = {request.id: request for request in found_now}
    found, wanted = await execute(session, _EVENTS, {"ids": ids}), set(about)
    places = ((each, (each.request_id, each.revision)) for each in found)
    events = {place: _happened(each) for each, place in places if place in wanted}
    named = {user for request in requests.values() for user in request.people()}
    for each in events.values():
        named |= {each.actor, each.on_behalf_of or each.actor}
    known = await people.known(session, named)
    return [HookEvent(requests[each[0]], events[each], known) for each in about]


async def number_of(session: AsyncSession, external_id: str) -> int | None:
    """The number of the request with this external id; None where there is none."""
    found = select(RequestRow.id).where(RequestRow.external_id == external_id)
    return (await session.exec(found)).first()


async def record_of(session: AsyncSession, request_id: int) -> Record | None:
    """What is on record of a request at this moment; None where there is none."""
    request = await read.find(session, request_id)
    if request is None:
        return None
    request = await read.with_questions(session, request)
    if request.notes_written:
        request = replace(request, notes=(await notes.of(session, [request.id]))[request.id])
    events = select(EventRow).where(EventRow.request_id == request_id)
    history = tuple(map(_happened, await session.exec(events.order_by(col(EventRow.revision)))))
    messages = await _messages(session, request)
    named = request.people() | {each.recipient for each in messages}
    named |= {each.actor for each in history}
    named |= {each.on_behalf_of for each in history if each.on_behalf_of}
    known = await people.known(session, named)
    return Record(request, history, messages, known)


def _happened(event: EventRow | AnyRow) -> Happened:
    noted, changed = event.data, event.data.get("set", {})
    return Happened(
        revision=event.revision,
        at=event.at,
        actor=event.actor,
        kind=event.kind,
        on_behalf_of=noted.get("on_behalf_of"),
        origin=noted.get("origin"),
        changed=changed,
    )


async def _messages(session: AsyncSession, request: Request) -> tuple[Message, ...]:
    """Copies of the card or messages that tell of it with others, and notices. Sent ones are kept
    for a month; a card is known for ever.
    """
    copies = select(CardRow).where(CardRow.request_id == request.id)
    in_order = copies.order_by(CardRow.audience, CardRow.recipient)
    of_bursts = select(BurstRow).where(
        col(BurstRow.id).in_(select(CardRow.burst_id).where(CardRow.request_id == request.id))
    )
    bursts = (await session.exec(of_bursts.order_by(col(BurstRow.id)))).all()
    cards = [card for card in await session.exec(in_order) if not card.silent]
    card_keys = [f"{Kind.CARD}:{request.id}:{each.audience}:{each.recipient}" for each in cards]
    notice_keys = [f"{Kind.OUTCOME}:{request.id}"]
    notice_keys += [f"{Kind.WITHDRAWN}:{request.id}:{user}" for user in request.asked]
    burst_keys = [f"{Kind.BURST}:{burst.id}" for burst in bursts]
    rows = await _by_key(session, [*card_keys, *burst_keys, *notice_keys])
    return (
        *(
            _posted(Kind.CARD, card, rows.get(key))
            for card, key in zip(cards, card_keys, strict=True)
        ),
        *(_posted(Kind.BURST, burst, rows.get(f"{Kind.BURST}:{burst.id}")) for burst in bursts),
        *(_notice(rows[key]) for key in notice_keys if key in rows),
    )


async def _by_key(session: AsyncSession, keys: Sequence[str]) -> dict[str, OutboxRow]:
    rows = await session.exec(select(OutboxRow).where(col(OutboxRow.key).in_(keys)))
    return {row.key: row for row in rows}


def _posted(kind: Kind, found: CardRow | BurstRow, row: OutboxRow | None) -> Message:
    """Slack names a message by the moment it was posted."""
    if found.ts:
        at = datetime.fromtimestamp(float(found.ts), UTC)
        return Message(kind, found.recipient, OutboxState.SENT, at)
    state = OutboxState(row.state) if row else OutboxState.PENDING
    return Message(kind, found.recipient, state, None)


def _notice(row: OutboxRow) -> Message:
    state = OutboxState(row.state)
    at = row.settled_at if state is OutboxState.SENT else None
    return Message(Kind(row.kind), row.recipient, state, at)
