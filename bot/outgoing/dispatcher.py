"""The outbox loop: claim what is due and have it sent, some at a time. Any number may run it.

A look at the outbox costs what a click costs. So one that found nothing is followed by a moment's
peace, however often we are woken, unless something may be sent sooner.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import uuid4

from bot.outgoing.sender import Sender
from store.domain.clock import Clock
from store.engine.database import Database
from store.messages import claim

log = logging.getLogger(__name__)

POST_INTERVAL = timedelta(seconds=1)
"""Slack: about one message a second and conversation; more is answered with 429."""
IDLE_SECONDS = 1.0
"""The longest wait between two looks: other processes (the import, replicas) owe messages too."""
AT_ONCE = 50
"""Messages in hand at any time; while half of them is being settled, the others are being sent."""
BESIDE_A_CROWD, CROWD_SECONDS = 10, 0.2
"""While many click at once, and wait for an answer: so few in hand and such a pause before more.
Answers to clicks come first among them; and it is more than Slack takes in the long run."""
_PEACE_SECONDS, _LONGEST_PEACE = 0.05, 0.25
"""After a look that found nothing nobody wakes us for so long; then again at once."""
_PEACE_SHARE = 9
"""In between, for so many times what it took: being woken costs a tenth of the time."""
_GATHER_SECONDS = 0.02
"""How long the next claim waits for others to come back: one claim for several is cheaper."""


class Dispatcher:
    """Sends what is owed. `wake()` after a commit makes it look at once."""

    def __init__(self, db: Database, sender: Sender, clock: Clock, pace: timedelta) -> None:
        self._db, self._sender, self._clock, self._pace = db, sender, clock, pace
        self._owner = uuid4().hex
        self._woken = asyncio.Event()
        self._stopping = False
        self._in_hand: set[asyncio.Task[None]] = set()
        self._roomy = asyncio.Event()

    def wake(self) -> None:
        """Something may be owed: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is owed until stopped; a database that is away is asked again.

        Whatever goes wrong: nobody would notice a loop that ended while the bot runs on.
        """
        async with self._holding():
            while not self._stopping:
                try:
                    await self.turn()
                except Exception:
                    log.exception("the outbox could not be read; trying again")
                    await self._sleep(IDLE_SECONDS)

    def stop(self) -> None:
        """End `run` after what is in hand."""
        self._stopping = True
        self.wake()

    async def run_once(self) -> int:
        """Send one round of what is due; how many messages were taken in hand."""
        async with self._holding():
            return await self._take(AT_ONCE)

    async def turn(self) -> None:
        """Look, and wait until another look is worth it."""
        self._woken.clear()
        most = AT_ONCE
        if self._db.write_batches.crowded:
            await asyncio.sleep(CROWD_SECONDS)
            most = BESIDE_A_CROWD
        room, began = max(most - len(self._in_hand), 0), _seconds()
        taken = await self._take(room) if room else 0
        if taken == room:
            await self._room()
            return
        if taken and self._woken.is_set():
            return
        rest = await self._rest()
        peace = 0.0 if taken else min(rest, _peace(_seconds() - began))
        await asyncio.sleep(peace)
        await self._sleep(rest - peace)

    async def _take(self, most: int) -> int:
        """Claim up to so many and begin to send them; how many."""
        claimed = await claim.take(
            self._db, owner=self._owner, now=self._clock(), limit=most, pace=self._pace
        )
        for owed in claimed:
            task = asyncio.create_task(self._sender.deliver(owed))
            self._in_hand.add(task)
            task.add_done_callback(self._done)
        return len(claimed)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        if len(self._in_hand) <= AT_ONCE // 2:
            self._roomy.set()

    async def _room(self) -> None:
        """Until there is room for more, and for some moments more until there is for many."""
        self._roomy.clear()
        await asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GATHER_SECONDS):
                await self._roomy.wait()

    async def _rest(self) -> float:
        due = await claim.next_due(self._db, now=self._clock(), pace=self._pace)
        return IDLE_SECONDS if due is None else min(due.total_seconds(), IDLE_SECONDS)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    @asynccontextmanager
    async def _holding(self) -> AsyncIterator[None]:
        """At the end all that is in hand is sent; cancelled, it is given back."""
        try:
            yield
            await self.end()
        except asyncio.CancelledError:
            for task in self._in_hand:
                task.cancel()
            await self.end()
            raise

    async def end(self) -> None:
        """Until nothing is in hand any more."""
        if self._in_hand:
            await asyncio.wait(self._in_hand)


def _peace(took: float) -> float:
    return min(max(_PEACE_SECONDS, _PEACE_SHARE * took), _LONGEST_PEACE)


def _seconds() -> float:
    return asyncio.get_running_loop().time()
