"""Writes down what came of an attempt to send: sent, to be tried again, or given up.

What is sent at about the same time is settled in one batch, because one transaction and one wait
for the disk for several cost little more than for one.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.observe.observer import Observer
from bot.outgoing.alarms import tell_admins
from bot.outgoing.limits import Limits
from bot.outgoing.slack_calls import Call, Edit, Place, Post, Publish, Reply
from bot.outgoing.verdict import MESSAGE_GONE, GiveUp, TryAgain
from store import exports, questions
from store.domain.clock import Clock
from store.domain.policy import PolicyInForce
from store.engine.batching import Batches
from store.engine.database import Database
from store.messages import bursts, cards, digests, outbox, rate_limits, slots, told
from store.messages.cards import Card
from store.messages.outbox import Claimed, Kind, Owed
from store.messages.rate_limits import LONGEST_REST, Method, method_of

LOOKS = tuple(timedelta(seconds=seconds) for seconds in (15, 45, 90))
"""When, after a doubtful message was sent, the bot looks whether it stands there twice: at most
three quarters of a minute after the second copy has come."""
_TICK_SECONDS = 0.02
"""While calls are under way, what was sent waits for the next tick: one settling for all."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """Slack has it at `place`. No `call`: nothing was left to say."""

    message: Claimed
    call: Call | None
    place: Place | None


class Settler:
    """The ends of an attempt. `pace` is the time between two posts to one conversation."""

    def __init__(
        self,
        db: Database,
        in_force: PolicyInForce,
        clock: Clock,
        pace: timedelta,
        observer: Observer,
    ) -> None:
        self._db, self._in_force, self._clock, self._pace = db, in_force, clock, pace
        self._observer = observer
        self._limits = Limits()
        self._batches = Batches(db.transaction)  # its own: messages are no crowd of people
        self._calls = 0
        self._no_calls = asyncio.Event()

    @contextmanager
    def calling(self) -> Iterator[None]:
        """A call to Slack is under way: others may be sent by the time it ends."""
        self._calls += 1
        self._no_calls.clear()
        try:
            yield
        finally:
            self._calls -= 1
            if not self._calls:
                self._no_calls.set()

    async def sent(
        self, message: Claimed, call: Call | None = None, place: Place | None = None
    ) -> None:
        """It is in Slack, or there was nothing left to say. Returns once it is committed."""
        now = asyncio.get_running_loop().time()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(now - now % _TICK_SECONDS + _TICK_SECONDS):
                await self._no_calls.wait()
        await self._batches.run(self._settle, _Sent(message, call, place))
        self._ended(message, "sent" if call else "moot")

    async def found(self, card: Card, place: Place) -> None:
        """An earlier attempt has posted this card. Written down before the card is brought up to
        date: should that fail, the next attempt edits it and does not post another.
        """
        async with self._db.transaction() as session:
            await cards.record_posted(session, [_at(replace(card, shown_revision=0), place)])

    async def without_url(
        self, message: Claimed, card: Card, *, why: str | None = None, doubtful: bool = False
    ) -> None:
        """Its response URL serves no more. The copy is owed at once by what Slack counts."""
        async with self._db.transaction() as session:
            now = self._clock()
            await cards.owe_without_url(session, message, card, doubtful=doubtful, now=now)
        self._ended(message, "edited_instead", why=why)

    async def postpone(self, message: Claimed, verdict: TryAgain) -> None:
        """Not sent, or perhaps it was: again later. A limit of Slack's holds for all replicas."""
        now = self._clock()
        seconds = min(verdict.seconds, LONGEST_REST.total_seconds())
        until = now + timedelta(seconds=seconds)
        level = logging.WARNING if verdict.refused else logging.INFO
        self._ended(message, "again", why=verdict.why, again_in=seconds, level=level)
        if verdict.whole_lane:
            self._observer.slack_wait(message.lane.partition(":")[0], seconds)
        async with self._db.transaction() as session:
            await outbox.postpone(
                session, message, until=until, why=verdict.why, doubtful=verdict.doubtful, now=now
            )
            if verdict.whole_lane:
                told = {"until": until, "now": now}
                if method_of(message.lane) is Method.POST:
                    await rate_limits.pause_conversation(session, message.lane, self._pace, **told)
                else:
                    await rate_limits.pause_lanes(session, {message.lane: until})
                if method := self._limits.learn(message.lane, **told):
                    await rate_limits.pause_method(session, method, self._pace, **told)
            if verdict.refused:
                await tell_admins(session, message, verdict, self._in_force.policy, now=now)

    async def give_up(self, message: Claimed, verdict: GiveUp, call: Call | None = None) -> None:
        """It can never be sent: nobody tries again, and whoever can mend it is told."""
        self._ended(message, "given_up", why=verdict.why, level=logging.WARNING)
        now = self._clock()
        async with self._db.transaction() as session:
            await outbox.give_up(session, message, why=verdict.why, now=now)
            if verdict.why == MESSAGE_GONE and isinstance(call, Edit) and call.card:
                await cards.record_deleted(session, call.card, now=now)
            if message.kind is Kind.QUESTION and isinstance(call, Post):
                await _tell_asker(session, message, now=now)
            if verdict.why == MESSAGE_GONE and message.kind is Kind.BURST:
                await bursts.record_deleted(session, message.data["burst"])
            await tell_admins(session, message, verdict, self._in_force.policy, now=now)

    def _ended(self, message: Claimed, outcome: str, **more: Any) -> None:
        seconds = (self._clock() - message.claimed_at).total_seconds()
        self._observer.message(message, outcome, seconds, **more)

    async def _settle(self, session: AsyncSession, batch: Sequence[_Sent]) -> list[None]:
        now = self._clock()
        # From the claim: else the channel would lose the time each call takes.
        posted = {
            sent.message.lane: sent.message.claimed_at
            for sent in batch
            if isinstance(sent.call, Post) and self._pace
        }
        learned = rate_limits.paces(session, posted, self._pace, now=now)
        redrawn = {sent.message.id for sent in batch if _has_redrawn(sent)}
        await outbox.settle(session, [sent.message for sent in batch], redrawn=redrawn, now=now)
        paces = await learned
        await rate_limits.pause_lanes(
            session, {lane: at + paces.get(lane, self._pace) for lane, at in posted.items()}
        )
        shown = [
            _at(sent.call.card, sent.place)
            for sent in batch
            if sent.place and isinstance(sent.call, Post | Edit) and sent.call.card
        ]
        # Slack's answer to a response URL names no message: it is where it was.
        replaced = [
            sent.call.card for sent in batch if isinstance(sent.call, Reply) and sent.call.card
        ]
        await cards.record_posted(session, [*shown, *replaced])
        await cards.count_uses(session, replaced)
        for message, call, place in ((sent.message, sent.call, sent.place) for sent in batch):
            # It was found in Slack, perhaps, and then shows what an earlier attempt drew.
            may_be_old = message.doubtful and isinstance(call, Post)
            if place and message.kind is Kind.EXPORT:
                await exports.record_posted(
                    session,
                    message.data["export"],
                    channel=place.channel,
                    ts=place.ts,
                    may_be_old=may_be_old,
                    now=now,
                )
            if place and message.kind is Kind.QUESTION:
                await _record_question(session, message, place, may_be_old=may_be_old, now=now)
            if place and message.kind is Kind.BURST:
                await bursts.record_posted(
                    session,
                    message.data["burst"],
                    channel=place.channel,
                    ts=place.ts,
                    may_be_old=may_be_old,
                    now=now,
                )
            if place and isinstance(call, Post) and call.morning:
                there = replace(call.morning, channel=place.channel, ts=place.ts)
                await digests.record_posted(session, there)
        await told.record_posted(
            session,
            [
                told.Standing(sent.message, sent.place.channel, sent.place.ts)
                for sent in batch
                if sent.place and isinstance(sent.call, Post) and sent.message.kind in told.QUOTING
            ],
            now=now,
        )
        await _owe_looks(session, batch, now)
        return [None for _ in batch]


