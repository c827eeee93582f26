"""Who is on it: somebody says that they are testing a request, and lets go of it again.

What must stay true: it keeps nobody from deciding and makes no click stale. One at a time is
testing a request, and what lapses is ended by a tick.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import Denial, Denied, Refused, may
from store.domain.lifecycle import Act
from store.domain.policy import Policy, deadline
from store.domain.request import Request
from store.engine import causes
from store.engine.database import Database
from store.messages import cards
from store.messages.cards import Clicked
from store.requests import read, revisions
from store.requests.revisions import TESTING, Change
from store.snapshots import snapshots
from store.tables import OPEN, TESTED, RequestRow

BEGUN, ENDED = "testing", "testing_ended"
"""The kinds of the events."""
_CHUNK = 100
"""Requests of one transaction: on SQLite every click waits for its end."""


@dataclass(frozen=True, slots=True)
class OnIt:
    """Somebody is on it, or is not any more; `at` is aware UTC.

    `round` is what they saw of the request, `clicked` the message they clicked in, if any.
    `by_key` is the API key (`key:3`) that says so for them; the history names it.
    """

    request_id: int
    act: Literal[Act.TEST, Act.LET_GO]
    actor: str
    at: datetime
    round: int | None = None
    clicked: Clicked | None = None
    by_key: str | None = None


async def say_who_tests(db: Database, said: OnIt, policy: Policy) -> Request | Refused:
    """Write down who is testing a request, or that nobody is any more, and owe its cards."""
    return causes.noted(await _say(db, said, policy), said.request_id)


async def _say(db: Database, said: OnIt, policy: Policy) -> Request | Refused:
    async with db.transaction() as session:
        request = await read.find_locked(session, said.request_id)
        if request is None:
            return Refused(Denial.UNKNOWN, said.request_id)
        rules = await people.rules(session, policy, only={said.actor}, about=[request])
        answer = may(said.actor, said.act, request, rules, said.at)
        if answer == Denied(Denial.UNKNOWN):
            return Refused(Denial.UNKNOWN, request.id)
        is_stale = said.round not in {None, request.round}
        if isinstance(answer, Denied) or is_stale:
            await cards.bring_up_to_date(
                *(session, request), reader=said.actor, clicked=said.clicked, now=said.at
            )
            reason = answer.reason if isinstance(answer, Denied) else Denial.STALE
            return Refused(reason, request.id, request)
        if said.act is Act.TEST:
            until = deadline(said.at, policy.testing_hours, policy)
            tested = replace(request, tester=said.actor, testing_since=said.at, testing_until=until)
            change = _change(tested, BEGUN, said.actor, said.at, said.by_key)
        else:
            let_go = revisions.let_go(request)
            change = _change(let_go, ENDED, said.actor, said.at, said.by_key)
        await _write(session, [change])
        clicked = [(request.id, said.clicked)] if said.clicked else []
        await cards.owe(session, [request.id], now=said.at, clicked=clicked)
        return change.request


async def end_lapsed(db: Database, *, now: datetime) -> int:
    """End what was said to be tested for longer than the policy allows, and owe the cards; of how
    many requests.
    """
    lapsed = select(RequestRow).where(OPEN, TESTED, col(RequestRow.testing_until) <= now)
    async with db.snapshot() as session:
        if not (await session.exec(lapsed.limit(1))).first():
            return 0
    async with db.transaction() as session:
        some = lapsed.order_by(col(RequestRow.id)).limit(_CHUNK).with_for_update()
        requests = await snapshots(session, (await session.exec(some)).all())
        changes = [
            _change(revisions.let_go(each), ENDED, each.tester or "", now) for each in requests
        ]
        if changes:
            await _write(session, changes)
            await cards.owe(session, [each.id for each in requests], now=now)
        return len(changes)


def _change(
    request: Request, kind: str, actor: str, at: datetime, by_key: str | None = None
) -> Change:
    changed = replace(request, revision=request.revision + 1)
    columns, notes = revisions.written(changed, *TESTING), revisions.behalf(actor, by_key)
    return Change(changed, kind, by_key or actor, at, columns, notes=notes)


async def _write(session: AsyncSession, changes: list[Change]) -> None:
    """The guarded UPDATE and its events."""
    revisions.advance(session, [change.request for change in changes], *TESTING)
    await revisions.record(session, changes)
