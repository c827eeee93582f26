"""A change of a request: guarded by the revision it was asked about, and kept in its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import Update
from sqlmodel import bindparam, col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.request import Request
from store.engine.database import execute
from store.requests import audit
from store.tables import RequestRow


class OvertakenError(RuntimeError):
    """Somebody changed a request that was to be held: nothing of the transaction may stay."""


@dataclass(frozen=True, slots=True)
class Change:
    """What led to this revision of the request: which kind of act, whose, when, in what words."""

    request: Request
    kind: str
    actor: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


async def advance(session: AsyncSession, changed: Sequence[Request], *names: str) -> None:
    """The guarded UPDATE: write these fields of requests that are one revision on.

    Raises OvertakenError where another revision than the one before is in the store.
    """
    rows = [_row(request, names) for request in changed]
    written = await execute(session, _guarded(*names), rows)
    if written.rowcount != len(rows):
        raise OvertakenError


async def record(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Write down what led to these revisions, at most one of each request."""
    await audit.append(session, [_event(change) for change in changes])


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As a row holds them: of a word of the domain, the word."""
    return {
        name: value.value if isinstance(value, Enum) else value for name, value in values.items()
    }


@cache
def _guarded(*names: str) -> Update:
    """Hot: with every change of a request."""
    return (
        update(RequestRow)
        .where(col(RequestRow.id) == bindparam("its_id"))
        .where(col(RequestRow.revision) == bindparam("its_revision"))
        .values({name: bindparam(name) for name in ("revision", *names)})
    )


def _row(request: Request, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(request, name) for name in ("revision", *names)}
    return plain(values) | {"its_id": request.id, "its_revision": request.revision - 1}


def _event(change: Change) -> audit.Event:
    request = change.request
    facts = {"title": request.title, "status": request.status.value, **plain(change.data)}
    return audit.Event(request.id, request.revision, change.kind, change.actor, change.at, facts)
