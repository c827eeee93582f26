"""Drafts: what a form has collected, kept here because Slack keeps 3000 characters.

Only its owner reaches a draft. Somebody else's, an invented one and one deleted long ago all look
the same to whoever asks: not there.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import col, delete, exists, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.access import Denial, Refused
from store.domain.draft import SENT_AS, Draft, Values, values_of
from store.domain.json_values import storable
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine.database import Database, delete_chunk
from store.requests import read
from store.tables import DraftRow, RequestRow

MOST = 5
"""Of how many newest drafts one that was begun is looked for."""


async def begin(
    db: Database, *, owner: str, now: datetime, values: Values, repeats: Request | None = None
) -> Draft:
    """A new draft with these values, for a request of its own or to submit one again."""
    row = DraftRow(
        id=secrets.token_urlsafe(16),
        owner=owner,
        data=_kept(values),
        resubmission_of=repeats.id if repeats else None,
        updated_at=now,
    )
    async with db.transaction() as session:
        session.add(row)
    return Draft(row.id, row.owner, row.data, repeats)


async def repeat(
    db: Database, request_id: int, *, owner: str, policy: Policy, now: datetime
) -> Draft | Refused:
    """A draft that begins with what an ended request had; Refused for who may not repeat it."""
    seen = await read.look(db, request_id, viewer=owner, policy=policy, now=now)
    if isinstance(seen, Refused):
        return seen
    if Act.RESUBMIT not in seen.acts:
        return Refused(Denial.NOT_RESUBMITTABLE, request_id, seen.request)
    values = values_of(seen.request)
    return await begin(db, owner=owner, values=values, repeats=seen.request, now=now)


async def find(db: Database, draft_id: str, *, owner: str) -> Draft | None:
    """The draft, if it is there and this person's."""
    async with db.snapshot() as session:
        row = await session.get(DraftRow, draft_id)
        return await _snapshot(session, row) if row and row.owner == owner else None


async def unfinished(db: Database, *, owner: str) -> Draft | None:
    """The draft this person wrote at last and has not submitted; an empty one is none."""
    sent = exists().where(col(RequestRow.external_id) == f"{SENT_AS}" + col(DraftRow.id))
    theirs = select(DraftRow).where(DraftRow.owner == owner, ~sent)
    newest = theirs.order_by(col(DraftRow.updated_at).desc()).limit(MOST)
    async with db.snapshot() as session:
        for row in await session.exec(newest):
            draft = await _snapshot(session, row)
            if draft.is_begun:
                return draft
    return None


async def discard(db: Database, draft_id: str, *, owner: str) -> None:
    """Delete a draft of this person's."""
    mine = delete(DraftRow).where(col(DraftRow.id) == draft_id, col(DraftRow.owner) == owner)
    async with db.transaction() as session:
        await session.exec(mine)


async def change(
    db: Database,
    draft_id: str,
    *,
    owner: str,
    now: datetime,
    to: Callable[[Draft], Values],
) -> Draft | None:
    """Keep what `to` makes of the draft, and answer with it; None if it is not this person's."""
    mine = select(DraftRow).where(DraftRow.id == draft_id, DraftRow.owner == owner)
    async with db.transaction() as session:
        # Locked, because two clicks in one form would overwrite each other's half on PostgreSQL.
        row = (await session.exec(mine.with_for_update())).first()
        if row is None:
            return None
        draft = await _snapshot(session, row)
        row.data = _kept(to(draft))
        row.updated_at = now
        return replace(draft, values=row.data)


async def prune(session: AsyncSession, *, before: datetime) -> int:
    """Delete a chunk of the drafts nobody has touched since then; how many."""
    untouched = col(DraftRow.updated_at) < before
    return await delete_chunk(session, DraftRow, col(DraftRow.id), untouched)


def _kept(values: Values) -> dict[str, Any]:
    """As a database can hold it; what it cannot is refused later, when the draft is submitted."""
    kept: dict[str, Any] = storable(values, [])
    return kept


async def _snapshot(session: AsyncSession, row: DraftRow) -> Draft:
    repeated = row.resubmission_of
    return Draft(
        row.id, row.owner, row.data, await read.find(session, repeated) if repeated else None
    )
