"""Where messages stand that say in full what somebody wrote, so that they can be drawn anew.

Cards and the messages that ask a submitter know their places themselves (`cards`, `questions`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.database import DialectInsert, ask, dialect_insert
from store.messages import outbox
from store.messages.outbox import Claimed, Kind, Owed
from store.tables import HiddenRow, ToldRow

_OF_QUESTIONS = frozenset({Kind.ANSWER, Kind.UNREACHED})
"""What quotes one question or its answer; the others quote how the request ended."""
QUOTING = _OF_QUESTIONS | {Kind.OUTCOME, Kind.WATCHED, Kind.NOT_ACCEPTED}
"""The kinds of these messages."""
_CLOCKS_APART = timedelta(minutes=1)
"""By so much clocks of replicas may differ."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A message that was posted, and where it stands."""

    message: Claimed
    channel: str
    ts: str


async def record_posted(
    session: AsyncSession, posted: Sequence[Standing], *, now: datetime
) -> None:
    """Write down where they stand. One that was drawn before a text of its request was hidden is
    owed anew at once.
    """
    if not posted:
        return
    rows = [_row(each) for each in posted]
    ask(session, _keeping(dialect_insert(session)), rows)
    earliest = min(each.message.claimed_at for each in posted) - _CLOCKS_APART
    hidden = select(HiddenRow.request_id).where(
        col(HiddenRow.request_id).in_({row["request_id"] for row in rows}),
        col(HiddenRow.hidden_at) >= earliest,
    )
    ids = set(await session.exec(hidden))
    again = [_anew(ToldRow(**row)) for row in rows if row["request_id"] in ids]
    await outbox.owe(session, again, now=now)


async def about(
    session: AsyncSession, request_id: int, *, questions: Collection[int], outcome: bool
) -> list[Owed]:
    """The messages that quote these questions, or their answers, or how the request ended, to be
    drawn anew.
    """
    rows = await session.exec(select(ToldRow).where(ToldRow.request_id == request_id))
    return [
        _anew(row)
        for row in rows
        if (row.number in questions if Kind(row.kind) in _OF_QUESTIONS else outcome)
    ]


@cache
def _keeping(insert: DialectInsert) -> Insert:
    """Hot: with every outcome that is posted."""
    return insert(ToldRow).on_conflict_do_nothing()


def _row(standing: Standing) -> dict[str, Any]:
    message = standing.message
    return {
        "request_id": message.request_id,
        "channel": standing.channel,
        "ts": standing.ts,
        "kind": message.kind.value,
        "recipient": message.recipient,
        "number": message.data.get("number", 0),
    }


def _anew(row: ToldRow) -> Owed:
    data = {"number": row.number} if row.number else {}
    place = {"channel": row.channel, "ts": row.ts}
    return Owed.anew(Kind(row.kind), row.request_id, row.recipient, data=data | place)
