"""Bolt, with an answer to each payload within the time that Slack waits for one.

Whoever clicked hears from the listener, or what is known of their click by then: that nothing was
changed, and nothing will be; or that it is not sure yet. Then the truth follows by message.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
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
from store.engine.causes import Cause, Outcome
from store.engine.time_limits import Deadline, Fate
from store.messages import outbox
from store.messages.outbox import Kind, Owed

log = logging.getLogger(__name__)

CLICK_SECONDS = 2.5
"""How long a listener may take before its COMMIT. Slack: 3 seconds from click to answer."""
UNSURE_SECONDS = 2.8
"""How long an answer to that COMMIT is waited for before we say that we do not know."""
AGAIN_SECONDS = 1.0
"""Between two attempts to owe the message that says what became of a COMMIT..."""
LONGEST_DOUBT = 600.0
"""...and how long it is tried."""
KNOWN_BY_THEN = timedelta(seconds=15)
"""When this process knows what became of a COMMIT, if it lives: it waits no longer for one."""


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
            cause.told = Outcome.TOO_LATE
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
        cause.told = Outcome.UNSURE
        self._start(self._tell_the_truth(listening, deadline, cause, req.body, asked_at))
        return await self._fallback.not_sure_yet(req.body)

    async def _tell_the_truth(
        self,
        listening: asyncio.Task[BoltResponse],
        deadline: Deadline,
        cause: Cause,
        body: dict[str, Any],
        asked_at: datetime,
    ) -> None:
        """Owe the person a message that says what became of their click.

        1. While its listener is at work, owe what is known so far, for later: should this process
           end, whoever sends it then asks the database. While a COMMIT runs SQLite writes nothing
           else, so there this waits for its answer.
        2. Once it has ended, owe the same message as it is known here, at once.
        """
        person = (body.get("user") or {}).get("id") or body.get("user_id")
        if not person:
            return  # of an event, which nobody waits for
        key, said = uuid4().hex, {"asked_at": asked_at.isoformat()}
        is_owed = self._deps.db.is_sqlite and deadline.fate is Fate.COMMITTING
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_DOUBT
        while loop.time() < until:
            try:
                if listening.done():
                    await self._owe(person, key, said | _known(deadline, cause, is_over=True))
                    return
                if not is_owed:
                    known = said | _known(deadline, cause, is_over=False)
                    await self._owe(person, key, known, wait=KNOWN_BY_THEN)
                    is_owed = True
            except (SQLAlchemyError, OSError) as error:
                log.warning("what became of a click is not known yet: %s", type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)
            if not listening.done():
                await asyncio.wait([listening], timeout=None if is_owed else AGAIN_SECONDS)

    async def _owe(
        self, person: str, key: str, data: Mapping[str, Any], *, wait: timedelta = timedelta()
    ) -> None:
        message, now = (
            Owed.post(Kind.LATE_ANSWER, person, key, person, data=data),
            self._deps.clock(),
        )
        async with self._deps.db.transaction(asked_by=()) as session:
            await outbox.owe(session, [message], now=now, due=now + wait)

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


def _known(deadline: Deadline, cause: Cause, *, is_over: bool) -> dict[str, Any]:
    """Whether it took effect, as `Kind.LATE_ANSWER` has it; `is_over`: its listener has ended.

    The database can say by the number of a transaction, where that is all that was asked for. It is
    None where neither yes nor no is true, or known: of a form of which one part was done and
    another was not, and of what was refused, with a COMMIT that says so.
    """
    is_all = deadline.committed_at is None and not deadline.is_refused
    match deadline.fate:
        case Fate.COMMITTING | Fate.LOST if deadline.transaction and is_all:
            return {"transaction": deadline.transaction}
        case Fate.COMMITTED if is_over and cause.outcome is Outcome.DONE:
            return {"took_effect": True}
        case Fate.OPEN | Fate.GIVEN_UP if is_over:
            return {"took_effect": False}
    return {"took_effect": None}
