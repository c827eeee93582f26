"""Texts that an admin has hidden, as the rows have them. How one is: `store.requests.hide`."""

from collections.abc import Mapping

from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import HiddenRow, SaltRow

_STANDS_INSTEAD = and_(
    col(HiddenRow.request_id) == SaltRow.request_id,
    col(HiddenRow.name) == SaltRow.name,
    col(HiddenRow.hidden_in) == SaltRow.revision,
)
"""The salt is of what was put in the place of the text: nothing was said under its name since."""


async def sealed(session: AsyncSession, request_id: int) -> Mapping[str, tuple[int, bool]]:
    """Of each text of a request, by its name, which revision seals it, and whether what stands
    there is in the place of one that was hidden.
    """
    texts = select(SaltRow.name, SaltRow.revision, HiddenRow.hidden_in).join(
        HiddenRow, _STANDS_INSTEAD, isouter=True
    )
    rows = await session.exec(texts.where(SaltRow.request_id == request_id))
    return {name: (revision, hidden_in is not None) for name, revision, hidden_in in rows}
