"""The keys of the HTTP API: made, listed, revoked, and known again by who holds one."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.api_key import ApiKey, Right, hash_of, new_text, prefix_of
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, ask
from store.tables import ApiKeyRow

USE_WRITTEN_EVERY = timedelta(minutes=1)
"""How far the last use on record may be behind: a write for each request would cost as much."""
_NOBODY = hash_of("")
"""Compared where there is no such key, so that this takes no less time."""
# Hot: with every request to the API.
_NAMES = tuple(getattr(ApiKeyRow, name) for name in ApiKeyRow.model_fields)
_BY_PREFIX: AnySelect = select(*_NAMES).where(in_list(col(ApiKeyRow.prefix), "prefixes"))


class NameTakenError(ValueError):
    """Another key has this name; also a revoked one keeps it, for the history."""


async def create(
    session: AsyncSession, name: str, rights: Sequence[Right], *, now: datetime
) -> tuple[ApiKey, str]:
    """A new key and its text, which cannot be had again. Raises NameTakenError."""
    text = new_text()
    row = ApiKeyRow(
        name=name,
        prefix=prefix_of(text) or "",
        hash=hash_of(text),
        rights=" ".join(sorted(set(rights))),
        created_at=now,
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise NameTakenError(name) from error
    return _snapshot(row), text


async def listed(session: AsyncSession) -> list[ApiKey]:
    """Every key there ever was, the oldest first."""
    rows = await session.exec(select(ApiKeyRow).order_by(col(ApiKeyRow.id)))
    return [_snapshot(row) for row in rows]


async def revoke(session: AsyncSession, name: str, *, now: datetime) -> ApiKey | None:
    """From now on the key with this name or prefix is refused; None where none is in use."""
    named = or_(col(ApiKeyRow.name) == name, col(ApiKeyRow.prefix) == name)
    found = select(ApiKeyRow).where(named, col(ApiKeyRow.revoked_at).is_(None))
    row = (await session.exec(found)).first()
    if row is None:
        return None
    row.revoked_at = now
    session.add(row)
    return _snapshot(row)


async def any_made(session: AsyncSession) -> bool:
    """Whether there ever was a key; until then there is no API."""
    return (await session.exec(select(ApiKeyRow.id).limit(1))).first() is not None


async def find_batch(session: AsyncSession, texts: Sequence[str]) -> list[ApiKey | None]:
    """The key that each of these texts is; None for a wrong one and one that was revoked.

    Compared in constant time, and by hashes: an index of the texts would tell, by its time, how
    much of a guess was right.
    """
    prefixes = sorted({prefix for text in texts if (prefix := prefix_of(text))})
    rows = await ask(session, _BY_PREFIX, {"prefixes": prefixes})
    known = {row.prefix: row for row in rows}
    return [_known(known.get(prefix_of(text) or ""), text) for text in texts]


async def record_use(session: AsyncSession, key: ApiKey, *, now: datetime) -> None:
    """Write down that it was used, unless another use of the last minute is on record."""
    before = now - USE_WRITTEN_EVERY
    last = col(ApiKeyRow.last_used_at)
    stale = or_(last.is_(None), last < before)
    used = update(ApiKeyRow).where(col(ApiKeyRow.id) == key.id, stale)
    await session.exec(used.values(last_used_at=now))


def _known(row: AnyRow | None, text: str) -> ApiKey | None:
    right = hmac.compare_digest(row.hash if row else _NOBODY, hash_of(text))
    return _snapshot(row) if row and right and row.revoked_at is None else None


def _snapshot(row: ApiKeyRow | AnyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        rights=frozenset(map(Right, row.rights.split())),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
