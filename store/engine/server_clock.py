"""One clock for all replicas: the database server's. A machine whose clock is wrong does no harm.

Leases, pauses of lanes and what is due are times that one replica writes and another compares.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import func, select

from store.domain.clock import Clock, utc_now
from store.engine.database import Database

log = logging.getLogger(__name__)

CHECK_SECONDS = 5.0
"""How long a clock that is set wrong while the process runs is believed."""
_WORTH_A_WORD = timedelta(seconds=1)


async def server_time(db: Database) -> datetime:
    """The server's time. PostgreSQL only: SQLite has no server."""
    async with db.snapshot() as session:
        now: datetime = (await session.exec(select(func.clock_timestamp()))).one()
    return now


class ServerClock:
    """Call it like `utc_now`: this machine's clock, put right by how far it is off the server's.

    `learn` finds that out. Clocks that agree as closely as a query can tell are one clock.
    """

    def __init__(
        self,
        machine: Clock = utc_now,
        server: Callable[[Database], Awaitable[datetime]] = server_time,
    ) -> None:
        self._machine, self._server = machine, server
        self._off = timedelta()

    def __call__(self) -> datetime:
        return self._machine() + self._off

    async def learn(self, db: Database) -> None:
        """Ask the server once."""
        before = self._machine()
        server = await self._server(db)
        after = self._machine()
        known, self._off = self._off, server - min(max(server, before), after)
        if abs(self._off - known) >= _WORTH_A_WORD:
            log.warning("this machine's clock is %s off the database's", self._off)

    async def keep(self, db: Database) -> None:
        """Ask it every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.learn(db)
            except (DBAPIError, PoolTimeoutError, TimeoutError) as error:
                log.warning("the database's clock was not read: %s", type(error).__name__)
