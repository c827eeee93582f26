"""Notes about requests, as the rows have them. How one is written: `store.requests.note`."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.notes import Note
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, Reading, ask
from store.snapshots import by_request
from store.tables import NoteRow

Notes = Mapping[int, tuple[Note, ...]]
"""By the request, in their order; a request without any is not in it."""
_COLUMNS: tuple[Any, ...] = tuple(getattr(NoteRow, field.name) for field in fields(Note))
_OF: AnySelect = (
    select(NoteRow.request_id, *_COLUMNS)
    .where(in_list(col(NoteRow.request_id), "ids"))
    .order_by(col(NoteRow.request_id), col(NoteRow.number))
)


def of(session: AsyncSession, request_ids: Sequence[int]) -> Reading[Notes]:
    """All notes about these requests, asked for now; who may read them is the caller's to know."""

    def read(rows: Sequence[AnyRow]) -> Notes:
        return by_request(rows, lambda row: Note(*row[1:]))

    return Reading(read, ask(session, _OF, {"ids": request_ids}))