async def _tell_asker(session: AsyncSession, message: Claimed, *, now: datetime) -> None:
    """Slack does not deliver the question: who asked it waits for nothing."""
    request_id, number = message.request_id or 0, message.data["number"]
    asked = (await questions.of(session, [request_id]))[request_id][number - 1]
    told = Owed.unreached(request_id, number, asked.asked_by)
    await slots.owe_once(session, [told], now=now)


async def _record_question(
    session: AsyncSession, message: Claimed, place: Place, *, may_be_old: bool, now: datetime
) -> None:
    """Where it stands. One that may show an old state is owed once more."""
    request_id, number = message.request_id or 0, message.data["number"]
    await questions.record_posted(session, request_id, number, channel=place.channel, ts=place.ts)
    if may_be_old:
        again = Owed.question(request_id, number, message.recipient, is_posted=True)
        await outbox.owe(session, [again], now=now)


async def _owe_looks(session: AsyncSession, batch: Sequence[_Sent], now: datetime) -> None:
    """An attempt that was given up on may post its copy later than the one that counts."""
    doubted = [
        (sent.message, sent.place, sent.call.thread_ts if isinstance(sent.call, Post) else None)
        for sent in batch
        if sent.place
        and sent.message.doubtful
        and (isinstance(sent.call, Post) or method_of(sent.message.lane) is Method.POST)
    ]
    for number, look in enumerate(LOOKS, start=1):
        owed = [
            Owed.second_copy(message, number, place.channel, place.ts, thread_ts)
            for message, place, thread_ts in doubted
        ]
        await outbox.owe(session, owed, now=now, due=now + look)


def _has_redrawn(sent: _Sent) -> bool:
    """Whether it was on record where that stands, so that an earlier attempt drew it too. What of a
    post lands late is a second copy; other answers by a response URL have few uses of it.
    """
    match sent.call:
        case Publish():
            return True
        case Edit(card=card):
            return card is None or card.ts is not None
        case Reply(card=card):
            return card is not None
    return False


def _at(card: Card, place: Place) -> Card:
    return replace(card, channel=place.channel, ts=place.ts)
