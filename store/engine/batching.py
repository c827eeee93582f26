"""Batches concurrent calls: those that arrive while a transaction runs share the next one.

A batch costs one set of statements, one commit and one wait for the disk, so that many clicks at
once cost little more than one. What must stay true: nobody is answered before the commit; the
calls of a batch that fails are tried again one by one, so that nobody fails for somebody else; and
what nobody waits for any more is not done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, Protocol, TypeVar, TypeVarTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.access import Refused
from store.engine import postgresql, time_limits
from store.engine.time_limits import CommitLostError, Deadline, TooLateError

MOST = 50
"""Calls in a batch at most: what a transaction has locked, others wait for."""
GATHERING_SECONDS = 0.003
"""How long a busy queue waits for more calls between two batches; a call alone never waits.
Measured: with 16 callers at a time it doubles the size of a batch, and a fifth more calls are
answered in a second."""

AT_ONCE = 4
"""Calls tried alone at a time: each may wait for a lock, and holds a connection meanwhile."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Common = TypeVarTuple("Common")


class Held(Enum):
    """In place of an answer: what this call needs is locked by somebody else. Try it alone."""

    HELD = auto()


HELD = Held.HELD


@dataclass(frozen=True, slots=True, eq=False)
class _Call(Generic[Item, Answer]):
    item: Item
    answer: "asyncio.Future[Answer]"
    deadline: Deadline | None

    def is_waited_for(self) -> bool:
        """Whether it is still to be done; whoever waited too long hears so."""
        if self.deadline and self.deadline.is_past():
            self.end(TooLateError())
        return not self.answer.done()

    def end(self, found: Answer | BaseException) -> None:
        """What its caller gets, who may have left."""
        if self.answer.done():
            return
        if isinstance(found, BaseException):
            self.answer.set_exception(found)
        else:
            self.answer.set_result(found)


class Transactions(Protocol):
    """Begins transactions for those who wait for them."""

    def __call__(
        self, *, asked_by: Sequence[Deadline]
    ) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction; it raises TooLateError where it is too late for one of them."""


class Batches:
    """One queue for each function and the arguments that its calls have in common.

    `crowded` tells whoever else uses the database that many people click at once.
    """

    def __init__(self, transaction: Transactions) -> None:
        self._transaction = transaction
        # Any: each queue has the types of the function in its key, which no dict can say.
        self._queues: dict[tuple[object, tuple[object, ...]], list[_Call[Any, Any]]] = {}
        self._last_size: dict[object, int] = {}  # of the last batch of each function
        self._running: set[asyncio.Task[None]] = set()  # the loop keeps only weak references
        self._alone = asyncio.Semaphore(AT_ONCE)

    async def run(
        self,
        work: Callable[[AsyncSession, Sequence[Item], *Common], Awaitable[Sequence[Answer | Held]]],
        item: Item,
        *common: *Common,
    ) -> Answer:
        """Call `work` with this item and those of other callers; its answer, once committed.

        `work` returns one answer for each item, in order; HELD only where there are several.
        `common` must be hashable. Raises what `work` or the commit raised, and TooLateError.
        """

        async def in_one_transaction(
            calls: Sequence[_Call[Item, Answer]],
        ) -> list[Answer | Held]:
            asked_by = [call.deadline for call in calls if call.deadline]
            async with self._transaction(asked_by=asked_by) as session:
                answers = await work(session, [call.item for call in calls], *common)
                assert len(answers) == len(calls), "one answer for each"
                for call, answer in zip(calls, answers, strict=True):
                    if call.deadline and isinstance(answer, Refused):
                        call.deadline.is_refused = True
                    if answer is HELD and call.deadline:  # this COMMIT is none of its own
                        asked_by.remove(call.deadline)
            return list(answers)

        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        call = _Call(item, future, time_limits.current())
        queue = self._queues.get((work, common))
        if queue is None:
            queue = self._queues[work, common] = []
            self._start(self._serve(queue, work, common, in_one_transaction))
        queue.append(call)
        if call.deadline:
            await asyncio.wait([future], timeout=call.deadline.until - loop.time())
            if not future.done() and call.deadline.give_up():
                future.cancel()  # so it is not done later either
                raise TooLateError
        return await future

    async def ended(self) -> None:
        """Wait for what is under way; each transaction has its limits."""
        while self._running:
            await asyncio.wait(self._running)

    @property
    def crowded(self) -> bool:
        """Whether some function's last batch had several calls and more are queued or running."""
        return any(self._last_size.get(work, 0) > 1 for work, _ in self._queues)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        # In a context of its own: it works for others than who happened to start it.
        task = asyncio.create_task(work, context=Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(
        self,
        queue: list[_Call[Item, Answer]],
        work: object,
        common: tuple[object, ...],
        in_one_transaction: "_InOneTransaction[Item, Answer]",
    ) -> None:
        """Take batches from the queue until it is empty, then drop it."""
        while queue:
            if self._last_size.get(work, 0) > 1:
                await asyncio.sleep(GATHERING_SECONDS)
            batch, queue[:] = queue[:MOST], queue[MOST:]
            await self._answer(batch, in_one_transaction)
            self._last_size[work] = len(batch)
        del self._queues[work, common]

    async def _answer(
        self,
        batch: Sequence[_Call[Item, Answer]],
        in_one_transaction: "_InOneTransaction[Item, Answer]",
    ) -> None:
        """Answer these calls, together if that succeeds, else one by one.

        1. Leave out the calls that nobody waits for any more: what has not begun is not done.
        2. Run the rest in one transaction, which is over once `gather` returns.
        3. Where it was too late for one of them before COMMIT, begin again without it.
        4. After the commit give each its answer; of a COMMIT that was lost nothing is done again.
           After another failure, and where somebody else holds what a call needs, try each alone
           while the next batch goes on, and let the one that fails alone raise what its
           transaction raised.
        """
        while calls := [call for call in batch if call.is_waited_for()]:
            (found,) = await asyncio.gather(in_one_transaction(calls), return_exceptions=True)
            if not isinstance(found, TooLateError):
                break
        else:
            return
        if not isinstance(found, BaseException):
            answers: list[Any] = list(found)
        elif isinstance(found, CommitLostError) or _is_final(found, calls):
            answers = [found for _ in calls]
        else:
            answers = [HELD for _ in calls]
        for call, answer in zip(calls, answers, strict=True):
            if answer is HELD:
                self._start(self._try_alone(call, in_one_transaction))
            else:
                call.end(answer)

    async def _try_alone(
        self, call: _Call[Item, Answer], in_one_transaction: "_InOneTransaction[Item, Answer]"
    ) -> None:
        """Answer this call by itself. What is locked is tried as long as somebody waits for it."""
        while call.is_waited_for():
            async with self._alone:
                (found,) = await asyncio.gather(in_one_transaction([call]), return_exceptions=True)
            if not isinstance(found, BaseException):
                (answer,) = found
                assert answer is not HELD, "only where there are several"
                call.end(answer)
            elif _is_final(found, [call]):
                call.end(found)


def _is_final(error: BaseException, calls: Sequence[_Call[Any, Any]]) -> bool:
    """Whether this is what its caller hears: it failed alone, and not for want of a lock."""
    (call, *others) = calls
    return not others and not (call.deadline and postgresql.could_not_lock(error))


_InOneTransaction = Callable[[Sequence[_Call[Item, Answer]]], Awaitable[list[Answer | Held]]]
