"""The copies of a request in Slack: who has one, what each shows, and which are owed again."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import homes, outbox
from store.domain.request import Audience, Request
from store.outbox import Kind, Owed, Rank
from store.tables import CardRow


def give(
    session: AsyncSession,
    request: Request,
    *,
    channel: str | None,
) -> None:
    """A copy for each reviewer, one for the review channel and one for the submitter."""
    copies = [(Audience.REVIEWER, user) for user in request.reviewers]
    copies += [(Audience.CHANNEL, channel)] if channel else []
    copies.append((Audience.SUBMITTER, request.submitted_by))
    session.add_all(
        CardRow(request_id=request.id, audience=audience.value, recipient=recipient)
        for audience, recipient in copies
    )


async def owe(session: AsyncSession, request_ids: Iterable[int], *, now: datetime) -> None:
    """Owe every copy of these requests, and the Homes that show them.

    Together, so that transactions lock them in one order.
    """
    changed = list(request_ids)
    chosen = select(CardRow).where(col(CardRow.request_id).in_(changed))
    copies = [_message(copy) for copy in (await session.exec(chosen)).all()]
    await outbox.owe(session, [*copies, *await homes.owed(session, changed, now=now)], now=now)


async def refresh(session: AsyncSession, request: Request, *, reader: str, now: datetime) -> None:
    """Owe the outdated copies of a request, and this reader's in any case."""
    chosen = select(CardRow).where(CardRow.request_id == request.id)
    owed = [
        _message(copy)
        for copy in (await session.exec(chosen)).all()
        if copy.recipient == reader or copy.shown_revision < request.revision
    ]
    await outbox.owe(session, owed, now=now)


async def shown(
    session: AsyncSession, card: CardRow, *, channel: str, ts: str, revision: int
) -> None:
    """Note where a card is and what it shows; Slack's word, so it is kept as it comes."""
    card.channel, card.ts, card.shown_revision = channel, ts, revision
    session.add(card)


async def card(session: AsyncSession, request_id: int, audience: str, recipient: str) -> CardRow:
    """One copy of a request. Raises NoResultFound where there is none."""
    return await session.get_one(CardRow, (request_id, audience, recipient))


def _message(copy: CardRow) -> Owed:
    return Owed(
        key=f"card:{copy.request_id}:{copy.audience}:{copy.recipient}",
        kind=Kind.CARD,
        recipient=copy.recipient,
        lane=f"edit:{copy.recipient}" if copy.ts else f"post:{copy.recipient}",
        rank=Rank.CHANGE if copy.ts else Rank.NEW,
        request_id=copy.request_id,
        data={"audience": copy.audience},
    )
