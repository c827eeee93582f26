"""The copies of a request in Slack: who has one, what each shows, and which are owed again.

A click on a copy brings a response URL, by which Slack replaces it at once and outside of the
limits of `chat.update`. It is kept with the copy while Slack takes it. It is a secret: whoever has
it can write in the conversation.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.exc import NoResultFound
from sqlmodel import (
    String,
    bindparam,
    case,
    cast,
    col,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from store.domain.request import Audience, Request, Status
from store.engine.columns import in_list
from store.engine.database import (
    AnyRow,
    AnySelect,
    Database,
    DialectInsert,
    Reading,
    ask,
    dialect_insert,
    flush,
)
from store.messages import bursts, claim, homes, outbox
from store.messages.bursts import Gathered
from store.messages.homes import Concerned
from store.messages.outbox import Claimed, Owed, Rank
from store.tables import OPEN, BurstRow, CardRow, OutboxRow, OutboxState, RequestRow

MOST_DELETIONS = 2
"""Deletions after which a card is left alone: who deletes it twice does not want it."""
ANSWERABLE_FOR = timedelta(minutes=25)
ANSWERS = 4
"""How long after a click, and how often, its response URL replaces the copy. Slack: half an hour,
and five times; one is left for an answer to who clicked."""
# Hot: with every submitted request, every change of one, and every card that is sent.
_NEW = insert(CardRow)
_SILENCED = update(CardRow).where(in_list(col(CardRow.request_id), "ids")).values(silent=True)
_CARD: tuple[Any, ...] = tuple(getattr(CardRow, name) for name in CardRow.model_fields)
_COPIES: AnySelect = (
    select(*_CARD)
    .add_columns(BurstRow.begun_at, col(BurstRow.ts).label("burst_ts"))
    .join(BurstRow, col(BurstRow.id) == CardRow.burst_id, isouter=True)
    .where(in_list(col(CardRow.request_id), "ids"), col(CardRow.deletions) < MOST_DELETIONS)
)
_ITS = (
    col(CardRow.request_id) == bindparam("its_request"),
    col(CardRow.audience) == bindparam("its_audience"),
    col(CardRow.recipient) == bindparam("its_recipient"),
)
_AS_POSTED = ("channel", "ts", "shown_revision", "drawn_at", "taken_away")
_ONE: AnySelect = select(*_CARD).where(*_ITS)
_POSTED = update(CardRow).where(*_ITS).values({name: bindparam(name) for name in _AS_POSTED})
_CLICKED = (
    update(CardRow)
    .where(
        col(CardRow.request_id) == bindparam("its_request"),
        col(CardRow.channel) == bindparam("its_channel"),
        col(CardRow.ts) == bindparam("its_ts"),
    )
    .values(response_url=bindparam("url"), response_until=bindparam("until"), response_uses=0)
)
_OF_URL = (*_ITS, col(CardRow.response_url) == bindparam("its_url"))
_USED = (
    update(CardRow)
    .where(*_OF_URL)
    .values(
        response_uses=CardRow.response_uses + 1,
        response_url=case(
            (col(CardRow.response_uses) + 1 < ANSWERS, CardRow.response_url), else_=null()
        ),
    )
)
_FORGOTTEN = update(CardRow).where(*_OF_URL).values(response_url=None)
_CHUNK = 500
"""Requests looked at in one query."""


@dataclass(frozen=True, slots=True)
class Card:
    """One copy of a request: who reads it, where it is in Slack, which revision it shows.

    `channel` and `ts` are None until it is posted. `drawn_at` is when what it says of other
    requests was so. `is_abandoned`: it was deleted by hand in Slack, and is left alone.
    `is_silent`: it is never posted; its reader is told otherwise, or not at all. `taken_away`: it
    says that its reader reviews no more.
    `response_url` replaces it, while there is one.
    """

    request_id: int
    audience: Audience
    recipient: str
    channel: str | None
    ts: str | None
    shown_revision: int
    is_abandoned: bool = False
    is_silent: bool = False
    drawn_at: datetime | None = None
    taken_away: bool = False
    response_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Clicked:
    """The message that somebody clicked in, a copy of a request or not, and its response URL."""

    channel: str
    ts: str
    response_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class New:
    """A new request, its review channel if it has one, and whether its submitter has a receipt."""

    request: Request
    channel: str | None
    has_receipt: bool


async def create(session: AsyncSession, new: Sequence[New]) -> None:
    """Give each a copy for each reviewer, one for its review channel and one for the submitter."""
    await flush(session)
    ask(session, _NEW, [row for each in new for row in _copies(each)])


def silence(session: AsyncSession, request_ids: Sequence[int]) -> None:
    """Post none of the copies that these requests have."""
    if request_ids:
        ask(session, _SILENCED, {"ids": request_ids})


def add_reviewers(session: AsyncSession, requests: Sequence[Request]) -> None:
    """Give those of the open stage a copy, who have none yet."""
    _add(session, [(each, Audience.REVIEWER, user) for each in requests for user in each.reviewers])


def add_called(session: AsyncSession, requests: Sequence[Request]) -> None:
    """Give those who were called a copy of their own, whatever else they have."""
    _add(
        session, [(each, Audience.CALLED, user) for each in requests for user in each.escalated_to]
    )


def add_told(session: AsyncSession, request: Request, readers: Iterable[str]) -> None:
    """Give these a copy that tells of an emergency, whatever else they have."""
    _add(session, [(request, Audience.EMERGENCY, user) for user in readers])


def _add(session: AsyncSession, copies: Sequence[tuple[Request, Audience, str]]) -> None:
    rows = [_unseen(*copy) for copy in copies]
    if rows:
        ask(session, _adding(dialect_insert(session)), rows)


@cache
def _adding(insert: DialectInsert) -> Insert:
    return insert(CardRow).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class Shown:
    """Where requests are seen: their copies, and the Homes that are open."""

    copies: Sequence[AnyRow]
    homes: Sequence[Concerned]


def shown(
    session: AsyncSession, request_ids: Iterable[int], *, now: datetime, also: Iterable[str] = ()
) -> Reading[Shown]:
    """Where these requests are seen, asked for now; `also` are who may be about to decide."""
    ids = list(request_ids)
    copies = ask(session, _COPIES, {"ids": ids})
    return Reading(Shown, copies, homes.concerned(session, ids, now=now, also=also))


async def owe(
    session: AsyncSession,
    request_ids: Iterable[int],
    *,
    now: datetime,
    also: Sequence[Owed] = (),
    clicked: Sequence[tuple[int, Clicked]] = (),
    where: Shown | None = None,
    deciders: AbstractSet[str] = frozenset(),
    burst: int = 0,
) -> None:
    """Owe every copy of these requests, the Homes that show them, and what else is to be said.

    `clicked` are messages that somebody clicked in, each with the request it was about. `where` is
    what `shown` said of these requests, and of others perhaps, before `deciders` decided. `burst`
    is the policy's: of copies that are new, more than so many for one reader are one message.

    All that a transaction owes goes through one call, each message once: then it is in one order,
    against deadlocks. Copies are written to after the outbox, as when what was sent is settled.
    """
    messages = list(also)
    gathered = Gathered()
    if changed := list(request_ids):
        spots = {(click.channel, click.ts) for _, click in clicked}
        where = where or await shown(session, changed, now=now)
        of_changed = [copy for copy in where.copies if copy.request_id in changed]
        if any(_may_be_new(copy) for copy in of_changed):
            gathered = await bursts.gather(session, changed, burst, now=now)
        own = [
            copy for copy in of_changed if not copy.silent and _name(copy) not in gathered.copies
        ]
        messages += [_message(copy, now, clicked=spots) for copy in own]
        messages += [_burst(copy) for copy in of_changed if copy.burst_id]
        messages += gathered.messages
        seen_by = [each for each in where.homes if each.in_any_case or each.user in deciders]
        messages += [Owed.home(each.user, Rank.HOME) for each in seen_by]
    owed = list({each.key: each for each in messages}.values())
    await outbox.owe(session, owed, now=now)
    claim.take_at_once(session, [each for each in owed if each.is_alone], now=now)
    await bursts.fold(session, gathered.begun)
    _record_clicked(session, clicked, now=now)


async def outdated(
    session: AsyncSession,
    request: Request,
    *,
    reader: str,
    clicked: Clicked | None,
    now: datetime,
) -> list[Owed]:
    """The copies of a request that show an earlier revision, and in any case this reader's and the
    one that was clicked.
    """
    copies = select(CardRow).where(CardRow.request_id == request.id)
    spots = {(clicked.channel, clicked.ts)} if clicked else set()
    return [
        _message(copy, now, Rank.ANSWER if copy.recipient == reader else Rank.COPY, clicked=spots)
        for copy in (await session.exec(copies)).all()
        if copy.deletions < MOST_DELETIONS
        and not copy.silent
        and (
            copy.recipient == reader
            or (copy.channel, copy.ts) in spots
            or copy.shown_revision < request.revision
        )
    ]


async def bring_up_to_date(
    session: AsyncSession, request: Request, *, reader: str, clicked: Clicked | None, now: datetime
) -> None:
    """Owe these: somebody acted on what is no longer so."""
    redraws = await outdated(session, request, reader=reader, clicked=clicked, now=now)
    about = [(request.id, clicked)] if clicked else []
    await owe(session, (), now=now, also=redraws, clicked=about)


async def record_clicked(db: Database, request_id: int, clicked: Clicked, *, now: datetime) -> None:
    """Somebody opened a form or the details from this message: what comes of it is shown there."""
    async with db.transaction() as session:
        _record_clicked(session, [(request_id, clicked)], now=now)


def _record_clicked(
    session: AsyncSession, clicked: Sequence[tuple[int, Clicked]], *, now: datetime
) -> None:
    rows = [
        {
            "its_request": request_id,
            "its_channel": click.channel,
            "its_ts": click.ts,
            "url": click.response_url,
            "until": now + ANSWERABLE_FOR,
        }
        for request_id, click in sorted(clicked, key=_in_order)
    ]
    if rows:
        ask(session, _CLICKED, rows)


def _in_order(clicked: tuple[int, Clicked]) -> tuple[int, str, str]:
    """The order in which copies are written to, against deadlocks."""
    request_id, click = clicked
    return request_id, click.channel, click.ts


def find(
    session: AsyncSession, request_id: int, audience: str, recipient: str, *, now: datetime
) -> Reading[Card]:
    """One copy of a request, asked for now. Raises NoResultFound where there is none."""

    def read(rows: Sequence[AnyRow]) -> Card:
        for row in rows:
            return Card(
                request_id=row.request_id,
                audience=Audience(row.audience),
                recipient=row.recipient,
                channel=row.channel,
                ts=row.ts,
                shown_revision=row.shown_revision,
                is_abandoned=row.deletions >= MOST_DELETIONS,
                is_silent=row.silent,
                drawn_at=row.drawn_at,
                taken_away=row.taken_away,
                response_url=row.response_url if _is_answerable(row, now) else None,
            )
        raise NoResultFound

    its = {"its_request": request_id, "its_audience": audience, "its_recipient": recipient}
    return Reading(read, ask(session, _ONE, its))


async def record_posted(session: AsyncSession, cards: Sequence[Card]) -> None:
    """Write down where these cards are and what they show, as Slack has it now."""
    # In one order, against deadlocks.
    ordered = sorted(cards, key=attrgetter("request_id", "audience", "recipient"))
    rows = [_key(card) | {name: getattr(card, name) for name in _AS_POSTED} for card in ordered]
    if rows:
        ask(session, _POSTED, rows)


async def count_uses(session: AsyncSession, cards: Sequence[Card]) -> None:
    """These cards were replaced by their response URLs; a URL that is used up is kept no longer."""
    if cards:
        ask(session, _USED, [_key(card) | {"its_url": card.response_url} for card in cards])


async def owe_without_url(
    session: AsyncSession, message: Claimed, card: Card, *, doubtful: bool, now: datetime
) -> None:
    """The response URL of this copy serves no more: it is owed at once, in the way that is left.
    `doubtful`: Slack may still do what was asked by it.
    """
    is_posted = card.ts is not None
    owed = Owed.card(
        card.request_id,
        card.audience,
        card.recipient,
        is_posted=is_posted,
        rank=Rank.CLICKED,
    )
    await outbox.move(session, message, owed, doubtful=doubtful, now=now)
    ask(session, _FORGOTTEN, _key(card) | {"its_url": card.response_url})


async def forget_old_urls(session: AsyncSession, *, now: datetime) -> None:
    """Keep no response URL that serves no more."""
    old = col(CardRow.response_until) <= now
    kept = col(CardRow.response_url).is_not(None)
    await session.exec(update(CardRow).where(kept, old).values(response_url=None))


async def drawn_before(
    session: AsyncSession,
    request_ids: Sequence[int],
    moment: datetime | None,
    *,
    now: datetime,
    rank: Rank = Rank.REST,
    only_of: str | None = None,
) -> list[Owed]:
    """The posted copies of these requests that were drawn before that moment, or this reader's."""
    if not request_ids or moment is None:
        return []
    copies = select(CardRow).where(
        col(CardRow.request_id).in_(request_ids),
        col(CardRow.ts).is_not(None),
        or_(col(CardRow.drawn_at).is_(None), col(CardRow.drawn_at) < moment),
        col(CardRow.deletions) < MOST_DELETIONS,
    )
    if only_of:
        copies = copies.where(CardRow.recipient == only_of)
    return [_message(copy, now, rank) for copy in (await session.exec(copies)).all()]


