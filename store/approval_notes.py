"""What approvals of many requests came with, for exports; a snapshot has it in its votes."""

from collections.abc import Mapping, Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.request import Verdict, Vote
from store.engine.columns import in_list
from store.engine.database import AnySelect, ask
from store.snapshots import OF_VOTE, by_request, vote
from store.tables import WITH_NOTE, VoteRow

_OF: AnySelect = (
    select(*OF_VOTE)
    .where(
        in_list(col(VoteRow.request_id), "ids"),
        WITH_NOTE,
        col(VoteRow.verdict) == Verdict.APPROVE.value,
    )
    .order_by(col(VoteRow.request_id), col(VoteRow.at), col(VoteRow.stage), col(VoteRow.reviewer))
)


async def of(session: AsyncSession, request_ids: Sequence[int]) -> Mapping[int, tuple[Vote, ...]]:
    """By the request, in their order; a request without any is not in it."""
    return by_request(await ask(session, _OF, {"ids": request_ids}), vote)
