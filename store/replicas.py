"""The processes that serve this store. Each writes a heartbeat: a row of its own, now and then.

It is the write by which a process knows that the store can be written to, and what the others know
of it: that it lives, and which policy it has read.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.database import delete_chunk, dialect_insert
from store.tables import ReplicaRow

SILENT_AFTER = timedelta(seconds=60)
"""Whoever is not heard of for so long is not there; several heartbeats."""


@dataclass(frozen=True, slots=True)
class Replica:
    """One process as of its last heartbeat. None: it has not said, or, of Slack, it does not know.

    `connected` by Socket Mode; None where it does not use that. Slack was heard last at `heard_at`.
    """

    id: str
    beat_at: datetime
    policy_sha256: str | None = None
    version: str | None = None
    started_at: datetime | None = None
    heard_at: datetime | None = None
    connected: bool | None = None


async def beat(session: AsyncSession, replica: Replica) -> None:
    """This process lives, and is as it says."""
    said = asdict(replica)
    row = dialect_insert(session)(ReplicaRow).values(**said)
    await session.exec(row.on_conflict_do_update(index_elements=["id"], set_=said))


async def alive(session: AsyncSession, *, since: datetime) -> Sequence[Replica]:
    """Those heard of since that moment, by their ids."""
    heard = col(ReplicaRow.beat_at) >= since
    rows = await session.exec(select(ReplicaRow).where(heard).order_by(col(ReplicaRow.id)))
    return [Replica(**row.model_dump()) for row in rows]


async def policies(session: AsyncSession, *, now: datetime) -> list[str]:
    """The hashes of the policies that those who live judge by; more than one is one too many."""
    living = await alive(session, since=now - SILENT_AFTER)
    return sorted({each.policy_sha256 for each in living if each.policy_sha256})


async def prune(session: AsyncSession, *, before: datetime) -> int:
    """Delete a chunk of those not heard of since then; how many."""
    return await delete_chunk(
        session, ReplicaRow, col(ReplicaRow.id), col(ReplicaRow.beat_at) < before
    )
