"""Who watches which request: people who hear how it ends though nothing of it is theirs to do."""

from collections.abc import Mapping, Sequence

from sqlmodel import bindparam, col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, Reading, ask
from store.snapshots import by_request
from store.tables import WatchRow

Watchers = Mapping[int, tuple[str, ...]]
"""By the request; one that nobody watches is not in it."""
# Hot: with every decision.
_OF: AnySelect = (
    select(WatchRow.request_id, WatchRow.user_id)
    .where(in_list(col(WatchRow.request_id), "ids"))
    .order_by(col(WatchRow.request_id), col(WatchRow.user_id))
)
_END_ALL = delete(WatchRow).where(col(WatchRow.request_id) == bindparam("its_id"))


def of(session: AsyncSession, request_ids: Sequence[int]) -> Reading[Watchers]:
    """Who watches these requests, asked for now."""

    def read(rows: Sequence[AnyRow]) -> Watchers:
        return by_request(rows, lambda row: str(row.user_id))

    return Reading(read, ask(session, _OF, {"ids": request_ids}))


def end_all(session: AsyncSession, request_ids: Sequence[int]) -> None:
    """Nobody watches these any more: they have ended, and everybody hears of it once."""
    if request_ids:
        ask(session, _END_ALL, [{"its_id": id_} for id_ in request_ids])