async def in_channel(session: AsyncSession, request_id: int) -> bool:
    """Whether a copy is where others than its reviewers may see it."""
    copies = select(CardRow.recipient).where(
        CardRow.request_id == request_id,
        CardRow.audience == Audience.CHANNEL.value,
        col(CardRow.silent).is_(False),
    )
    return (await session.exec(copies)).first() is not None


async def record_deleted(session: AsyncSession, card: Card, *, now: datetime) -> None:
    """Somebody deleted its message in Slack: post it anew, once, while it asks for a decision."""
    row = await session.get_one(CardRow, (card.request_id, card.audience, card.recipient))
    request = await session.get_one(RequestRow, card.request_id)
    asks = request.status == Status.UNDER_REVIEW and not row.deletions
    row.deletions = 1 if asks else MOST_DELETIONS
    row.channel = row.ts = row.response_url = None
    if asks:
        await outbox.owe(session, [_message(row, now)], now=now)


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
                repairs = [_message(copy, now, Rank.REST) for copy in behind]
                await outbox.owe(session, repairs, now=now)
        found, below = found + len(behind), ids[-1]
        left = left - len(ids) if left is not None else None
    return found


async def follow_channels(
    db: Database, channels: AbstractSet[str], before: AbstractSet[str] | None, *, now: datetime
) -> int:
    """Owe the copies of open requests in channels that cards are shown in no more, or are again.

    `before` are the channels that were last followed; where it is not known, only those count that
    are none now. Returns how many copies.
    """
    posted = (
        select(CardRow)
        .join(RequestRow, col(RequestRow.id) == CardRow.request_id)
        .where(
            CardRow.audience == Audience.CHANNEL.value,
            col(CardRow.ts).is_not(None),
            col(CardRow.deletions) < MOST_DELETIONS,
            OPEN,
        )
        .order_by(col(RequestRow.id))
        .limit(_CHUNK)
    )
    which = (
        col(CardRow.recipient).not_in(channels)
        if before is None
        else col(CardRow.recipient).in_(before ^ channels)
    )
    found, last = 0, 0
    while before is None or before != channels:
        async with db.snapshot() as session:
            copies = (await session.exec(posted.where(which, col(RequestRow.id) > last))).all()
        if copies:
            async with db.transaction() as session:
                owed = [_message(copy, now, Rank.REST) for copy in copies]
                await outbox.owe(session, owed, now=now)
        found += len(copies)
        if len(copies) < _CHUNK:
            break
        last = copies[-1].request_id
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


