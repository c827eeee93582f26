"""The history of a request: append-only, one event a revision, each sealed with the one before.

A changed or removed event breaks the chain; one at the end that is missing or too many shows, since
the request has as many revisions. That a request row itself vanished, only a backup can tell.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, insert, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.columns import in_list
from store.engine.database import execute
from store.tables import EventRow, RequestRow

GENESIS = "0" * 64
# Hot: with every change of a request.
_NEW = insert(EventRow)
# By the request alone: with the revision beside it SQLite reads every event there is.
_SEALS = select(EventRow.request_id, EventRow.revision, EventRow.hash).where(
    in_list(col(EventRow.request_id), "ids")
)
PORTION = 1000
"""Events read at a time when everything is checked."""


@dataclass(frozen=True)
class Event:
    """What led to a revision of a request, before it is sealed."""

    request_id: int
    revision: int
    kind: str
    actor: str
    at: datetime
    data: Mapping[str, Any]
    previous: str = GENESIS


async def append(session: AsyncSession, events: Sequence[Event]) -> None:
    """Record what happened, in the transaction in which it happened; once a request at most."""
    before = await _seals(session, [e.request_id for e in events if e.revision > 1])
    linked = [
        replace(e, previous=before.get((e.request_id, e.revision - 1), GENESIS)) for e in events
    ]
    await execute(session, _NEW, [vars(event) | {"hash": seal(event)} for event in linked])


def seal(event: Event | EventRow) -> str:
    """The SHA-256 of everything the event says, the hash before it included."""
    facts = [
        event.request_id,
        event.revision,
        event.at.astimezone(UTC).isoformat(),
        event.actor,
        event.kind,
        event.data,
        event.previous,
    ]
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


async def history(session: AsyncSession, request_id: int) -> list[EventRow]:
    """Every event of a request, oldest first."""
    of_request = select(EventRow).where(EventRow.request_id == request_id)
    return list((await session.exec(of_request.order_by(col(EventRow.revision)))).all())


async def broken_at(session: AsyncSession, request_id: int) -> int | None:
    """The first revision whose event is missing, too many or unfit; None when the chain holds."""
    row = await session.get_one(RequestRow, request_id)
    return first_break(row.revision, await history(session, request_id))


@dataclass(frozen=True, slots=True)
class Chain:
    """The history of one request, checked; `broken_at` is the first revision that does not hold."""

    request_id: int
    events: int
    broken_at: int | None


async def verify(session: AsyncSession) -> AsyncIterator[Chain]:
    """Check every request there is, in the order of their ids and in bounded memory."""
    both = (
        select(RequestRow.id, RequestRow.revision, EventRow)
        .join(EventRow, col(EventRow.request_id) == RequestRow.id, isouter=True)
        .order_by(col(RequestRow.id), col(EventRow.revision))
    )
    rows = await session.stream(both.execution_options(yield_per=PORTION))
    current: tuple[int, int] | None = None
    events: list[EventRow] = []
    async for request_id, revision, event in rows:
        if current and current[0] != request_id:
            yield _chain(*current, events)
            events = []
        current = (request_id, revision)
        if event is not None:
            events.append(event)
    if current:
        yield _chain(*current, events)


def first_break(revision: int, events: Sequence[EventRow]) -> int | None:
    """The first revision of 1 to `revision` without its one fitting event, or with one too many."""
    by_revision = {event.revision: event for event in events}
    happened = range(1, revision + 1)
    previous = GENESIS
    for number in sorted(by_revision.keys() | set(happened)):
        event = by_revision.get(number)
        if event is None or number not in happened or event.previous != previous:
            return number
        if event.hash != seal(event):
            return number
        previous = event.hash
    return None


def _chain(request_id: int, revision: int, events: Sequence[EventRow]) -> Chain:
    return Chain(request_id, len(events), first_break(revision, events))


async def _seals(session: AsyncSession, ids: Sequence[int]) -> dict[tuple[int, int], str]:
    """The hashes of these requests' histories, by request and revision."""
    found = await execute(session, _SEALS, {"ids": ids}) if ids else ()
    return {(request_id, revision): hash_ for request_id, revision, hash_ in found}
