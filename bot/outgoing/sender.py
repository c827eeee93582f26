"""Sends one claimed message: drawn as it reads now, sent, and what came of it settled.

Between a claim and its settling the process may die; the lease runs out, the message is doubtful,
and whoever claims it next looks for it in Slack before posting it again: one card, not two.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from blocks import plainer
from bot.outgoing.messages import NotYetError, Renderer
from bot.outgoing.settle import Settler
from bot.outgoing.slack_calls import (
    Call,
    Delete,
    DeleteOthers,
    Edit,
    Place,
    Post,
    Publish,
    Reply,
    SlackCalls,
)
from bot.outgoing.verdict import LONGEST_RETRY_SECONDS, UNDRAWABLE, GiveUp, Sent, TryAgain, judge
from bot.slack_client import CALL_SECONDS
from handlers.slack_errors import Answer
from store.domain.clock import Clock
from store.engine import causes
from store.messages.outbox import Claimed

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0
"""After which a message is drawn again that has nothing to say yet."""
_FIRST_SECONDS = 0.1
"""How long others wait for what goes first to be drawn. All drawing shares one processor: measured,
a clicked card that is drawn beside its four neighbours takes three times as long."""


class Sender:
    """Sends what was claimed, one message a call."""

    def __init__(
        self, renderer: Renderer, slack: SlackCalls, settler: Settler, clock: Clock
    ) -> None:
        self._renderer, self._slack, self._settler = renderer, slack, settler
        self._clock = clock
        self._jitter = random.SystemRandom().random
        self._called: set[int] = set()  # messages, by id, that Slack may have
        self._first = 0
        self._none_first = asyncio.Event()
        self._none_first.set()

    async def deliver(self, message: Claimed, *, first: bool = False) -> None:
        """One attempt, whatever comes of it. Cancelled, it gives the message back at once.

        While one that goes `first` is drawn, no other begins to be.
        """
        with causes.resumed(message.cause):
            await self._deliver(message, first=first)

    async def _deliver(self, message: Claimed, *, first: bool) -> None:
        try:
            await self._attempt(message, first=first)
        except asyncio.CancelledError:  # the process ends: nobody has to wait for the lease
            doubtful = message.doubtful or message.id in self._called
            await self._settler.postpone(
                message, TryAgain(0.0, "the bot was stopped", doubtful=doubtful)
            )
            raise
        except (DBAPIError, PoolTimeoutError) as error:  # not the message's fault
            log.warning("%s waits for its lease to end: %s", message.key, type(error).__name__)
        except NotYetError as why:
            again = TryAgain(_AGAIN_SECONDS, f"{why}", doubtful=message.doubtful)
            await self._settler.postpone(message, again)
        except Exception:
            log.exception("%s could not be made", message.key)
            unmade = TryAgain(LONGEST_RETRY_SECONDS, "could not be made", doubtful=True)
            await self._settler.postpone(message, unmade)
        finally:
            self._called.discard(message.id)

    async def first_is_drawn(self) -> None:
        """Until what goes first is on its way to Slack, or has had its time for that."""
        if self._first:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_SECONDS):
                    await self._none_first.wait()

    async def _attempt(self, message: Claimed, *, first: bool) -> None:
        """Draw and send it.

        1. Draw it from the state now. With nothing left to say it counts as sent.
        2. A doubtful post is looked for in Slack. What is there is not posted again: a card is
           edited, so that it reads as it should now; anything else is done. What comes too late is
           not posted.
        3. Send it. What was claimed to go by a response URL that no longer serves is owed anew, in
           its turn among the edits.
        """
        async with self._in_turn(first=first):
            call = await self._renderer.render(message)
        if call is None:
            await self._settler.sent(message)
            return
        if message.doubtful and isinstance(call, Post):
            answer, place = await self._slack.find(call, key=message.key, since=message.created_at)
            verdict = self._judge(message, answer)
            if isinstance(verdict, TryAgain):
                await self._settler.postpone(message, replace(verdict, doubtful=True))
                return
            if isinstance(verdict, GiveUp):
                await self._settler.give_up(message, verdict)
                return
            if call.is_late and not place:
                await self._settler.sent(message)
                return
            if place and not call.card:
                await self._settler.sent(message, call, place)
                return
            if place and call.card:
                await self._settler.found(call.card, place)
                call = Edit(call.message, place.channel, place.ts, call.card)
        if message.is_reply and isinstance(call, Post | Edit) and call.card:
            await self._settler.without_url(message, call.card)
            return
        await self._send(message, call)

    @asynccontextmanager
    async def _in_turn(self, *, first: bool) -> AsyncIterator[None]:
        if not first:
            await self.first_is_drawn()
            yield
            return
        self._first += 1
        self._none_first.clear()
        try:
            yield
        finally:
            self._first -= 1
            if not self._first:
                self._none_first.set()

    async def _send(self, message: Claimed, best: Call) -> None:
        """Send it; what Slack does not take as it is drawn goes more plainly drawn each time.

        Buttons that stay alive on a decided card, or a request nobody hears of, would be worse.
        """
        for call in _more_plainly_each_time(best, message):
            verdict, place = await self._call(message, call)
            if not (isinstance(verdict, GiveUp) and verdict.why in UNDRAWABLE):
                break
            log.warning("%s is not taken as it is drawn: %s", message.key, verdict.why)
        if isinstance(verdict, Sent):
            await self._settler.sent(message, call, place)
        elif isinstance(call, Reply) and call.card:
            # Used up, or out of reach: an edit shows it too, and nobody waits for this URL again.
            doubtful = isinstance(verdict, TryAgain) and verdict.doubtful
            await self._settler.without_url(message, call.card, why=verdict.why, doubtful=doubtful)
        elif isinstance(verdict, TryAgain):
            await self._settler.postpone(message, verdict)
        else:
            await self._settler.give_up(message, verdict, call)

    async def _call(
        self, message: Claimed, call: Call
    ) -> tuple[Sent | TryAgain | GiveUp, Place | None]:
        if message.lease_until - self._clock() < timedelta(seconds=CALL_SECONDS):
            # Drawn so slowly that another could claim it during the call, and post it too.
            return TryAgain(0.0, "was not made in time", doubtful=message.doubtful), None
        self._called.add(message.id)
        with self._settler.calling():
            answer, place = await self._slack.send(call, key=message.key)
        return self._judge(message, answer), place

    def _judge(self, message: Claimed, answer: Answer) -> Sent | TryAgain | GiveUp:
        return judge(answer, attempt=message.attempts, jitter=self._jitter())


def _more_plainly_each_time(call: Call, message: Claimed) -> Iterator[Call]:
    yield call
    if isinstance(call, Delete | DeleteOthers):
        return
    if isinstance(call, Publish):
        for view in plainer.views(call.view):
            yield replace(call, view=view)
    else:
        request = f"MP-{message.request_id}" if message.request_id else ""
        hint = f"Type `/mp-requests show {request}` to see all of it." if request else ""
        for plain in plainer.messages(call.message, hint):
            yield replace(call, message=plain)
