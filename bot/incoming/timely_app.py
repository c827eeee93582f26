"""Bolt, with an answer to each payload within the time that Slack waits for one.

Whoever clicked hears from the listener, or what is known of their click by then: that nothing was
changed, and nothing will be; or that it is not sure yet. Then the truth follows by message.
"""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime
from typing import Any
from uuid import uuid4

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.incoming.fallback import FallbackAnswers
from bot.incoming.plain_ack import PlainAck
from bot.observe.observer import Observer
from handlers.deps import Deps
from store.engine import causes, time_limits
from store.engine.causes import Cause
from store.engine.time_limits import Deadline, Fate
from store.messages import outbox
from store.messages.outbox import Kind, Owed

log = logging.getLogger(__name__)

CLICK_SECONDS = 2.5
"""How long a listener may take before its COMMIT. Slack: 3 seconds from click to answer."""
UNSURE_SECONDS = 2.8
"""How long an answer to that COMMIT is waited for before we say that we do not know."""
ASK_AGAIN_SECONDS = 1.0
"""Between two questions what became of a COMMIT whose answer was lost..."""
LONGEST_DOUBT = 600.0
"""...and how long it is asked."""


class TimelyApp(AsyncApp):
    """Bolt's app. `fallback` is how people hear of what their listener can no longer tell them."""

    def __init__(
        self, *, fallback: FallbackAnswers, deps: Deps, observer: Observer, **bolt: Any
    ) -> None:
        super().__init__(**bolt)
        self._fallback, self._deps, self._observer = fallback, deps, observer
        self._late: set[asyncio.Task[Any]] = set()  # the loop itself would forget them

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Bolt's answer to a payload, or ours where that comes too late.

        1. What the listener acknowledged is the answer, although it may still be at work.
        2. If nothing was committed by then, nothing will be, and the person is told so.
        3. A COMMIT that is under way is waited for a moment longer. If its answer does not come,
           or will never come, they are told that we do not know, and later what became of it.
        """
        now = asyncio.get_running_loop().time
        began = now()
        with causes.begun() as cause, time_limits.within(CLICK_SECONDS) as deadline:
            try:
                return await self._answer(req, cause, deadline)
            finally:
                committed = deadline.committed_at and deadline.committed_at - began
                self._observer.click(req.body, cause, now() - began, committed)

    async def _answer(
        self, req: AsyncBoltRequest, cause: Cause, deadline: Deadline
    ) -> BoltResponse:
        asked_at = self._deps.clock()
        req.context["ack"] = PlainAck()
        listening = asyncio.create_task(super().async_dispatch(req))
        await asyncio.wait([listening], timeout=CLICK_SECONDS)
        acknowledged = req.context.ack.response
        if not (listening.done() or acknowledged or deadline.give_up()):
            await asyncio.wait([listening], timeout=UNSURE_SECONDS - CLICK_SECONDS)
            acknowledged = req.context.ack.response
        if deadline.fate is Fate.GIVEN_UP:
            cause.outcome = "too_late"  # nothing was changed
            listening.cancel()
            self._keep(listening)
            return await self._fallback.too_late(req.body)
        deadline.is_answered = True
        if deadline.fate is not Fate.LOST:
            if listening.done():
                return listening.result()
            if acknowledged:
                self._keep(listening)
                return acknowledged
        cause.outcome = "unsure"
        self._start(self._tell_the_truth(listening, deadline, req.body, asked_at))
        return await self._fallback.not_sure_yet(req.body)

    async def _tell_the_truth(
        self,
        listening: asyncio.Task[BoltResponse],
        deadline: Deadline,
        body: dict[str, Any],
        asked_at: datetime,
    ) -> None:
        """Once it is known what became of their click, owe the person a message that says so."""
        await asyncio.wait([listening])
        person = (body.get("user") or {}).get("id") or body.get("user_id")
        if not person:
            return  # of an event, which nobody waits for
        is_owed = False
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_DOUBT
        while not is_owed and loop.time() < until:
            try:
                is_owed = await self._owe_the_truth(deadline, person, asked_at)
            except (SQLAlchemyError, OSError) as error:
                log.warning("what became of a click is not known yet: %s", type(error).__name__)
            if not is_owed:
                await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def _owe_the_truth(self, deadline: Deadline, person: str, asked_at: datetime) -> bool:
        """Whether it is known, and the message owed."""
        db, took_effect = self._deps.db, deadline.fate is Fate.COMMITTED
        if deadline.fate is Fate.LOST and deadline.transaction:
            known = await db.took_effect(deadline.transaction)
            if known is None:
                return False
            took_effect = known
        data = {"took_effect": took_effect, "asked_at": asked_at.isoformat()}
        if deadline.fate is Fate.LOST and not deadline.transaction:
            data["took_effect"] = None
        message = Owed.post(Kind.LATE_ANSWER, person, uuid4().hex, person, data=data)
        async with db.transaction(asked_by=()) as session:
            await outbox.owe(session, [message], now=self._deps.clock())
        return True

    async def finish(self) -> None:
        """End what is still done for people who have their answer."""
        for task in self._late:
            task.cancel()
        if self._late:
            await asyncio.wait(self._late)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._keep(asyncio.create_task(work))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._late.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._late.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("what came too late failed: %s", type(error).__name__)
