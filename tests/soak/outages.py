"""What goes wrong in a soak: kills, frozen processes, reconnects, dead connections, database
restarts, rows that others hold, jumps of the clock and clocks that are wrong.
"""

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, nullcontext, suppress

import psycopg

from tests.soak.workspace_and_bots import Setup, all_killed

_FROZEN_SECONDS, _HELD_SECONDS, _DEAF_SECONDS = 8.0, 4.0, 15.0
_HOLD_NEWEST = "SELECT id FROM request ORDER BY id DESC LIMIT 3 FOR UPDATE"
_NUDGE_SECONDS = 20
"""A jump of the clock under running bots: less than a lease, as a time server would make it."""


class Outages:
    """Something every few moments; each is over before the next begins."""

    def __init__(self, setup: Setup, *, pause: float) -> None:
        self._setup, self._pause, self._chance = setup, pause, setup.chance

    async def run(self, until: asyncio.Event) -> None:
        """Until the event; afterwards as many bots are up as before."""
        kinds: list[Callable[[], Awaitable[None]]] = [self._kill, self._stop, self._refresh]
        kinds += [self._kill, self._delete, self._freeze, self._hold, self._deafen]
        kinds += [self._nudge, self._sleep]
        if self._setup.server:
            kinds += [self._crash_database, self._wrong_clock]
        always_there = {self._delete, self._hold, self._nudge, self._crash_database, self._refresh}
        turn = 0
        while not until.is_set():
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._pause)
            kind = kinds[turn % len(kinds)]  # each of them, also in a short soak
            there = kind in always_there
            with nullcontext() if there else self._setup.workspace.waits.away():
                await kind()
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

    async def _freeze(self) -> None:
        """A process stands still in whatever it is doing, and goes on later."""
        bot = self._chance.choice(self._setup.bots)
        if bot.returncode is None:
            bot.send_signal(signal.SIGSTOP)
            await asyncio.sleep(self._chance.uniform(2, _FROZEN_SECONDS))
            bot.send_signal(signal.SIGCONT)
            self._setup.counts["freezes"] += 1

    async def _hold(self) -> None:
        """Another session holds a request's row; on SQLite, the whole store."""
        await asyncio.to_thread(self._held, self._chance.uniform(1, _HELD_SECONDS))
        self._setup.counts["held rows"] += 1

    def _held(self, seconds: float) -> None:
        url = self._setup.environment["DATABASE_URL"]
        if self._setup.server:
            with psycopg.connect(url) as connection:
                connection.execute(_HOLD_NEWEST)
                time.sleep(seconds)
        else:
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
                connection.execute("BEGIN IMMEDIATE")
                time.sleep(seconds)
                connection.rollback()

    async def _deafen(self) -> None:
        """A connection of Slack's is open and dead."""
        self._setup.counts["deaf sockets"] += 1
        await self._setup.workspace.deafen_connection(self._chance.uniform(2, _DEAF_SECONDS))

    async def _wrong_clock(self) -> None:
        """A bot starts anew on a machine whose clock is hours off."""
        bot = self._chance.choice(self._setup.bots)
        off = self._chance.choice((-1, 1)) * self._chance.uniform(1, 24)
        await self._setup.kill(bot, hours_off=off)
        self._setup.counts["wrong clocks"] += 1

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
            await self._setup.workspace.all_landed()
            self._setup.clock.move(hours=self._chance.uniform(5, 20))
        self._setup.counts["clock jumps"] += 1
        await self._setup.revive()

    async def _crash_database(self) -> None:
        """One of its processes dies: the server throws everybody out and starts anew."""
        assert self._setup.server is not None
        with psycopg.connect(self._setup.environment["DATABASE_URL"]) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
        self._setup.counts["database restarts"] += 1
