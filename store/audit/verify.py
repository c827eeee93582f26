"""Whether what stands in the record is what its histories say, request by request.

Read in portions, each of one moment, so that a million requests fit into bounded memory and no
click waits for it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import SQLModel, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from store import people
from store.audit.compare import Kept, compare, people_named
from store.audit.replay import History, replay
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, Database, execute
from store.engine.time_limits import LONG
from store.tables import (
    AssignmentRow,
    CardRow,
    EventRow,
    HiddenRow,
    NoteRow,
    QuestionRow,
    RequestRow,
    SaltRow,
    VoteRow,
)

PORTION = 500
"""Requests read at a time."""


def _all_of(table: type[SQLModel]) -> AnySelect:
    """Hot: a million requests are read by it. Whole rows, in the order of their keys."""
    columns: tuple[Any, ...] = tuple(getattr(table, name) for name in table.model_fields)
    key = "id" if table is RequestRow else "request_id"
    statement: AnySelect = select(*columns).where(in_list(col(getattr(table, key)), "ids"))
    return statement.order_by(*table.__table__.primary_key.columns)  # type: ignore[attr-defined]


_PARTS = (EventRow, AssignmentRow, VoteRow, QuestionRow, NoteRow, SaltRow, HiddenRow, CardRow)
_READ: dict[type[SQLModel], AnySelect] = {table: _all_of(table) for table in (RequestRow, *_PARTS)}


@dataclass(frozen=True, slots=True)
class Checked:
    """One request, compared with its history; without `findings` it is what that says. One that
    is not there, though there are traces of it, is a finding as well.

    `sealed_at` is when an older history was sealed as it stood: from then on it is complete, and
    what was before that nobody can prove.
    """

    request_id: int
    events: int
    findings: tuple[str, ...]
    sealed_at: datetime | None = None
    is_there: bool = True


async def count(db: Database, *, since: datetime | None = None) -> int:
    """How many requests `check_all` would check."""
    ids = _changed(since).subquery()
    async with db.snapshot(LONG) as session:
        return (await session.exec(select(func.count()).select_from(ids))).one()


async def check_all(db: Database, *, since: datetime | None = None) -> AsyncIterator[Checked]:
    """Check every request in the order of their numbers; with `since`, what changed from then on.

    What others name and is gone, and what is left of a request that is not there, comes as well.
    """
    last: int | None = 0
    missed = set[int]()
    while last is not None:
        async with db.snapshot(LONG) as session:
            found, last = await check_portion(session, after=last, since=since)
        for checked in found:
            if checked.is_there or checked.request_id not in missed:
                yield checked
        missed |= {checked.request_id for checked in found if not checked.is_there}
    async with db.snapshot(LONG) as session:
        orphans = await _orphans(session)
    for number, left in orphans.items():
        yield _absent(number, f"it is not there, but rows of it are: {', '.join(left)}")


async def check_portion(
    session: AsyncSession, *, after: int = 0, since: datetime | None = None
) -> tuple[list[Checked], int | None]:
    """Check the next requests after a number, and where to go on; None at the end."""
    changed = _changed(since).where(col(RequestRow.id) > after)
    ids = list(await session.exec(changed.order_by(col(RequestRow.id)).limit(PORTION)))
    checked = await _check(session, ids)
    gone = await _gone(session, {each.request_id: history for each, history in checked})
    found = [each for each, _ in checked]
    found += [
        _absent(number, f"it is gone; it was there when MP-{witness} came")
        for number, witness in gone.items()
    ]
    return found, ids[-1] if len(ids) == PORTION else None


async def check_one(session: AsyncSession, request_id: int) -> Checked | None:
    """Check one request; None where there is none."""
    found = await _check(session, [request_id])
    return found[0][0] if found else None


def _absent(number: int, finding: str) -> Checked:
    return Checked(number, 0, (finding,), is_there=False)


def _changed(since: datetime | None) -> SelectOfScalar[int]:
    ids = select(RequestRow.id)
    if since is None:
        return ids
    event = select(EventRow.revision).where(
        col(EventRow.request_id) == col(RequestRow.id), col(EventRow.at) >= since
    )
    return ids.where(event.exists())


async def _check(session: AsyncSession, ids: Sequence[int]) -> list[tuple[Checked, History]]:
    kept = await _kept(session, ids)
    histories = {id_: replay(each.events, each.row.revision) for id_, each in kept.items()}
    found = {id_: compare(each, histories[id_], {}) for id_, each in kept.items()}
    if any(found.values()):  # said again, by the names of the people
        differing = [id_ for id_ in found if found[id_]]
        named = set().union(*(people_named(kept[id_], histories[id_]) for id_ in differing))
        known = await people.known(session, named)
        found = {id_: compare(kept[id_], histories[id_], known) for id_ in kept}
    return [
        (Checked(id_, len(kept[id_].events), tuple(found[id_]), history.sealed_at), history)
        for id_, history in histories.items()
    ]


async def _kept(session: AsyncSession, ids: Sequence[int]) -> dict[int, Kept]:
    """All that the record has of these requests, in a question for each table."""
    kept = {row.id: Kept(row) for row in await _read(session, RequestRow, ids)}
    for table in _PARTS:
        for row in await _read(session, table, list(kept)):
            kept[row.request_id].add(table, row)
    return kept


async def _read(
    session: AsyncSession, table: type[SQLModel], ids: Sequence[int]
) -> Sequence[AnyRow]:
    return (await execute(session, _READ[table], {"ids": ids})).all() if ids else ()


async def _gone(session: AsyncSession, checked: Mapping[int, History]) -> dict[int, int]:
    """Requests that these name and that are not there, each with the first that names it."""
    named = {number: id_ for id_ in sorted(checked, reverse=True) for number in checked[id_].after}
    asked = sorted(named.keys() - checked.keys())
    there = {row.id for row in await _read(session, RequestRow, asked)}
    return {number: named[number] for number in asked if number not in there}


async def _orphans(session: AsyncSession) -> dict[int, list[str]]:
    """Numbers without a request of which something is left, and in which tables."""
    found: dict[int, list[str]] = {}
    for table in _PARTS:
        its = col(table.request_id)
        request = select(RequestRow.id).where(col(RequestRow.id) == its)
        for number in await session.exec(select(its).where(~request.exists()).distinct()):
            found.setdefault(number, []).append(str(table.__tablename__))
    return dict(sorted(found.items()))
