"""What goes wrong in a soak: kills, reconnects, database restarts, jumps of the clock."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg

from tests.soak.workspace_and_bots import Stage, all_killed

_NUDGE_SECONDS = 20
"""A jump of the clock under running bots: less than a lease, as a time server would make it."""


class Trouble:
    """Something every few moments; each is over before the next begins."""

    def __init__(self, stage: Stage, *, pause: float) -> None:
        self._stage, self._pause, self._chance = stage, pause, stage.chance

    async def make(self, until: asyncio.Event) -> None:
        """Until the event; afterwards as many bots are up as before."""
        kinds: list[Callable[[], Awaitable[None]]] = [self._kill, self._stop, self._refresh]
        kinds += [self._kill, self._delete]
        kinds += [self._nudge, self._sleep, *([self._crash_database] if self._stage.server else [])]
        turn = 0
        while not until.is_set():
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._pause)
            await kinds[turn % len(kinds)]()  # each of them, also in a short soak
            await self._stage.revive()
            with suppress(TimeoutError):  # a bot that did not come up is revived next time
                await self._stage.up()
            turn += 1

    async def _kill(self) -> None:
        await self._stage.kill(self._chance.choice(self._stage.bots))

    async def _stop(self) -> None:
        """SIGTERM, as when a new version is rolled out."""
        bot = self._chance.choice(self._stage.bots)
        if bot.returncode is None:
            bot.terminate()
            self._stage.counts["stops"] += 1
            await bot.wait()

    async def _delete(self) -> None:
        """Somebody deletes a message of the bot by hand."""
        messages = [copies[0] for copies in self._stage.workspace.by_key().values()]
        if messages:
            self._chance.choice(messages).deleted = True
            self._stage.counts["messages deleted"] += 1

    async def _refresh(self) -> None:
        """Slack asks every connection to come again."""
        self._stage.counts["reconnects"] += self._stage.workspace.connections
        await self._stage.workspace.refresh_connections()

    async def _nudge(self) -> None:
        self._stage.clock.move(seconds=self._chance.uniform(1, _NUDGE_SECONDS))
        self._stage.counts["clock jumps"] += 1

    async def _sleep(self) -> None:
        """The machine slept for hours: all are gone, and it is later when they come back."""
        with all_killed(self._stage):
            self._stage.clock.move(hours=self._chance.uniform(5, 20))
        self._stage.counts["clock jumps"] += 1
        await self._stage.revive()

    async def _crash_database(self) -> None:
        """One of its processes dies: the server throws everybody out and starts anew."""
        assert self._stage.server is not None
        with psycopg.connect(self._stage.environment["DATABASE_URL"]) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
        self._stage.counts["database restarts"] += 1
