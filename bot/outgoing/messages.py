"""From the name of an owed message to the message: rendered from the state now, never from then.

`None` means the message has become moot (a digest with nothing left in it) and counts as sent.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_sdk.models.views import View
from sqlmodel.ext.asyncio.session import AsyncSession

from blocks import digest, home, notices, paging, refusals, request_card, request_list
from blocks import export as export_blocks
from blocks.message import Message
from blocks.text import mention
from bot.profiles import Directory
from store import exports, people
from store.domain.access import Denial, Refused, bounds
from store.domain.clock import Clock
from store.domain.lists.query import Scope
from store.domain.policy import Policy
from store.domain.request import Audience, Person, Request
from store.engine.database import Database
from store.lists import listing
from store.messages import cards, homes
from store.messages.outbox import Claimed, Kind
from store.requests import read
from store.tables import CardRow


@dataclass(frozen=True, slots=True)
class Post:
    """A new message in a conversation; with `card`, the one copy of a request for its reader."""

    message: Message
    channel: str
    thread_ts: str | None = None
    card: CardRow | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """What is there, redrawn: a card, or how a download goes."""

    message: Message
    channel: str
    ts: str
    card: CardRow | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer by response URL; `replace` puts it in the place of what was clicked."""

    message: Message
    url: str
    replace: bool


@dataclass(frozen=True, slots=True)
class Publish:
    """The Home tab of one person."""

    view: View
    user: str


Outgoing = Post | Edit | Reply | Publish


