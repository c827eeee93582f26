"""This process's heartbeat: a small write to the store every few seconds, as long as it runs."""

import asyncio
import logging
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from store import replicas
from store.domain.clock import Clock
from store.domain.policy import PolicyInForce
from store.engine.database import Database
from store.engine.trouble import cause_of

log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
"""Between two heartbeats; whoever is not heard of for several of them is not there."""


class Heartbeat:
    """Writes that this process lives, under a name of its own, and by which policy it judges."""

    def __init__(self, db: Database, in_force: PolicyInForce, clock: Clock) -> None:
        self._db, self._in_force, self._clock = db, in_force, clock
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
        policy = self._in_force.policy.sha256
        async with self._db.transaction() as session:
            await replicas.beat(session, self.replica, now=self._clock(), policy_sha256=policy)
        self.beaten.set()
