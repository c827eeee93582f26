"""The digest of today in Slack: which rows it has, to strike through those that were decided since.

One a reviewer is kept, the last one; nothing of it is drawn again once their day is over.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlmodel import bindparam, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.request import Request
from store.engine.columns import in_list
from store.engine.database import AnySelect, ask, dialect_insert
from store.messages.outbox import Owed
from store.snapshots import FACTS, snapshots
from store.tables import AssignmentRow, DigestRow, RequestRow


@dataclass(frozen=True, slots=True)
class Morning:
    """What one digest shows: the rows of its two parts by the numbers of the requests.

    `at` is the moment it is of, `since` that of the one before, `until` when the reviewer's day is
    over. `channel` and `ts` are empty until it was posted.
    """

    reviewer: str
    at: datetime
    since: datetime
    until: datetime
    overdue: Sequence[int] = ()
    new: Sequence[int] = ()
    channel: str = ""
    ts: str = ""


async def record_posted(session: AsyncSession, morning: Morning) -> None:
    """Write down where it stands, in the place of the one before."""
    values = asdict(morning) | {"overdue": [*morning.overdue], "new": [*morning.new]}
    new = dialect_insert(session)(DigestRow).values(values)
    await session.exec(new.on_conflict_do_update(index_elements=["reviewer"], set_=values))


async def find(session: AsyncSession, reviewer: str) -> Morning | None:
    """The last one that somebody got."""
    row = await session.get(DigestRow, reviewer)
    return Morning(**row.model_dump()) if row else None


async def with_row(session: AsyncSession, request_id: int, *, now: datetime) -> list[Owed]:
    """The digests of today that have a row of this request, to be drawn again."""
    rows = await ask(session, _OF_ITS_REVIEWERS, {"request_id": request_id, "now": now})
    return [
        Owed.struck(row.reviewer)
        for row in rows
        if request_id in row.overdue or request_id in row.new
    ]


async def requests_of(session: AsyncSession, morning: Morning) -> dict[int, Request]:
    """What its rows are about, as it is now, and in whose place the reviewer decides it."""
    ids = [*morning.overdue, *morning.new]
    facts = await ask(session, _THESE, {"ids": ids})
    theirs = col(AssignmentRow.reviewer) == morning.reviewer
    lent = select(AssignmentRow.request_id, AssignmentRow.for_whom).where(
        theirs, col(AssignmentRow.request_id).in_(ids), col(AssignmentRow.turn)
    )
    for_whom = dict((await session.exec(lent)).all())
    return {
        request.id: replace(request, for_whom=for_whom.get(request.id))
        for request in await snapshots(session, facts)
    }


_THESE: AnySelect = select(*FACTS).where(in_list(col(RequestRow.id), "ids"))
_OF_ITS_REVIEWERS: AnySelect = select(DigestRow.reviewer, DigestRow.overdue, DigestRow.new).where(
    col(DigestRow.until) > bindparam("now"),
    col(DigestRow.reviewer).in_(
        select(AssignmentRow.reviewer).where(
            col(AssignmentRow.request_id) == bindparam("request_id")
        )
    ),
)
