"""The sealed record: what sealing adds to a decision, checkpoints, and the whole of it verified."""

import asyncio
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.audit_key import AuditKey
from store.audit import checkpoints, events
from store.audit.events import Event, Seals
from store.domain.lifecycle import Act
from store.domain.request import Request, Status
from store.engine.database import Database, execute
from store.engine.time_limits import LONG
from store.requests import revisions
from store.requests.decide import Decision, decide
from store.requests.revisions import Change
from store.snapshots import snapshots
from store.tables import EventRow, RequestRow, SaltRow
from tests.bench.places import POLICY, Place
from tests.bench.processes import finished
from tests.bench.table import Line
from tests.bench.timing import Taken

NEW = 60
"""Events of ten busy minutes."""
AT_ONCE = 16
CHECKPOINT_SECONDS, PEAK_MB = 0.1, 150
SEALING_AIM = 1.1
_PORTION = 1_000
_KEY = AuditKey(Ed25519PrivateKey.generate())
_ENDING = ("status", "completed_on", "decided_by", "decision_reason")
_UNSEALED = insert(EventRow)
_moments = count(1)


class Append(Protocol):
    """How events are put down: as the product does it, or without a seal."""

    async def __call__(
        self, session: AsyncSession, events: Sequence[Event], before: Seals | None = None
    ) -> None: ...


async def measure(place: Place, *, rounds: int, decisions: int) -> list[Line]:
    """Histories of all there is are written first, as the product seals them."""
    async with place.store() as db:
        await _write_histories(db)
        first = await _seconds(checkpoints.make(db, _KEY.sign, now=_next_moment()))
        waiting = iter(await _waiting(db, rounds * NEW + (rounds + 1) * 2 * decisions))
        later: list[float] = []
        for _ in range(rounds):
            await _decide(db, list(islice(waiting, NEW)))
            later.append(await _seconds(checkpoints.make(db, _KEY.sign, now=_next_moment())))
    verified = await finished("bot", "audit", "verify", env={"DATABASE_URL": place.url})
    async with place.store() as db:
        sealed, unsealed = await _by_turns(db, waiting, rounds, decisions)
    among = f"among {2 * place.count:,} events"
    new = f"checkpoint, {NEW} new events {among}"
    return [
        Line("a decision, sealed", place.database, sealed, unsealed, aim=SEALING_AIM),
        Line(new, place.database, Taken(tuple(later)), limit=CHECKPOINT_SECONDS),
        Line("the first checkpoint, an event", place.database, Taken((first / place.count / 2,))),
        Line(
            f"audit verify of {place.count:,} requests, a request",
            place.database,
            Taken((verified.seconds / place.count,)),
            per_second=True,
            peak_mb=verified.peak_mb,
            peak_aim=PEAK_MB,
        ),
    ]


async def _write_histories(db: Database) -> None:
    async with db.transaction(LONG) as session:
        for table in (EventRow, SaltRow):  # what other parts have left
            await session.exec(delete(table))
    last = 0
    while True:
        portion = select(RequestRow).where(col(RequestRow.id) > last).order_by(col(RequestRow.id))
        async with db.transaction() as session:
            rows = (await session.exec(portion.limit(_PORTION))).all()
            if not rows:
                return
            requests = await snapshots(session, rows)
            both = list(zip(rows, requests, strict=True))
            await revisions.record(session, [_submitted(*each) for each in both])
            ended = [each for each in both if not each[1].is_open]
            await revisions.record(session, [_ended(*each) for each in ended])
            last = rows[-1].id


def _submitted(row: RequestRow, request: Request) -> Change:
    written = {n: getattr(row, n) for n in RequestRow.model_fields if n not in _ENDING}
    written["status"] = Status.UNDER_REVIEW.value
    return Change(
        replace(request, revision=1), "submitted", row.submitted_by, row.created_at, written
    )


def _ended(row: RequestRow, request: Request) -> Change:
    assert row.completed_on
    written = {name: getattr(row, name) for name in _ENDING}
    by = row.decided_by or row.submitted_by
    vote = request.votes[-1] if request.votes else None
    return Change(request, row.status, by, row.completed_on, written, vote)


async def _waiting(db: Database, most: int) -> list[Request]:
    # Of the seed alone: requests that other parts leave have reviewers whom the rules refuse.
    newest = select(RequestRow).where(
        RequestRow.status == Status.UNDER_REVIEW.value,
        col(RequestRow.external_id).startswith("seed-"),
    )
    async with db.snapshot() as session:
        rows = await session.exec(newest.order_by(col(RequestRow.id).desc()).limit(most))
        found = list(await snapshots(session, rows.all()))
    assert len(found) == most, "the seed has enough that wait"
    return found


async def _decide(db: Database, requests: Sequence[Request]) -> None:
    """So many at a time."""
    left = iter(requests)

    async def click() -> None:
        for request in left:
            by = next(each for each in request.reviewers if each != request.submitted_by)
            answer = await decide(db, Decision(request.id, Act.APPROVE, by, _now()), POLICY)
            assert isinstance(answer, Request)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(click())


async def _by_turns(
    db: Database, waiting: Iterator[Request], rounds: int, decisions: int
) -> tuple[Taken, Taken]:
    sealed: list[float] = []
    unsealed: list[float] = []
    for number in range(rounds + 1):
        for taken, kept in ((sealed, events.append), (unsealed, _append_unsealed)):
            chosen = list(islice(waiting, decisions))
            with _appending(kept):
                seconds = await _seconds(_decide(db, chosen))
            if number:
                taken.append(seconds / decisions)
    return Taken(tuple(sealed)), Taken(tuple(unsealed))


@contextmanager
def _appending(append: Append) -> Iterator[None]:
    usual, events.append = events.append, append
    try:
        yield
    finally:
        events.append = usual


async def _append_unsealed(
    session: AsyncSession, events: Sequence[Event], before: Seals | None = None
) -> None:
    """What a log of events costs that proves nothing: the same row, without hashes and salts."""
    rows = [
        {name: getattr(each, name) for name in EventRow.model_fields if name != "hash"}
        | {"data": {**each.data, "texts": dict(each.texts)}, "hash": ""}
        for each in events
    ]
    await execute(session, _UNSEALED, rows)


async def _seconds(work: Awaitable[object]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


def _now() -> datetime:
    return datetime.now(UTC)


def _next_moment() -> datetime:
    """Each checkpoint has ten minutes of its own."""
    return _now() + timedelta(minutes=10) * next(_moments)