def _copies(new: New) -> list[dict[str, Any]]:
    request, channel = new.request, new.channel
    copies = [(Audience.REVIEWER, user) for user in request.reviewers]
    copies += [(Audience.CHANNEL, channel)] if channel else []
    receipt = _unseen(request, Audience.SUBMITTER, request.submitted_by)
    return [
        *(_unseen(request, audience, user) for audience, user in copies),
        receipt | {"silent": not new.has_receipt},
    ]


def _unseen(request: Request, audience: Audience, recipient: str) -> dict[str, Any]:
    unseen = {"request_id": request.id, "shown_revision": 0, "deletions": 0, "response_uses": 0}
    unseen |= {"silent": False, "taken_away": False}
    return unseen | {"audience": audience.value, "recipient": recipient}


def _key(card: Card) -> dict[str, Any]:
    return {
        "its_request": card.request_id,
        "its_audience": card.audience.value,
        "its_recipient": card.recipient,
    }


def _message(
    copy: CardRow | AnyRow,
    now: datetime,
    rank: Rank = Rank.COPY,
    *,
    clicked: AbstractSet[tuple[str, str]] = frozenset(),
) -> Owed:
    return Owed.card(
        copy.request_id,
        copy.audience,
        copy.recipient,
        is_posted=copy.ts is not None,
        is_answerable=(copy.channel, copy.ts) in clicked or _is_answerable(copy, now),
        rank=rank,
    )


def _may_be_new(copy: CardRow | AnyRow) -> bool:
    return copy.ts is None and not copy.silent and copy.audience != Audience.SUBMITTER


def _name(copy: CardRow | AnyRow) -> bursts.Copy:
    return copy.request_id, copy.audience, copy.recipient


def _burst(copy: AnyRow) -> Owed:
    """The message that has gathered it."""
    due = bursts.due_at(copy.begun_at, copy.burst_ts)
    return Owed.burst(copy.burst_id, copy.recipient, due=due)


def _is_answerable(copy: CardRow | AnyRow, now: datetime) -> bool:
    """Whether a response URL replaces it now."""
    url, until = copy.response_url, copy.response_until
    return bool(url and until and until > now)
