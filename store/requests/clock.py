"""The moments of a request where its clock begins to rest or goes on, and what repeats them."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import bindparam, col
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.request import Request
from store.domain.rest import MOVED
from store.engine.database import ask
from store.tables import AssignmentRow

CLOCK = ("rest", "rested", *MOVED)
"""The columns of a request that say when what is due, and whether its clock rests."""
_ITS = col(AssignmentRow.request_id) == bindparam("its_id")
_DUE = update(AssignmentRow).where(_ITS).values(due_at=bindparam("due"))
_REMIND = (
    update(AssignmentRow)
    .where(_ITS, col(AssignmentRow.stage) == bindparam("its_stage"))
    .values(remind_at=bindparam("remind"))
)


def repeat(session: AsyncSession, requests: Sequence[Request]) -> None:
    """Write the moments of these requests to their assignments, by which lists and reminders go."""
    rows = [{"its_id": each.id, "due": each.due_at} for each in requests]
    if rows:
        ask(session, _DUE, rows)
    stages = [
        {"its_id": each.id, "its_stage": each.stage, "remind": each.remind_at}
        for each in requests
        if each.remind_at
    ]
    if stages:
        ask(session, _REMIND, stages)
