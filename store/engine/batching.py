"""Batches concurrent calls: those that arrive while a transaction runs share the next one.

A batch costs one set of statements, one commit and one wait for the disk, so that many clicks at
once cost little more than one. What must stay true: nobody is answered before the commit, and the
calls of a batch that fails are tried again one by one, so that nobody fails for somebody else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, TypeVarTuple

from sqlmodel.ext.asyncio.session import AsyncSession

MOST = 50
"""Calls in a batch at most: what a transaction has locked, others wait for."""
GATHERING_SECONDS = 0.003
"""How long a busy queue waits for more calls between two batches; a call alone never waits.
Measured: with 16 callers at a time it doubles the size of a batch, and a fifth more calls are
answered in a second."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Common = TypeVarTuple("Common")


@dataclass(frozen=True, slots=True)
class _Call(Generic[Item, Answer]):
    item: Item
    answer: "asyncio.Future[Answer]"


class Batches:
    """One queue for each function and the arguments that its calls have in common.

    `crowded` tells whoever else uses the database that many people click at once.
    """

    def __init__(
        self, transaction: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    ) -> None:
        self._transaction = transaction
        # Any: each queue has the types of the function in its key, which no dict can say.
        self._queues: dict[tuple[object, tuple[object, ...]], list[_Call[Any, Any]]] = {}
        self._last_size: dict[object, int] = {}  # of the last batch of each function
        self._running: set[asyncio.Task[None]] = set()  # the loop keeps only weak references

    async def run(
        self,
        work: Callable[[AsyncSession, Sequence[Item], *Common], Awaitable[Sequence[Answer]]],
        item: Item,
        *common: *Common,
    ) -> Answer:
        """Call `work` with this item and those of other callers; its answer, once committed.

        `work` returns one answer for each item, in order. `common` must be hashable. Raises what
        `work` or the commit raised.
        """

        async def in_one_transaction(items: Sequence[Item]) -> Sequence[Answer]:
            async with self._transaction() as session:
                answers = await work(session, items, *common)
                assert len(answers) == len(items), "one answer for each"
            return answers

        call: _Call[Item, Answer] = _Call(item, asyncio.get_running_loop().create_future())
        queue = self._queues.get((work, common))
        if queue is None:
            queue = self._queues[work, common] = []
            task = asyncio.create_task(self._serve(queue, work, common, in_one_transaction))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        queue.append(call)
        return await call.answer

    @property
    def crowded(self) -> bool:
        """Whether some function's last batch had several calls and more are queued or running."""
        return any(self._last_size.get(work, 0) > 1 for work, _ in self._queues)

    async def _serve(
        self,
        queue: list[_Call[Item, Answer]],
        work: object,
        common: tuple[object, ...],
        in_one_transaction: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
    ) -> None:
        """Take batches from the queue until it is empty, then drop it."""
        while queue:
            if self._last_size.get(work, 0) > 1:
                await asyncio.sleep(GATHERING_SECONDS)
            batch, queue[:] = queue[:MOST], queue[MOST:]
            await _answer(batch, in_one_transaction)
            self._last_size[work] = len(batch)
        del self._queues[work, common]


async def _answer(
    batch: Sequence[_Call[Item, Answer]],
    in_one_transaction: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
) -> None:
    """Answer these calls, together if that succeeds, else one by one.

    1. Leave out the calls whose caller has given up: what has not begun is not done.
    2. Run the rest in one transaction, which is over once `gather` returns.
    3. After the commit give each its answer; after a failure try each alone, and let the one that
       fails alone raise what its transaction raised.
    """
    calls = [call for call in batch if not call.answer.done()]
    if not calls:
        return
    items = [call.item for call in calls]
    (found,) = await asyncio.gather(in_one_transaction(items), return_exceptions=True)
    if not isinstance(found, BaseException):
        for call, answer in zip(calls, found, strict=True):
            if not call.answer.done():
                call.answer.set_result(answer)
    elif len(calls) > 1:
        await asyncio.gather(*(_answer([call], in_one_transaction) for call in calls))
    elif not calls[0].answer.done():
        calls[0].answer.set_exception(found)
