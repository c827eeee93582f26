"""The history of a request: append-only, one event a revision, each sealed with the one before.

A changed or removed event breaks the chain; one at the end that is missing or too many shows, since
the request has as many revisions. That a request row itself vanished, only a backup can tell.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import EventRow, RequestRow

GENESIS = "0" * 64


async def append(
    session: AsyncSession,
    request_id: int,
    revision: int,
    *,
    kind: str,
    actor: str,
    at: datetime,
    data: Mapping[str, Any],
) -> None:
    """Record what happened, in the transaction in which it happened."""
    before = await session.get(EventRow, (request_id, revision - 1))
    event = EventRow(
        request_id=request_id,
        revision=revision,
        at=at,
        actor=actor,
        kind=kind,
        data=dict(data),
        previous=before.hash if before else GENESIS,
        hash="",
    )
    event.hash = seal(event)
    session.add(event)


def seal(event: EventRow) -> str:
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
    events = {event.revision: event for event in await history(session, request_id)}
    happened = range(1, row.revision + 1)
    previous = GENESIS
    for revision in sorted(events.keys() | set(happened)):
        event = events.get(revision)
        if event is None or revision not in happened or event.previous != previous:
            return revision
        if event.hash != seal(event):
            return revision
        previous = event.hash
    return None
