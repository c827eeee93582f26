"""Questions about requests, as the rows have them. What is done with one: `store.requests.ask`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import bindparam, col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.questions import Question
from store.domain.request import Request
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, Reading, ask, execute
from store.snapshots import by_request
from store.tables import ASKED, QuestionRow, RequestRow

Questions = Mapping[int, tuple[Question, ...]]
"""By the request, in their order; a request without any is not in it."""
_COLUMNS: tuple[Any, ...] = tuple(getattr(QuestionRow, name) for name in QuestionRow.model_fields)
_OF: AnySelect = (
    select(*_COLUMNS)
    .where(in_list(col(QuestionRow.request_id), "ids"))
    .order_by(col(QuestionRow.request_id), col(QuestionRow.number))
)
UNANSWERED = (col(QuestionRow.answered_at).is_(None), col(QuestionRow.closed_at).is_(None))
_CLOSE = (
    update(QuestionRow)
    .where(col(QuestionRow.request_id) == bindparam("its_id"), *UNANSWERED)
    .values(closed_at=bindparam("at"))
)


def of(session: AsyncSession, request_ids: Sequence[int]) -> Reading[Questions]:
    """All questions about these requests, asked for now."""

    def read(rows: Sequence[AnyRow]) -> Questions:
        return by_request(rows, _question)

    return Reading(read, ask(session, _OF, {"ids": request_ids}))


def with_theirs(session: AsyncSession, requests: Sequence[Request]) -> Reading[list[Request]]:
    """The requests with their questions, asked for now. Nothing is where there are none."""
    ids = [request.id for request in requests if request.questions_asked]
    if not ids:
        return Reading(lambda: list(requests))

    def read(found: Questions) -> list[Request]:
        return [replace(each, questions=found.get(each.id, ())) for each in requests]

    return Reading(read, of(session, ids))


async def close_open(session: AsyncSession, ended: Mapping[int, datetime]) -> Questions:
    """Close what is open about these requests, which have ended at those times; what that was."""
    if not ended:
        return {}
    found = await of(session, sorted(ended))
    ask(session, _CLOSE, [{"its_id": id_, "at": at} for id_, at in sorted(ended.items())])
    return {
        id_: tuple(replace(each, closed_at=ended[id_]) for each in questions if each.is_open)
        for id_, questions in found.items()
    }


async def record_posted(
    session: AsyncSession, request_id: int, number: int, *, channel: str, ts: str
) -> None:
    """Write down where the message stands that asks the submitter."""
    which = (col(QuestionRow.request_id) == request_id, col(QuestionRow.number) == number)
    await session.exec(update(QuestionRow).where(*which).values(channel=channel, ts=ts))


async def open_for(session: AsyncSession, submitter: str, *, limit: int) -> list[int]:
    """The requests of this person about which a question is open, the oldest first."""
    theirs = select(RequestRow.id).where(ASKED, col(RequestRow.submitted_by) == submitter)
    return list(await session.exec(theirs.order_by(col(RequestRow.id)).limit(limit)))


async def waited_for_by(
    session: AsyncSession, askers: Sequence[str]
) -> list[tuple[tuple[str, int], ...]]:
    """For whose answers each of these waits, and how many: who was asked most comes first."""
    number = func.count().label("number")
    waiting: AnySelect = (
        select(QuestionRow.asked_by, RequestRow.submitted_by, number)
        .join(RequestRow, col(RequestRow.id) == QuestionRow.request_id)
        .where(ASKED, *UNANSWERED, col(QuestionRow.asked_by).in_(askers))
        .group_by(col(QuestionRow.asked_by), col(RequestRow.submitted_by))
        .order_by(number.desc(), col(RequestRow.submitted_by))
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for row in await execute(session, waiting):
        found.setdefault(row.asked_by, []).append((row.submitted_by, row.number))
    return [tuple(found.get(asker, ())) for asker in askers]


async def asked_in(session: AsyncSession, channel: str, ts: str) -> tuple[int, Question] | None:
    """The question that this message asks, and its request; None where it asks none."""
    which = (col(QuestionRow.channel) == channel, col(QuestionRow.ts) == ts)
    row = (await execute(session, select(*_COLUMNS).where(*which))).first()
    return (row.request_id, _question(row)) if row else None


def _question(row: AnyRow) -> Question:
    return Question(
        number=row.number,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        question=row.question,
        answer=row.answer,
        answered_at=row.answered_at,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        channel=row.channel,
        ts=row.ts,
        answer_ts=row.answer_ts,
    )
