"""Waiting, without polling, until something is true of the workspace."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Wakes whoever waits at every change. `revision` counts the changes."""

    def __init__(self) -> None:
        self.revision = 0
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Something changed."""
        self.revision += 1
        self._next.set()
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Set at the next change."""
        return self._next

    async def until(self, predicate: Callable[[], T], *, timeout: float) -> T:
        """The first truthy value of `predicate`, asked again after every change.

        A LookupError from it counts as "not yet". TimeoutError after `timeout` seconds, with the
        reason of the last LookupError.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            changed = self._next
            reason = "it never became true"
            try:
                if value := predicate():
                    return value
            except LookupError as not_yet:
                reason = str(not_yet)
            try:
                async with asyncio.timeout_at(deadline):
                    await changed.wait()
            except TimeoutError:
                raise TimeoutError(f"waited {timeout} s: {reason}") from None