class Messages:
    """Renders each kind of owed message. `pictures=False` leaves logos out."""

    def __init__(self, db: Database, directory: Directory, policy: Policy, clock: Clock) -> None:
        self._db, self._directory, self._policy, self._clock = db, directory, policy, clock
        self._kinds: dict[Kind, Callable[[Claimed, bool], Awaitable[Outgoing | None]]] = {
            Kind.CARD: self._card,
            Kind.OUTCOME: self._outcome,
            Kind.WITHDRAWN: self._withdrawn,
            Kind.REMINDER: self._reminder,
            Kind.DIGEST: self._digest,
            Kind.NUDGE: self._nudge,
            Kind.DEPARTURE: self._departure,
            Kind.REFUSAL: self._refusal,
            Kind.LIST: self._list,
            Kind.HOME: self._home,
            Kind.EXPORT: self._export,
            Kind.UNDELIVERED: self._undelivered,
        }

    async def render(self, owed: Claimed, *, pictures: bool = True) -> Outgoing | None:
        """The message as it should read at this moment."""
        return await self._kinds[owed.kind](owed, pictures)

    async def _card(self, owed: Claimed, pictures: bool) -> Outgoing | None:
        audience = Audience(owed.data["audience"])
        async with self._db.snapshot() as session:
            only_of = await self._bounds(session, audience, owed.recipient)
            request = await read.in_context(session, owed.request_id or 0, only_of=only_of)
            card = await cards.card(session, request.id, audience, owed.recipient)
        if card.deletions >= cards.GONE:
            return None
        known = await self._directory.people(request.people())
        if audience is Audience.SUBMITTER:
            message = request_card.receipt(request, known, pictures=pictures)
        else:
            message = request_card.build(request, known, audience=audience, pictures=pictures)
        if card.channel and card.ts:
            return Edit(message, card.channel, card.ts, card, request.revision)
        return Post(message, owed.recipient, card=card, revision=request.revision)

    async def _bounds(self, session: AsyncSession, audience: Audience, reader: str) -> str | None:
        """Who decides sees what speaks for and against; a submitter, of others, nothing."""
        if audience is not Audience.SUBMITTER:
            return None
        return bounds(reader, await people.roster(session, self._policy))

    async def _outcome(self, owed: Claimed, _pictures: bool) -> Outgoing:
        request = await self._request(owed)
        known = await self._directory.people(request.people())
        return Post(notices.outcome(request, known), owed.recipient)

    async def _withdrawn(self, owed: Claimed, _pictures: bool) -> Outgoing | None:
        """Told in the thread of the reviewer's own card; who never got one needs no word."""
        request = await self._request(owed)
        async with self._db.snapshot() as session:
            card = await cards.card(session, request.id, Audience.REVIEWER, owed.recipient)
        if not card.channel or not card.ts:
            return None
        known = await self._directory.people(request.people())
        return Post(notices.withdrawn(request, known), card.channel, thread_ts=card.ts)

    async def _reminder(self, owed: Claimed, _pictures: bool) -> Outgoing | None:
        return await self._gathered(owed, overdue=True)

    async def _digest(self, owed: Claimed, _pictures: bool) -> Outgoing | None:
        return await self._gathered(owed, overdue=False)

    async def _gathered(self, owed: Claimed, *, overdue: bool) -> Outgoing | None:
        now = self._clock()
        # Of a morning's many, those in hand share a question.
        asked = (digest.SHOWN, now if overdue else None)
        waiting, total = await self._db.read_batches.run(
            listing.waiting_on_each, owed.recipient, *asked
        )
        if not waiting:
            return None
        known = await self._directory.people(
            {owed.recipient}.union(*(request.people() for request in waiting))
        )
        reviewer = known.get(owed.recipient) or Person(
            owed.recipient, "there", timezone=self._policy.timezone
        )
        build = digest.reminder if overdue else digest.build
        return Post(build(reviewer, waiting, total, known, now=now), owed.recipient)

    async def _nudge(self, owed: Claimed, _pictures: bool) -> Outgoing | None:
        """Moot once the release has moved."""
        request = await self._request(owed)
        return None if request.release_stage else Post(notices.nudge(request), owed.recipient)

    async def _departure(self, owed: Claimed, _pictures: bool) -> Outgoing | None:
        reviewer = owed.data["reviewer"]
        async with self._db.snapshot() as session:
            waiting, total = await listing.waiting_on(session, reviewer, limit=digest.SHOWN)
        if not waiting:
            return None
        known = await self._directory.people({reviewer})
        return Post(notices.departure(reviewer, waiting, total, known), owed.recipient)

    async def _refusal(self, owed: Claimed, _pictures: bool) -> Outgoing:
        async with self._db.snapshot() as session:
            request = await read.find(session, owed.request_id or 0)
            known = await people.known(session, request.people() if request else ())
        refused = Refused(Denial(owed.data["denial"]), owed.data["asked"], request)
        sentence = refusals.word(refused, known, asker=owed.recipient)
        return Reply(notices.plain(sentence), owed.data["url"], replace=False)

    async def _list(self, owed: Claimed, _pictures: bool) -> Outgoing | None:
        query = paging.parse(owed.data["query"], owed.recipient)
        if query is None:
            return None
        await self._directory.people(query.filter.submitters)  # so that their names are known
        found = await listing.listing(self._db, query, asker=owed.recipient, policy=self._policy)
        message = request_list.build(query, found.page, found.people, now=self._clock())
        return Reply(message, owed.data["url"], replace=owed.data["replace"])

    async def _home(self, owed: Claimed, _pictures: bool) -> Outgoing:
        async with self._db.snapshot() as session:
            place = await homes.place_of(session, owed.recipient)
        query = paging.parse(place or "", owed.recipient) or paging.opening(Scope.MINE)
        await self._directory.people(query.filter.submitters)
        found = await homes.overview(self._db, query, asker=owed.recipient, policy=self._policy)
        page, known = found.listing.page, found.listing.people
        shown = home.Shown(found.query, page, known, found.tabs, found.counts)
        return Publish(home.build(shown, now=self._clock()), owed.recipient)

    async def _export(self, owed: Claimed, _pictures: bool) -> Outgoing:
        async with self._db.snapshot() as session:
            export = await exports.find(session, owed.data["export"])
            known = await people.known(session, export.query.filter.submitters)
        if url := owed.data.get("url"):
            return Reply(export_blocks.accepted(export, known), url, replace=False)
        zone = await self._directory.zone(owed.recipient)
        message = export_blocks.build(export, known, file_name=export.file_name(zone))
        if export.channel and export.ts:
            return Edit(message, export.channel, export.ts)
        return Post(message, owed.recipient)

    async def _undelivered(self, owed: Claimed, _pictures: bool) -> Outgoing:
        ref = f" of MP-{owed.request_id}" if owed.request_id else ""
        what = f"the {owed.data['kind']}{ref} for {mention(owed.data['recipient'])}"
        return Post(notices.undelivered(what, owed.data["why"]), owed.recipient)

    async def _request(self, owed: Claimed) -> Request:
        async with self._db.snapshot() as session:
            return await read.one(session, owed.request_id or 0)
