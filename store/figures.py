"""What is counted of the whole store for whoever runs it: asked now and then, by nobody's click."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import case, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.request import Status
from store.tables import RequestRow


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests are under review, and how many of them are overdue."""

    open: int
    overdue: int


async def waiting(session: AsyncSession, *, now: datetime) -> Waiting:
    """As it is now."""
    late = case((col(RequestRow.due_at) <= now, 1))
    counted = select(func.count(), func.count(late)).where(
        col(RequestRow.status) == Status.UNDER_REVIEW.value
    )
    return Waiting(*(await session.exec(counted)).one())
