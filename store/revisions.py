"""A change of a request: guarded by the revision it was asked about, and kept in its history."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store import audit
from store.domain.request import Request
from store.tables import RequestRow


async def advance(session: AsyncSession, request: Request, **values: Any) -> bool:
    """The guarded UPDATE: true when this revision was still the current one."""
    guarded = (
        update(RequestRow)
        .where(col(RequestRow.id) == request.id, col(RequestRow.revision) == request.revision)
        .values(revision=request.revision + 1, **values)
    )
    ours = guarded.returning(col(RequestRow.id))
    result = await session.exec(ours, execution_options={"synchronize_session": False})
    return result.scalar_one_or_none() is not None


async def record(
    session: AsyncSession,
    request: Request,
    *,
    kind: str,
    actor: str,
    at: datetime,
    **data: str | None,
) -> None:
    """Write down what led to this revision of the request."""
    facts = {"title": request.title, "status": request.status.value, **data}
    await audit.append(
        session, request.id, request.revision, kind=kind, actor=actor, at=at, data=facts
    )
