"""This process's heartbeat: a small write to the store every few seconds, as long as it runs."""

import asyncio
import logging
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from bot.incoming.heard import Heard
from bot.version import version
from store import replicas
from store.domain.clock import Clock
from store.domain.policy import PolicyInForce
from store.engine.database import Database
from store.engine.trouble import cause_of
from store.replicas import Replica

log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
"""Between two heartbeats; whoever is not heard of for several of them is not there."""


class Heartbeat:
    """Writes that this process lives, under a name of its own, and how it is."""

    def __init__(
        self, db: Database, in_force: PolicyInForce, clock: Clock, heard: Heard, *, by_socket: bool
    ) -> None:
        self._db, self._in_force, self._clock = db, in_force, clock
        self._heard, self._by_socket = heard, by_socket
        self._started_at: datetime | None = None
        self.replica = uuid4().hex
        self.beaten = asyncio.Event()
        """Set by each that is committed."""

    async def run(self) -> None:
        """Beat until cancelled. A store that cannot be written to is tried again."""
        while True:
            try:
                await self.beat()
            except (SQLAlchemyError, OSError) as error:
                why = cause_of(error) or type(error).__name__
                log.warning("the store cannot be written to: %s", why)
            await asyncio.sleep(BEAT_SECONDS)

    async def beat(self) -> None:
        """One write, committed. Raises SQLAlchemyError or OSError where the store takes none."""
        now, ago = self._clock(), self._heard.seconds_ago
        self._started_at = self._started_at or now
        said = Replica(
            self.replica,
            beat_at=now,
            policy_sha256=self._in_force.policy.sha256,
            version=version(),
            started_at=self._started_at,
            heard_at=None if ago is None else now - timedelta(seconds=ago),
            connected=bool(self._heard.connections) if self._by_socket else None,
        )
        async with self._db.transaction() as session:
            await replicas.beat(session, said)
        self.beaten.set()
