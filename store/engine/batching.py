"""Work that shares a transaction: what arrives while one is under way goes into the next together.

One set of statements, one commit and one wait for the disk for all of it, so that a crowd of clicks
costs little more than one. What must stay true: each is answered only after the commit, and what
fails together is tried one by one, so that nobody pays for somebody else's fault.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

MOST = 50
"""How many share a transaction: what they hold, others wait for."""
GATHERING_SECONDS = 0.003
"""How long a crowd is waited for between two transactions; who comes alone waits for nobody.
Measured: with 16 at a time it doubles how many share one, and a fifth more are done a second."""

Answer = TypeVar("Answer")
Work = Callable[..., Awaitable[Sequence[Answer]]]
"""Given a session, some items and what they have in common; one answer for each item, in order."""
_Waiting = list[tuple[Any, "asyncio.Future[Any]"]]


class Together:
    """The queues of one database: one for each work and what its items have in common."""

    def __init__(
        self, transaction: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    ) -> None:
        self._transaction = transaction
        self._queues: dict[tuple[Work[Any], tuple[Hashable, ...]], _Waiting] = {}
        self._shared: dict[Work[Any], int] = {}  # how many shared the last transaction
        self._under_way: set[asyncio.Task[None]] = set()

    async def __call__(self, work: Work[Answer], item: object, *common: Hashable) -> Answer:
        """The answer for this item, once it is committed. Raises what its transaction raised."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        queue = self._queues.get((work, common))
        if queue is None:
            queue = self._queues[work, common] = []
            task = asyncio.create_task(self._serve(queue, work, common))
            self._under_way.add(task)  # the loop itself would forget it
            task.add_done_callback(self._under_way.discard)
        queue.append((item, answer))
        return await answer

    @property
    def crowded(self) -> bool:
        """Whether several came at once just now, and more are waiting or being served."""
        return any(self._shared.get(work, 0) > 1 for work, _ in self._queues)

    async def _serve(self, queue: _Waiting, work: Work[Any], common: tuple[Hashable, ...]) -> None:
        while queue:
            if self._shared.get(work, 0) > 1:
                await asyncio.sleep(GATHERING_SECONDS)
            chosen, queue[:] = queue[:MOST], queue[MOST:]
            await self._answer(chosen, work, common)
            self._shared[work] = len(chosen)
        del self._queues[work, common]

    async def _answer(
        self, chosen: _Waiting, work: Work[Any], common: tuple[Hashable, ...]
    ) -> None:
        """Whoever gave up waiting before it began, has not asked."""
        waiting = [(item, answer) for item, answer in chosen if not answer.done()]
        items = [item for item, _ in waiting]
        done = asyncio.gather(self._done(items, work, common), return_exceptions=True)
        found = (await done)[0]
        if not isinstance(found, BaseException):
            for (_, answer), value in zip(waiting, found, strict=True):
                if not answer.done():
                    answer.set_result(value)
        elif len(waiting) > 1:
            await asyncio.gather(*(self._answer([one], work, common) for one in waiting))
        elif not waiting[0][1].done():
            waiting[0][1].set_exception(found)

    async def _done(
        self, items: Sequence[Any], work: Work[Any], common: tuple[Hashable, ...]
    ) -> Sequence[Any]:
        if not items:
            return ()
        async with self._transaction() as session:
            answers = await work(session, items, *common)
            assert len(answers) == len(items), "one answer for each"
        return answers
