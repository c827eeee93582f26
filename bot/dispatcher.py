"""The outbox loop: claim, render the current state, send, settle. Any number may run it at once.

Between a claim and its settling the process may die; the lease runs out, the message is doubtful,
and whoever claims it next looks for it in Slack before posting it again: one card, not two.
"""

import asyncio
import logging
import random
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.delivery import LONGEST_RETRY_SECONDS, GiveUp, Sent, TryAgain, judge
from bot.messages import Edit, Messages, Outgoing, Post
from bot.slack import CALL_SECONDS
from bot.wire import Place, Wire
from store import cards, exports, outbox, pacing, people, requests
from store.database import Database
from store.domain.clock import Clock
from store.domain.policy import Policy
from store.outbox import Claimed, Kind, Owed
from store.pacing import Method
from store.tables import CardRow

log = logging.getLogger(__name__)

POST_INTERVAL = timedelta(seconds=1)
"""Slack: about one message a second and conversation; more is answered with 429."""
IDLE_SECONDS = 1.0
"""The longest wait between two looks: other processes (the import, replicas) owe messages too."""
_HELD = timedelta(seconds=0.1)
"""The shortest: what is due and was not claimed waits behind a message in another's hands."""
_QUIET = {Kind.REFUSAL, Kind.LIST, Kind.HOME, Kind.UNDELIVERED}
_GONE = "message_not_found"
_UNEDITABLE = {_GONE, "cant_update_message", "edit_window_closed"}
"""A card that is left as it stands; one that only cannot be edited is tried again when asked."""


class Dispatcher:
    """Sends what is owed. `wake()` after a commit makes it look at once."""

    def __init__(
        self,
        db: Database,
        messages: Messages,
        wire: Wire,
        policy: Policy,
        clock: Clock,
        *,
        post_interval: timedelta = POST_INTERVAL,
    ) -> None:
        self._db, self._messages, self._wire = db, messages, wire
        self._policy, self._clock, self._pace = policy, clock, post_interval
        self._owner = uuid4().hex
        self._jitter = random.SystemRandom().random
        self._woken = asyncio.Event()
        self._stopping = False
        self._limited: dict[str, datetime] = {}
        self._under_way: set[int] = set()

    def wake(self) -> None:
        """Something may be owed: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is owed until stopped; a database that is away is asked again.

        Whatever goes wrong: nobody would notice a loop that ended while the bot runs on.
        """
        while not self._stopping:
            try:
                busy = await self.run_once()
                wait = 0.0 if busy else await self._rest()
            except Exception:
                log.exception("the outbox could not be read; trying again")
                wait = IDLE_SECONDS
            if wait:
                await self._sleep(wait)

    def stop(self) -> None:
        """End `run` after what is in hand."""
        self._stopping = True
        self.wake()

    async def run_once(self) -> int:
        """Send one round of what is due; how many messages were taken in hand."""
        claimed = await outbox.claim(
            self._db, owner=self._owner, now=self._clock(), pace=self._pace
        )
        deliveries = (self._deliver(message) for message in claimed)
        for outcome in await asyncio.gather(*deliveries, return_exceptions=True):
            if outcome is not None:  # only now: the others are not left to themselves
                raise outcome
        return len(claimed)

    async def _rest(self) -> float:
        due = await outbox.next_due(self._db, now=self._clock())
        return IDLE_SECONDS if due is None else min(max(due, _HELD).total_seconds(), IDLE_SECONDS)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _deliver(self, owed: Claimed) -> None:
        try:
            await self._attempt(owed)
        except asyncio.CancelledError:  # the process ends: nobody has to wait for the lease
            await self._give_back(owed)
            raise
        except (DBAPIError, PoolTimeoutError):
            raise  # the database is away: not the message's fault; its lease will run out
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
            await self._settle(owed, None, None)
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
            await self._settle(owed, outgoing, place)
        else:
            await self._send(owed, outgoing)

    async def _note(self, card: CardRow, place: Place) -> None:
        """At once: should the edit fail, the next attempt is an edit again and not a post."""
        async with self._db.transaction() as session:
            await requests.shown(
                session, card, channel=place.channel, ts=place.ts, revision=card.shown_revision
            )

    async def _send(self, owed: Claimed, outgoing: Outgoing, *, pictures: bool = True) -> None:
        if owed.lease_until - self._clock() < timedelta(seconds=CALL_SECONDS):
            # Made so slowly that another could claim it during the call, and post it too.
            late = TryAgain(0.0, "was not made in time", doubtful=owed.doubtful)
            await self._postpone(owed, late)
            return
        self._under_way.add(owed.id)  # cancelled from here on, Slack may have it
        answer, place = await self._wire.send(outgoing, key=owed.key)
        verdict = judge(answer, attempt=owed.attempts, jitter=self._jitter())
        if isinstance(verdict, Sent):
            await self._settle(owed, outgoing, place)
        elif isinstance(verdict, TryAgain):
            await self._postpone(owed, verdict)
        elif verdict.why == "invalid_blocks" and pictures and owed.kind is Kind.CARD:
            # Slack refuses a whole card for a logo it cannot fetch: the facts matter more.
            plain = await self._messages.render(owed, pictures=False)
            assert plain is not None, "it was there a moment ago; else it is made again"
            await self._send(owed, plain, pictures=False)
        else:
            await self._give_up(owed, verdict, outgoing)

    async def _settle(self, owed: Claimed, outgoing: Outgoing | None, place: Place | None) -> None:
        pace = self._pace if isinstance(outgoing, Post) else timedelta()
        now = self._clock()
        async with self._db.transaction() as session:
            await outbox.settle(session, owed, now=now, pace=pace)
            if place and owed.kind is Kind.EXPORT:
                export_id, where = owed.data["export"], asdict(place)
                await exports.shown(session, export_id, **where, doubtful=owed.doubtful, now=now)
            if place and isinstance(outgoing, Post | Edit) and outgoing.card:
                await requests.shown(
                    session,
                    outgoing.card,
                    channel=place.channel,
                    ts=place.ts,
                    revision=outgoing.revision,
                )

    async def _postpone(self, owed: Claimed, verdict: TryAgain) -> None:
        until = self._clock() + timedelta(seconds=verdict.seconds)
        log.info("%s waits %.1f s: %s", owed.key, verdict.seconds, verdict.why)
        async with self._db.transaction() as session:
            await outbox.postpone(
                session, owed, until=until, why=verdict.why, doubtful=verdict.doubtful
            )
            if verdict.whole_lane:
                await pacing.rest(session, owed.lane, until=until)
                if method := self._limited_method(owed.lane, until):
                    await pacing.silence(session, method, self._pace, until=until)

    def _limited_method(self, lane: str, until: datetime) -> Method | None:
        """The method that Slack limits as a whole, by what it said of this lane.

        Posts are limited by channel as well: only a second channel tells that it is all of them.
        """
        method, now = pacing.method_of(lane), self._clock()
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
            Owed(
                key=f"undelivered:{owed.id}:{admin}",
                kind=Kind.UNDELIVERED,
                recipient=admin,
                lane=f"post:{admin}",
                request_id=owed.request_id,
                data={"kind": owed.kind, "recipient": owed.recipient, "why": verdict.why},
            )
            for admin in sorted(roster.admins - {owed.recipient})
        ]
