"""The copies of a request in Slack: who has one, what each shows, and which are owed again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import String, bindparam, cast, col, insert, literal, select, update
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from store.domain.request import Audience, Request, Status
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, Database, execute
from store.messages import homes, outbox
from store.messages.outbox import Owed, Rank
from store.tables import CardRow, OutboxRow, OutboxState, RequestRow

MOST_DELETIONS = 2
"""Deletions after which a card is left alone: who deletes it twice does not want it."""
# Hot: with every submitted request, every change of one, and every card that is sent.
_NEW = insert(CardRow)
_CARD: tuple[Any, ...] = tuple(getattr(CardRow, name) for name in CardRow.model_fields)
_COPIES: AnySelect = select(*_CARD).where(
    in_list(col(CardRow.request_id), "ids"), col(CardRow.deletions) < MOST_DELETIONS
)
_POSTED = (
    update(CardRow)
    .where(
        col(CardRow.request_id) == bindparam("its_request"),
        col(CardRow.audience) == bindparam("its_audience"),
        col(CardRow.recipient) == bindparam("its_recipient"),
    )
    .values({name: bindparam(name) for name in ("channel", "ts", "shown_revision")})
)
_CHUNK = 500
"""Requests looked at in one query."""


@dataclass(frozen=True, slots=True)
class Card:
    """One copy of a request: who reads it, where it is in Slack, which revision it shows.

    `channel` and `ts` are None until it is posted. `is_abandoned`: it was deleted by hand in Slack,
    and is left alone.
    """

    request_id: int
    audience: Audience
    recipient: str
    channel: str | None
    ts: str | None
    shown_revision: int
    is_abandoned: bool = False


async def create(
    session: AsyncSession, requests: Sequence[Request], *, channel: str | None
) -> None:
    """Give each a copy for each reviewer, one for the review channel and one for the submitter."""
    await execute(session, _NEW, [row for each in requests for row in _copies(each, channel)])


async def owe(
    session: AsyncSession,
    request_ids: Iterable[int],
    *,
    now: datetime,
    also: Sequence[Owed] = (),
) -> None:
    """Owe every copy of these requests, the Homes that show them, and what else is to be said.

    All that a transaction owes goes through one call, each message once: then it is in one order,
    against deadlocks.
    """
    messages = list(also)
    if changed := list(request_ids):
        copies = await execute(session, _COPIES, {"ids": changed})
        messages += [_message(copy) for copy in copies]
        messages += await homes.redraws(session, changed, now=now)
    await outbox.owe(session, list({each.key: each for each in messages}.values()), now=now)


async def outdated(session: AsyncSession, request: Request, *, reader: str) -> list[Owed]:
    """The copies of a request that show an earlier revision, and this reader's in any case."""
    copies = select(CardRow).where(CardRow.request_id == request.id)
    return [
        _message(copy, Rank.ANSWER if copy.recipient == reader else Rank.COPY)
        for copy in (await session.exec(copies)).all()
        if copy.deletions < MOST_DELETIONS
        and (copy.recipient == reader or copy.shown_revision < request.revision)
    ]


async def find(session: AsyncSession, request_id: int, audience: str, recipient: str) -> Card:
    """One copy of a request. Raises NoResultFound where there is none."""
    row = await session.get_one(CardRow, (request_id, audience, recipient))
    return Card(
        request_id=row.request_id,
        audience=Audience(row.audience),
        recipient=row.recipient,
        channel=row.channel,
        ts=row.ts,
        shown_revision=row.shown_revision,
        is_abandoned=row.deletions >= MOST_DELETIONS,
    )


async def record_posted(session: AsyncSession, cards: Sequence[Card]) -> None:
    """Write down where these cards are and what they show, as Slack has it now."""
    rows = [
        {
            "its_request": card.request_id,
            "its_audience": card.audience.value,
            "its_recipient": card.recipient,
            "channel": card.channel,
            "ts": card.ts,
            "shown_revision": card.shown_revision,
        }
        for card in cards
    ]
    if rows:
        await execute(session, _POSTED, rows)


async def in_channel(session: AsyncSession, request_id: int) -> bool:
    """Whether a copy is where others than its reviewers may see it."""
    copies = select(CardRow.recipient).where(
        CardRow.request_id == request_id, CardRow.audience == Audience.CHANNEL.value
    )
    return (await session.exec(copies)).first() is not None


async def record_deleted(session: AsyncSession, card: Card, *, now: datetime) -> None:
    """Somebody deleted its message in Slack: post it anew, once, while it asks for a decision."""
    row = await session.get_one(CardRow, (card.request_id, card.audience, card.recipient))
    request = await session.get_one(RequestRow, card.request_id)
    asks = request.status == Status.UNDER_REVIEW and not row.deletions
    row.deletions = row.deletions + 1 if asks else MOST_DELETIONS
    row.channel = row.ts = None
    if asks:
        await outbox.owe(session, [_message(row)], now=now)


async def repair(db: Database, *, now: datetime, most: int | None = None) -> int:
    """Owe every posted copy that shows an old revision while nothing is owed; how many.

    Looks at the `most` newest requests or at all, in chunks that lock nothing for long. What Slack
    refused for good is left alone, and so is what was never posted: an operator dropped it.
    """
    found, below, left = 0, None, most
    while left is None or left > 0:
        async with db.snapshot() as session:
            ids = list(await session.exec(_newest(below, min(_CHUNK, left or _CHUNK))))
            behind = (await session.exec(_behind(ids))).all() if ids else ()
        if not ids:
            break
        if behind:
            async with db.transaction() as session:
                repairs = [_message(copy, Rank.REST) for copy in behind]
                await outbox.owe(session, repairs, now=now)
        found, below = found + len(behind), ids[-1]
        left = left - len(ids) if left is not None else None
    return found


def _newest(below: int | None, limit: int) -> SelectOfScalar[int]:
    ids = select(RequestRow.id).order_by(col(RequestRow.id).desc()).limit(limit)
    return ids if below is None else ids.where(col(RequestRow.id) < below)


def _behind(ids: Sequence[int]) -> SelectOfScalar[CardRow]:
    number, colon = cast(CardRow.request_id, String), literal(":")
    key = literal("card:") + number + colon + CardRow.audience + colon + CardRow.recipient
    owed = select(OutboxRow.id).where(OutboxRow.key == key, OutboxRow.state != OutboxState.SENT)
    return (
        select(CardRow)
        .join(RequestRow, col(RequestRow.id) == CardRow.request_id)
        .where(
            col(CardRow.request_id).between(ids[-1], ids[0]),
            col(CardRow.shown_revision) < RequestRow.revision,
            col(CardRow.ts).is_not(None),
            ~owed.exists(),
        )
    )


def _copies(request: Request, channel: str | None) -> list[dict[str, Any]]:
    copies = [(Audience.REVIEWER, user) for user in request.reviewers]
    copies += [(Audience.CHANNEL, channel)] if channel else []
    copies.append((Audience.SUBMITTER, request.submitted_by))
    unseen = {"request_id": request.id, "shown_revision": 0, "deletions": 0}
    return [unseen | {"audience": audience.value, "recipient": user} for audience, user in copies]


def _message(copy: CardRow | AnyRow, rank: Rank = Rank.COPY) -> Owed:
    is_posted = copy.ts is not None
    return Owed.card(copy.request_id, copy.audience, copy.recipient, is_posted=is_posted, rank=rank)
