"""The history of a request: append-only, one event a revision, each sealed with the one before.

What the `data` of an event says, beside notes of its kind of act:

- `set`: columns of the request and what they were set to.
- `texts`: of what somebody wrote, the salted hash, by the column it was written into. The salt
  stands in a table of its own, and is deleted with the text.
- `assigned`: stage and reviewer of each assignment that was made; `unassigned`: of each that was
  taken back.
- `handed`: to whom it was handed at which stage, by whom and when, and whether as a guest.
- `votes`: votes by stage and reviewer, with the columns that were set; the note of one is named by
  that too (`domain.approval_notes`).
- `questions`, `noted`: questions and notes by their number, with the columns that were set; a text
  of one is named by its column and that number.
- `hidden`: names of texts that an admin has hidden: what was sealed under them before is kept apart
  (`HiddenRow`), and what stands in their place is sealed like a text.
- `erased`: names of texts that were erased, and with them what was hidden under those names.
- `after`: numbers of requests that were there already, so that one that vanishes is missed.
- `before`: of what an older version had kept: the hash it ended with, what was wrong with it, and
  when it was sealed as it stood.
"""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlmodel import col, insert, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.canonical import salted_digest
from store.domain.checkpoint import GENESIS, SEALED, seal_of
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, Database, Reading, ask, execute
from store.engine.time_limits import LONG
from store.tables import EventRow, SaltRow

TEXTS = (
    *("title", "mini_program_name", "details", "decision_reason"),
    *("platform_decider", "platform_reason", "incident", "evidence"),
)
"""The columns of a request that hold what somebody wrote."""
DERIVED = frozenset(
    {
        *("id", "revision", "search_text", "target_app", "stage_key"),
        *("questions_asked", "questions_open", "notes_written"),
    }
)
"""The columns of a request that no event sets: they follow from the event itself, from other
columns by the code of today, or count rows of another table.
"""
VOTE_REASON = "vote_reason"
"""The text that stands in the votes of its event."""
SPOKEN = {"question": "questions", "answer": "questions", "note": "noted"}
"""The columns of questions and notes that hold what somebody wrote, and where an event has them."""
Seals = Mapping[tuple[int, int], str]
"""Hashes of events, by request and revision."""
_SALT_BYTES = 16
PORTION = 1_000
"""Events read at a time."""
# Hot: with every change of a request.
_NEW = insert(EventRow)
_NEW_SALTS = insert(SaltRow)
# By the request alone: with the revision beside it SQLite reads every event there is.
_SEALS = select(EventRow.request_id, EventRow.revision, EventRow.hash).where(
    in_list(col(EventRow.request_id), "ids")
)


@dataclass(frozen=True)
class Event:
    """What led to a revision of a request, before it is sealed; `texts` as they were written."""

    request_id: int
    revision: int
    kind: str
    actor: str
    at: datetime
    data: Mapping[str, Any]
    texts: Mapping[str, Any] = field(default_factory=dict)
    previous: str = GENESIS


def spoken_name(column: str, number: int | str) -> str:
    """What a text of a question or note is called in its event: "answer 2"."""
    return f"{column} {number}"


def spoken(name: str) -> tuple[str, int] | None:
    """The column that a text of this name is of, and the number; None where it is of no question
    and no note.
    """
    column, _, number = name.partition(" ")
    return (column, int(number)) if column in SPOKEN and number.isdecimal() else None


def seals(session: AsyncSession, ids: Sequence[int]) -> Reading[Seals]:
    """The hashes of these requests' histories, asked for now."""

    def read(rows: Sequence[AnyRow]) -> Seals:
        return {(row.request_id, row.revision): row.hash for row in rows}

    return Reading(read, ask(session, _SEALS, {"ids": ids}))


async def append(
    session: AsyncSession, events: Sequence[Event], before: Seals | None = None
) -> None:
    """Record what happened, in the transaction in which it happened; once a request at most.

    `before` are the seals of their requests, read since those were locked; else they are read.
    """
    later = [event.request_id for event in events if event.revision > 1]
    if before is None:
        before = await seals(session, later) if later else {}
    rows: list[dict[str, Any]] = []
    salts: list[dict[str, Any]] = []
    for event in events:
        added = {name: secrets.token_hex(_SALT_BYTES) for name in event.texts}
        hashes = {name: salted_digest(event.texts[name], salt) for name, salt in added.items()}
        linked = replace(
            event,
            data={**event.data, "texts": hashes} if hashes else event.data,
            previous=before.get((event.request_id, event.revision - 1), GENESIS),
        )
        place = {"request_id": event.request_id, "revision": event.revision}
        rows.append({name: getattr(linked, name) for name in SEALED} | {"hash": seal(linked)})
        salts += [place | {"name": name, "salt": salt} for name, salt in added.items()]
    ask(session, _NEW, rows)
    if salts:
        ask(session, _NEW_SALTS, salts)


def seal(event: Event | AnyRow) -> str:
    """The SHA-256 of everything the event says, the hash before it included."""
    return seal_of({name: sealed_value(getattr(event, name)) for name in SEALED})


def sealed_value(value: Any) -> Any:
    """A value of a row as a seal has it: of a moment its text in UTC, of a word of the domain the
    word.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.value if isinstance(value, Enum) else value


async def all_since(
    db: Database, since: datetime | None
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """The events from then on as their seals have them, by request and revision, in portions."""
    number, revision = 0, 0
    columns: tuple[Any, ...] = tuple(getattr(EventRow, name) for name in (*SEALED, "hash"))
    key = col(EventRow.request_id), col(EventRow.revision)
    while True:
        wanted: AnySelect = select(*columns).where(tuple_(*key) > tuple_(number, revision))
        if since:
            wanted = wanted.where(col(EventRow.at) >= since)
        async with db.snapshot(LONG) as session:
            rows = (await execute(session, wanted.order_by(*key).limit(PORTION))).all()
        if not rows:
            return
        yield [{name: sealed_value(value) for name, value in row._mapping.items()} for row in rows]
        number, revision = rows[-1].request_id, rows[-1].revision
