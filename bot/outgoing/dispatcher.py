"""The outbox loop: polls for due messages, claims them and has them sent. Any number may run it.

What somebody has just clicked does not wait for a poll: the transaction of the click claims it for
the loop of its process, which sends it right after the commit.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import uuid4

from bot.outgoing.sender import Sender
from store.domain.clock import Clock
from store.engine.database import Database
from store.messages import claim
from store.messages.outbox import Claimed, Rank

log = logging.getLogger(__name__)

POST_INTERVAL = timedelta(seconds=1)
"""Slack: about one message a second and conversation; more is answered with 429."""
IDLE_SECONDS = 1.0
"""The longest idle time between two polls: other processes (the import, replicas) owe messages
too, and on SQLite nothing tells of it."""
CONCURRENCY = 50
"""Messages being sent at any time; while half of them is settled, the others are under way."""
RESERVED = 10
"""Messages that people wait for and that are sent beside those, where all of them are under way."""
CROWD_CONCURRENCY, CROWD_PAUSE_SECONDS = 10, 0.2
"""The same while many people click at once and wait for an answer, and the pause before each poll.
Answers to clicks come first among these; and it is more than Slack takes in the long run."""
_CLICK_SECONDS = 0.1
"""How long a poll lets clicks go before: measured, beside one a clicked card is drawn in twice the
time."""
_DRAWING_SECONDS = 0.05
"""How long it looks for nothing more after a claim: the copies of a decided request, which somebody
waits for, are drawn by the same processor."""
_REFILL_SECONDS = 0.02
"""How long a full loop waits for more of its messages to end: one claim for several is cheaper."""
_LEAST_THROTTLE, _MOST_THROTTLE = 0.05, 0.25
"""Seconds for which the loop ignores notifications of what nobody waits for after an empty poll, at
least and at most..."""
_THROTTLE_FACTOR = 9
"""...and in between so many times what the poll took: polling costs a tenth of the time."""


class Dispatcher:
    """Sends what is owed. `notify()` after a commit makes it poll.

    While it runs it is the immediate sender of its store: see `Database.immediate_sender`.
    """

    def __init__(self, db: Database, sender: Sender, clock: Clock, pace: timedelta) -> None:
        self._db, self._sender, self._clock, self._pace = db, sender, clock, pace
        self._owner = uuid4().hex
        self._notified, self._awaited = asyncio.Event(), asyncio.Event()
        self._stopping = False
        self._sending: set[asyncio.Task[None]] = set()
        self._sending_at_once: set[asyncio.Task[None]] = set()
        self._half_free = asyncio.Event()

    polled_at = 0.0
    """When it last asked what is due and had an answer, by the clock of the loop."""

    def notify(self) -> None:
        """A message may be due: poll soon."""
        self._notified.set()

    def notify_awaited(self) -> None:
        """One that somebody waits for may be due: poll now."""
        self._awaited.set()
        self._notified.set()

    @property
    def owner(self) -> str | None:
        """Whose the messages are that a transaction claims for this loop to send right away.

        None while many people click at once: then to claim several in one go is cheaper.
        """
        return None if self._db.write_batches.crowded else self._owner

    def send(self, claimed: Sequence[Claimed]) -> None:
        """Send these right away, beside those that were found by a poll."""
        for message in claimed:
            self._begin(message, self._sending_at_once, first=True)

    def stop(self) -> None:
        """End `run` once what is being sent is settled."""
        self._stopping = True
        self._db.immediate_sender = None
        self.notify_awaited()

    async def run(self) -> None:
        """Send what is owed until stopped; a database that is away is asked again.

        Whatever goes wrong: nobody would notice a loop that ended while the bot runs on.
        """
        self.polled_at = asyncio.get_running_loop().time()
        async with self._drained():
            try:
                await self._turns()
            finally:
                self._db.immediate_sender = None

    async def _turns(self) -> None:
        if not self._stopping:
            self._db.immediate_sender = self
        while not self._stopping:
            try:
                await self.turn()
            except Exception:
                log.exception("the outbox could not be read; trying again")
                await self._idle(IDLE_SECONDS)

    async def run_once(self) -> int:
        """Claim once and send that; how many messages it was."""
        async with self._drained():
            return await self._claim(CONCURRENCY)

    async def turn(self) -> None:
        """Poll once, and wait until the next poll is worth it. A poll costs what a click costs.

        1. Let clicks go before, for a moment: until they are decided, and then until what they show
           first is drawn. While many people click at once, pause and claim few: they wait for an
           answer.
        2. Claim as many messages as may be sent beside those under way, and begin to send them.
        3. If that used all there is room for, wait for room. There may be more to claim. What
           people wait for has room of its own meanwhile.
        4. If some were claimed, let them be drawn; on a notification, poll again at once.
        5. Else be idle until a notification comes or the next message is due. After a poll that
           found nothing, ignore notifications of what nobody waits for a moment (unless a message
           is due before), so that a stream of them does not become a stream of polls.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLICK_SECONDS):
                await self._db.write_batches.ended()
        await self._sender.first_is_drawn()
        self._notified.clear()
        self._awaited.clear()
        limit = CONCURRENCY
        if self._db.write_batches.crowded:
            await asyncio.sleep(CROWD_PAUSE_SECONDS)
            limit = CROWD_CONCURRENCY
        room = max(limit - len(self._sending), 0)
        now = asyncio.get_running_loop().time
        began = now()
        claimed = await self._claim(room) if room else 0
        if claimed == room:
            crowded = limit < CONCURRENCY
            await self._wait_for_room(0 if crowded else CONCURRENCY + RESERVED)
            return
        if claimed:
            await self._idle(_DRAWING_SECONDS)
            if self._notified.is_set():
                return
        due = await claim.next_due(self._db, now=self._clock(), pace=self._pace)
        idle = IDLE_SECONDS if due is None else min(due.total_seconds(), IDLE_SECONDS)
        throttle = 0.0
        if not claimed:
            took = _THROTTLE_FACTOR * (now() - began)
            throttle = min(max(_LEAST_THROTTLE, took), _MOST_THROTTLE, idle)
        await _wait(self._awaited, throttle)
        await self._idle(idle - throttle)

    async def drain(self) -> None:
        """Wait until nothing is being sent."""
        while sending := self._sending | self._sending_at_once:
            await asyncio.wait(sending)

    async def _claim(self, limit: int, *, before: Rank | None = None) -> int:
        """Claim up to so many and begin to send them; how many. `before` as in `claim_due`."""
        messages = await claim.claim_due(
            self._db,
            owner=self._owner,
            now=self._clock(),
            limit=limit,
            pace=self._pace,
            before=before,
        )
        self.polled_at = asyncio.get_running_loop().time()
        for message in messages:
            self._begin(message, self._sending)
        return len(messages)

    def _begin(
        self, message: Claimed, sending: set[asyncio.Task[None]], *, first: bool = False
    ) -> None:
        task = asyncio.create_task(self._sender.deliver(message, first=first))
        sending.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._sending_at_once.discard(task)
        if len(self._sending) <= CONCURRENCY // 2:
            self._half_free.set()

    async def _wait_for_room(self, most: int) -> None:
        """Until one message is through, and then a moment longer until half of them are.

        What people wait for is sent meanwhile, where `most` leaves room for it beside the others.
        """
        self._half_free.clear()
        under_way = frozenset(self._sending)
        while not any(task.done() for task in under_way):
            self._awaited.clear()
            notified = asyncio.ensure_future(self._awaited.wait())
            some = {*under_way, notified}
            ended, _ = await asyncio.wait(
                some, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            notified.cancel()
            if not ended & under_way and most > len(self._sending):
                await self._claim(most - len(self._sending), before=Rank.REST)
        await _wait(self._half_free, _REFILL_SECONDS)

    async def _idle(self, seconds: float) -> None:
        await _wait(self._notified, seconds)

    @asynccontextmanager
    async def _drained(self) -> AsyncIterator[None]:
        """At the end all that is being sent is settled; cancelled, it is given back."""
        try:
            yield
            await self.drain()
        except asyncio.CancelledError:
            for task in self._sending | self._sending_at_once:
                task.cancel()
            await self.drain()
            raise


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """For this, and no longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
