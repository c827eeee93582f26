"""What goes wrong in a soak: kills, reconnects, database restarts, jumps of the clock."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg

from tests.soak.workspace_and_bots import Setup, all_killed

_NUDGE_SECONDS = 20
"""A jump of the clock under running bots: less than a lease, as a time server would make it."""


class Outages:
    """Something every few moments; each is over before the next begins."""

    def __init__(self, setup: Setup, *, pause: float) -> None:
        self._setup, self._pause, self._chance = setup, pause, setup.chance

    async def run(self, until: asyncio.Event) -> None:
        """Until the event; afterwards as many bots are up as before."""
        kinds: list[Callable[[], Awaitable[None]]] = [self._kill, self._stop, self._refresh]
        kinds += [self._kill, self._delete]
        kinds += [self._nudge, self._sleep, *([self._crash_database] if self._setup.server else [])]
        turn = 0
        while not until.is_set():
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._pause)
            await kinds[turn % len(kinds)]()  # each of them, also in a short soak
            await self._setup.revive()
            with suppress(TimeoutError):  # a bot that did not come up is revived next time
                await self._setup.up()
            turn += 1

    async def _kill(self) -> None:
        await self._setup.kill(self._chance.choice(self._setup.bots))

    async def _stop(self) -> None:
        """SIGTERM, as when a new version is rolled out."""
        bot = self._chance.choice(self._setup.bots)
        if bot.returncode is None:
            bot.terminate()
            self._setup.counts["stops"] += 1
            await bot.wait()

    async def _delete(self) -> None:
        """Somebody deletes a message of the bot by hand."""
        messages = [copies[0] for copies in self._setup.workspace.by_key().values()]
        if messages:
            self._chance.choice(messages).deleted = True
            self._setup.counts["messages deleted"] += 1

    async def _refresh(self) -> None:
        """Slack asks every connection to come again."""
        self._setup.counts["reconnects"] += self._setup.workspace.connections
        await self._setup.workspace.refresh_connections()

    async def _nudge(self) -> None:
        self._setup.clock.move(seconds=self._chance.uniform(1, _NUDGE_SECONDS))
        self._setup.counts["clock jumps"] += 1

    async def _sleep(self) -> None:
        """The machine slept for hours: all are gone, and it is later when they come back."""
        with all_killed(self._setup):
            self._setup.clock.move(hours=self._chance.uniform(5, 20))
        self._setup.counts["clock jumps"] += 1
        await self._setup.revive()

    async def _crash_database(self) -> None:
        """One of its processes dies: the server throws everybody out and starts anew."""
        assert self._setup.server is not None
        with psycopg.connect(self._setup.environment["DATABASE_URL"]) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
        self._setup.counts["database restarts"] += 1
