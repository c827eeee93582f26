"""Cards that wait beside a request that was decided or moved, and digests of today with a row of
it: drawn again, but only out of what Slack's allowance has to spare.

A card says of other requests what was so when it was drawn, and when that was. So nothing has to be
done about it in the transaction of an act: a tick walks what was decided or moved since, from a
mark in the store, and owes the cards that were drawn before that. Any number of replicas may tick.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.request import Request
from store.engine.database import Database, advisory_lock
from store.messages import cards, claim, digests, outbox
from store.messages.outbox import Owed, Rank
from store.messages.rate_limits import Method
from store.requests import same_target
from store.tables import MarkRow, RequestRow

CHANGES = 2
"""How many changes of each kind one transaction looks at: on SQLite clicks wait for it..."""
TRANSACTIONS = 10
"""...and how many of those a tick makes: each change concerns at most `same_target.REDRAWN`
requests."""
SETTLED = timedelta(minutes=1)
"""How old a change has to be: a transaction that began before may still be under way."""
_CHANGED = {"decided": "completed_on", "moved": "moved_at"}
"""By which column each mark walks."""


async def owe_out_of_date(db: Database, *, pace: timedelta, now: datetime) -> int:
    """Owe the waiting cards whose neighbours have changed since they were drawn, and the digests of
    today with a row of what was decided; how many.

    Nothing while less than half of the edits of a minute is left, or while those of the last time
    still wait.
    """
    count = 0
    for _ in range(TRANSACTIONS):
        async with db.transaction() as session:
            advisory_lock(session, "neighbours")
            if not (count or await claim.has_spare(session, Method.EDIT, now=now, pace=pace)):
                break
            changes = [each for name in _CHANGED for each in await _walk(session, name, now)]
            owed: dict[str, Owed] = {}
            for change in changes:
                owed |= {each.key: each for each in await _drawn_before(session, change, now)}
                told = await digests.with_row(session, change.request_id, now=now)
                owed |= {each.key: each for each in told}
            await outbox.owe(session, list(owed.values()), now=now)
        count += len(owed)
        if not changes:
            break
    return count


async def owe_opened(db: Database, request: Request, *, reader: str, now: datetime) -> None:
    """Somebody opened the details: their copy is drawn again, if it says less than those."""
    if not request.is_open:
        return
    async with db.snapshot() as session:
        changed = await same_target.last_change_beside(session, request)
        mine = await cards.drawn_before(session, [request.id], changed, now=now, only_of=reader)
    if mine:
        async with db.transaction() as session:
            await outbox.owe(session, mine, now=now)


@dataclass(frozen=True, slots=True)
class _Change:
    """A request that was decided or moved, and when."""

    request_id: int
    at: datetime


async def _walk(session: AsyncSession, name: str, now: datetime) -> Sequence[_Change]:
    """The next changes after the mark of this name, which is moved behind them."""
    at, id_ = col(getattr(RequestRow, _CHANGED[name])), col(RequestRow.id)
    mark = await session.get(MarkRow, name)
    if mark is None:  # the first time: what was before is as its cards say
        session.add(MarkRow(name=name, at=now - SETTLED))
        return []
    # A comparison of rows, which an index answers at once: else all before the mark is read.
    later = tuple_(at, id_) > tuple_(mark.at, mark.request_id)
    changed = select(id_, at).where(later, at <= now - SETTLED, at.is_not(None))
    changed = changed.order_by(at, id_).limit(CHANGES)
    changes = [_Change(*row) for row in (await session.exec(changed)).all()]
    if changes:
        mark.at, mark.request_id = changes[-1].at, changes[-1].request_id
    return changes


async def _drawn_before(session: AsyncSession, change: _Change, now: datetime) -> list[Owed]:
    beside = await same_target.waiting_beside(session, change.request_id)
    return await cards.drawn_before(session, beside, change.at, now=now, rank=Rank.SPARE)
