"""The loop that sends what platforms are owed. Any number of replicas may run it."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from bot import interchange
from bot.observe.observer import Observer
from bot.webhooks.sending import Heard, Poster, posting
from store import webhooks
from store.domain.clock import Clock
from store.domain.hook import GIVE_UP_AFTER, Hook, HookEvent, message_id, wait_after
from store.domain.policy import PolicyInForce
from store.domain.request import PlatformAnswer
from store.engine.batching import Batches
from store.engine.database import Database
from store.requests import platform_answer, record
from store.requests.platform_answer import Said
from store.webhooks import Delivery

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""The longest idle time between two polls: other processes owe deliveries too."""
LEAST_IDLE_SECONDS = 0.25
"""The shortest, after a poll that found nothing: what is due may be of a hook without room."""
AT_ONCE = 64
"""Deliveries under way to one hook; a slow one has no more, and holds up no other."""
_REFILL_SECONDS = 0.01
"""How long more deliveries may end before the next claim."""
LONGEST_ASKED_WAIT = timedelta(hours=1)
"""A receiver that asks for more is asked again by then."""


@dataclass(frozen=True, slots=True)
class _Tried:
    hook: Hook
    delivery: Delivery
    heard: Heard


class WebhookLoop:
    """Sends deliveries. `notify()` after a commit makes it poll at once."""

    def __init__(
        self, db: Database, in_force: PolicyInForce, clock: Clock, observer: Observer
    ) -> None:
        self._db, self._in_force, self._clock, self._observer = db, in_force, clock, observer
        self._owner = uuid4().hex
        self._notified = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], Delivery] = {}
        self._batches = Batches(db.transaction)
        self._jitter = random.SystemRandom().random

    def notify(self) -> None:
        """A delivery may be due: poll now."""
        self._notified.set()

    async def run(self) -> None:
        """Send what is owed until cancelled; a database that is away is asked again."""
        async with posting() as poster:
            try:
                while True:
                    try:
                        await self._turn(poster)
                    except Exception:
                        log.exception("webhooks could not be read; trying again")
                        await self._idle(IDLE_SECONDS)
            finally:
                for task in self._under_way:
                    task.cancel()
                await asyncio.gather(*self._under_way, return_exceptions=True)

    async def send_all(self) -> None:
        """Send all that is due now, as a test wants it."""
        async with posting() as poster:
            while await self._begin(poster) or self._under_way:
                await self._some_ended()

    async def _turn(self, poster: Poster) -> None:
        """Claim what there is room for, and wait until the next claim is worth it."""
        self._notified.clear()
        if await self._begin(poster):
            await self._some_ended()
            return
        async with self._db.snapshot() as session:
            due = await webhooks.next_due(session)
        seconds = (due - self._clock()).total_seconds() if due else IDLE_SECONDS
        await self._idle(min(max(seconds, LEAST_IDLE_SECONDS), IDLE_SECONDS))

    async def _some_ended(self) -> None:
        """Until one is through, and a moment longer: one claim for several costs less."""
        if self._under_way:
            ended = asyncio.FIRST_COMPLETED
            await asyncio.wait(self._under_way, timeout=IDLE_SECONDS, return_when=ended)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_REFILL_SECONDS)

    async def _begin(self, poster: Poster) -> int:
        """Claim, draw all of it at one moment, and begin to send; how many deliveries."""
        async with self._db.snapshot() as session:
            hooks = {hook.id: hook for hook in await webhooks.hooks(session)}
        if not hooks:
            return 0
        busy = Counter(each.hook_id for each in self._under_way.values())
        room = {hook: max(0, AT_ONCE - busy[hook]) for hook in hooks}
        if not any(room.values()):
            return 0
        async with self._db.transaction() as session:
            claimed = await webhooks.claim(session, room, owner=self._owner, now=self._clock())
        if not claimed:
            return 0
        async with self._db.snapshot() as session:
            bodies = await drawn(session, claimed)
        for delivery, body in zip(claimed, bodies, strict=True):
            send = self._send(poster, hooks[delivery.hook_id], delivery, body)
            task = asyncio.create_task(send)
            self._under_way[task] = delivery
            task.add_done_callback(self._ended)
        return len(claimed)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self.notify()
        if not task.cancelled() and (error := task.exception()):
            # Its lease ends, and it is sent again with the same id.
            log.warning("a webhook was not settled: %s", type(error).__name__)

    async def _send(
        self, poster: Poster, hook: Hook, delivery: Delivery, body: dict[str, Any]
    ) -> None:
        id_ = message_id(delivery.request_id, delivery.revision)
        began = perf_counter()
        heard = await poster.post(hook, id_, body, at=self._clock())
        outcome = await self._batches.run(self._settle, _Tried(hook, delivery, heard))
        self._observer.webhook(delivery, outcome, heard.said, perf_counter() - began)

    async def _settle(self, session: AsyncSession, batch: Sequence[_Tried]) -> list[str]:
        """What became of each: taken, to be sent again, or given up."""
        now = self._clock()
        sent = {
            each.delivery.id: (each.delivery.hook_id, each.heard.said)
            for each in batch
            if each.heard.is_taken
        }
        await webhooks.record_sent(session, sent, owner=self._owner, now=now)
        await platform_answer.record_answers(
            session, _answers(batch), self._in_force.policy, now=now
        )
        outcomes = []
        for each in batch:
            delivery, heard = each.delivery, each.heard
            if heard.is_taken:
                outcomes.append("taken")
                continue
            if heard.is_gone or now - delivery.first_at >= GIVE_UP_AFTER:
                why = heard.said if heard.is_gone else f"no delivery for 3 days, {heard.said}"
                policy = self._in_force.policy
                await webhooks.give_up(session, delivery, why, policy, now=now)
                outcomes.append("given_up")
                continue
            wait = wait_after(delivery.attempts, self._jitter())
            asked = timedelta(seconds=heard.retry_after or 0)
            until = now + max(wait, min(asked, LONGEST_ASKED_WAIT))
            await webhooks.record_failed(session, delivery, heard.said, until=until, now=now)
            outcomes.append("again")
        return outcomes

    async def _idle(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._notified.wait()


def _answers(batch: Sequence[_Tried]) -> list[Said]:
    """What the platform said of approvals: what it took without a word against it is accepted."""
    return [
        Said(
            each.delivery.request_id,
            each.delivery.revision,
            each.hook.id,
            PlatformAnswer.REFUSED if each.heard.refused_for else PlatformAnswer.ACCEPTED,
            each.heard.refused_for,
            each.delivery.cause,
        )
        for each in batch
        if each.hook.is_platform
        and each.heard.is_taken
        and each.delivery.event == HookEvent.APPROVED
    ]


def _about(delivery: Delivery) -> tuple[int, int]:
    return delivery.request_id, delivery.revision


async def drawn(session: AsyncSession, claimed: Sequence[Delivery]) -> list[dict[str, Any]]:
    """What each says: the request as it is now, and what changed at its revision."""
    events = await record.hook_events(session, [_about(each) for each in claimed])
    return [
        {
            "type": delivery.event,
            "timestamp": interchange.moment(each.event.at),
            "data": {
                "request": interchange.staged(each.request, each.people),
                "changed": interchange.happened(each.event, each.people),
            },
        }
        for delivery, each in zip(claimed, events, strict=True)
    ]
