"""Events and their retries.

Slack repeats an event that was not acknowledged three times: at once, after one minute, after
five; `X-Slack-No-Retry: 1` ends it. Interactions and commands are never repeated.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.delivery.acks import Ack, Delivery, Json, Retry
from bot.sandbox.state.changes import Changes

RETRY_AFTER = (0.0, 60.0, 300.0)


@dataclass(eq=False)
class _Pending:
    payload: Json
    retry: Retry
    timer: asyncio.TimerHandle | None = None


class Events:
    """Delivers events, and repeats those that were not acknowledged."""

    def __init__(
        self, delivery: Callable[[], Delivery], within: Callable[[], float], changes: Changes
    ) -> None:
        self._changes = changes
        self._delivery = delivery
        self._within = within
        self._pending: list[_Pending] = []
        self._tasks: set[asyncio.Task[Ack]] = set()

    @property
    def pending(self) -> int:
        """How many deliveries wait to be repeated."""
        return len(self._pending)

    async def send(self, payload: Mapping[str, Any]) -> Ack:
        """Deliver for the first time; the answer of that first try."""
        return await self._attempt(dict(payload), None)

    def send_soon(self, payload: Mapping[str, Any]) -> None:
        """Deliver in the background."""
        self._start(dict(payload), None)

    async def delivered(self) -> None:
        """Until the first tries of all that is under way are answered."""
        await asyncio.gather(*self._tasks)

    async def retry_now(self) -> list[Ack]:
        """Repeat at once everything that waits; the answers."""
        due = list(self._pending)
        for pending in due:
            self._unqueue(pending)
        return [await self._attempt(pending.payload, pending.retry) for pending in due]

    async def close(self) -> None:
        """Drop what waits and stop what runs."""
        for pending in list(self._pending):
            self._unqueue(pending)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _attempt(self, payload: Json, retry: Retry | None) -> Ack:
        within = self._within()
        ack = await self._delivery().send("events_api", payload, within=within, retry=retry)
        made = retry.number if retry else 0
        if not ack.acked and not ack.no_retry and made < len(RETRY_AFTER):
            self._queue(payload, Retry(made + 1, ack.reason))
        self._changes.notify()
        return ack

    def _queue(self, payload: Json, retry: Retry) -> None:
        pending = _Pending(payload, retry)
        wait = RETRY_AFTER[retry.number - 1]
        pending.timer = asyncio.get_running_loop().call_later(wait, self._due, pending)
        self._pending.append(pending)

    def _due(self, pending: _Pending) -> None:
        self._unqueue(pending)
        self._start(pending.payload, pending.retry)

    def _unqueue(self, pending: _Pending) -> None:
        self._pending.remove(pending)
        if pending.timer is not None:
            pending.timer.cancel()

    def _start(self, payload: Json, retry: Retry | None) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(payload, retry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
