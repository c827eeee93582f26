"""One owed message on its way to Slack: rendered as it is now, sent, and what came of it settled.

Between a claim and its settling the process may die; the lease runs out, the message is doubtful,
and whoever claims it next looks for it in Slack before posting it again: one card, not two.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.outgoing.messages import Edit, Messages, Outgoing, Post
from bot.outgoing.slack_calls import Place, Wire
from bot.outgoing.verdict import LONGEST_RETRY_SECONDS, GiveUp, Sent, TryAgain, judge
from bot.slack_client import CALL_SECONDS
from store import exports, people
from store.domain.clock import Clock
from store.domain.policy import Policy
from store.engine.batching import Batches
from store.engine.database import Database
from store.messages import cards, outbox, rate_limits
from store.messages.outbox import Claimed, Kind, Owed
from store.messages.rate_limits import Method
from store.tables import CardRow

log = logging.getLogger(__name__)

_QUIET = {Kind.REFUSAL, Kind.LIST, Kind.HOME, Kind.UNDELIVERED}
_GONE = "message_not_found"
_UNEDITABLE = {_GONE, "cant_update_message", "edit_window_closed"}
"""A card that is left as it stands; one that only cannot be edited is tried again when asked."""
_BEAT_SECONDS = 0.02
"""While calls are under way, what was sent is settled on a beat: together costs little more."""


@dataclass(frozen=True, slots=True)
class _Delivered:
    """Slack has it; nothing `outgoing` was to be said any more. `place` is where it stands."""

    owed: Claimed
    outgoing: Outgoing | None = None
    place: Place | None = None


class Sender:
    """Sends what was claimed. `pace` is the time between two posts to one conversation."""

    def __init__(
        self,
        db: Database,
        messages: Messages,
        wire: Wire,
        policy: Policy,
        clock: Clock,
        pace: timedelta,
    ) -> None:
        self._db, self._messages, self._wire = db, messages, wire
        self._policy, self._clock, self._pace = policy, clock, pace
        self._jitter = random.SystemRandom().random
        self._limited: dict[str, datetime] = {}
        self._under_way: set[int] = set()
        self._calls, self._silent = 0, asyncio.Event()
        self._settling = Batches(db.transaction)  # its own: sends do not make `db` crowded

    async def deliver(self, owed: Claimed) -> None:
        """One attempt, whatever comes of it. Cancelled, it gives the message back at once."""
        try:
            await self._attempt(owed)
        except asyncio.CancelledError:  # the process ends: nobody has to wait for the lease
            await self._give_back(owed)
            raise
        except (DBAPIError, PoolTimeoutError) as error:  # not the message's fault
            log.warning("%s waits for its lease to end: %s", owed.key, type(error).__name__)
        except Exception:
            log.exception("%s could not be made", owed.key)
            unmade = TryAgain(LONGEST_RETRY_SECONDS, "could not be made", doubtful=True)
            await self._postpone(owed, unmade)
        finally:
            self._under_way.discard(owed.id)

    async def _give_back(self, owed: Claimed) -> None:
        """At once somebody else's; to be looked for first only if Slack may have it."""
        doubtful = owed.doubtful or owed.id in self._under_way
        unsent = TryAgain(0.0, "the bot was stopped", doubtful=doubtful)
        await self._postpone(owed, unsent)

    async def _attempt(self, owed: Claimed) -> None:
        outgoing = await self._messages.render(owed)
        if outgoing is None:
            await self._settle(_Delivered(owed))
        elif owed.doubtful and isinstance(outgoing, Post):
            await self._look_first(owed, outgoing)
        else:
            await self._send(owed, outgoing)

    async def _look_first(self, owed: Claimed, outgoing: Post) -> None:
        """An earlier attempt may have posted it: then it is only brought up to date."""
        answer, place = await self._wire.find(outgoing, key=owed.key, since=owed.created_at)
        verdict = judge(answer, attempt=owed.attempts, jitter=self._jitter())
        if isinstance(verdict, TryAgain):
            await self._postpone(owed, replace(verdict, doubtful=True))
        elif isinstance(verdict, GiveUp):
            await self._give_up(owed, verdict)
        elif place and outgoing.card:
            await self._note(outgoing.card, place)
            where = (place.channel, place.ts)
            edit = Edit(outgoing.message, *where, outgoing.card, outgoing.revision)
            await self._send(owed, edit)
        elif place:
            await self._settle(_Delivered(owed, outgoing, place))
        else:
            await self._send(owed, outgoing)

    async def _note(self, card: CardRow, place: Place) -> None:
        """At once: should the edit fail, the next attempt is an edit again and not a post."""
        async with self._db.transaction() as session:
            await cards.shown(
                session, card, channel=place.channel, ts=place.ts, revision=card.shown_revision
            )

    async def _send(self, owed: Claimed, outgoing: Outgoing, *, pictures: bool = True) -> None:
        if owed.lease_until - self._clock() < timedelta(seconds=CALL_SECONDS):
            # Made so slowly that another could claim it during the call, and post it too.
            late = TryAgain(0.0, "was not made in time", doubtful=owed.doubtful)
            await self._postpone(owed, late)
            return
        self._under_way.add(owed.id)  # cancelled from here on, Slack may have it
        async with self._calling():
            answer, place = await self._wire.send(outgoing, key=owed.key)
        verdict = judge(answer, attempt=owed.attempts, jitter=self._jitter())
        if isinstance(verdict, Sent):
            await self._settle(_Delivered(owed, outgoing, place))
        elif isinstance(verdict, TryAgain):
            await self._postpone(owed, verdict)
        elif verdict.why == "invalid_blocks" and pictures and owed.kind is Kind.CARD:
            # Slack refuses a whole card for a logo it cannot fetch: the facts matter more.
            plain = await self._messages.render(owed, pictures=False)
            assert plain is not None, "it was there a moment ago; else it is made again"
            await self._send(owed, plain, pictures=False)
        else:
            await self._give_up(owed, verdict, outgoing)

    @asynccontextmanager
    async def _calling(self) -> AsyncIterator[None]:
        self._calls += 1
        self._silent.clear()
        try:
            yield
        finally:
            self._calls -= 1
            if not self._calls:
                self._silent.set()

    async def _settle(self, one: _Delivered) -> None:
        """With whatever else is sent by then: one transaction, one wait for the disk."""
        now = asyncio.get_running_loop().time()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(now - now % _BEAT_SECONDS + _BEAT_SECONDS):
                await self._silent.wait()
        await self._settling.run(self._settled, one)

    async def _settled(self, session: AsyncSession, sent: Sequence[_Delivered]) -> list[None]:
        now = self._clock()
        await outbox.settle(session, [one.owed for one in sent], now=now)
        posted = [one.owed for one in sent if isinstance(one.outgoing, Post)]
        if self._pace:  # from the claim: else the time each call takes would be lost to the channel
            await rate_limits.rest(
                session, {owed.lane: owed.claimed_at + self._pace for owed in posted}
            )
        for one in sent:
            await self._shown(session, one, now)
        return [None for _ in sent]

    async def _shown(self, session: AsyncSession, one: _Delivered, now: datetime) -> None:
        """Note where a card or a download's message stands, and what it shows."""
        place, owed, outgoing = one.place, one.owed, one.outgoing
        if place and owed.kind is Kind.EXPORT:
            export_id, where = owed.data["export"], asdict(place)
            await exports.shown(session, export_id, **where, doubtful=owed.doubtful, now=now)
        if place and isinstance(outgoing, Post | Edit) and outgoing.card:
            where, revision = asdict(place), outgoing.revision
            await cards.shown(session, outgoing.card, **where, revision=revision)

    async def _postpone(self, owed: Claimed, verdict: TryAgain) -> None:
        until = self._clock() + timedelta(seconds=verdict.seconds)
        log.info("%s waits %.1f s: %s", owed.key, verdict.seconds, verdict.why)
        async with self._db.transaction() as session:
            await outbox.postpone(
                session, owed, until=until, why=verdict.why, doubtful=verdict.doubtful
            )
            if verdict.whole_lane:
                await rate_limits.rest(session, {owed.lane: until})
                if method := self._limited_method(owed.lane, until):
                    await rate_limits.silence(session, method, self._pace, until=until)

    def _limited_method(self, lane: str, until: datetime) -> Method | None:
        """The method that Slack limits as a whole, by what it said of this lane.

        Posts are limited by channel as well: only a second channel tells that it is all of them.
        """
        method, now = rate_limits.method_of(lane), self._clock()
        if method is Method.POST:
            self._limited = {at: t for at, t in self._limited.items() if t > now} | {lane: until}
            return method if len(self._limited) > 1 else None
        return method

    async def _give_up(
        self, owed: Claimed, verdict: GiveUp, outgoing: Outgoing | None = None
    ) -> None:
        """Nobody retries this; somebody who can mend it is told."""
        log.warning("%s is given up: %s", owed.key, verdict.why)
        now = self._clock()
        async with self._db.transaction() as session:
            await outbox.give_up(session, owed, why=verdict.why, now=now)
            if verdict.why == _GONE and isinstance(outgoing, Edit) and outgoing.card:
                await cards.deleted(session, outgoing.card, now=now)
            if owed.kind not in _QUIET and verdict.why not in _UNEDITABLE:
                await outbox.owe(session, await self._notices(session, owed, verdict), now=now)

    async def _notices(self, session: AsyncSession, owed: Claimed, verdict: GiveUp) -> list[Owed]:
        roster = await people.roster(session, self._policy)
        return [
            Owed.post(
                Kind.UNDELIVERED,
                admin,
                owed.id,
                admin,
                request_id=owed.request_id,
                data={"kind": owed.kind, "recipient": owed.recipient, "why": verdict.why},
            )
            for admin in sorted(roster.admins - {owed.recipient})
        ]
