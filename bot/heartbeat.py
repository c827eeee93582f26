"""This process's heartbeat: a small write to the store every few seconds, as long as it runs."""

import asyncio
import logging
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from store import replicas
from store.domain.clock import Clock
from store.engine.database import Database

log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
"""Between two heartbeats; whoever is not heard of for several of them is not there."""


class Heartbeat:
    """Writes that this process lives, under a name of its own.

    `policy_sha256` is the hash of the policy it judges by, for the others to compare.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self.replica = uuid4().hex
        self.policy_sha256: str | None = None
        self.beaten = asyncio.Event()
        """Set by each that is committed."""

    async def run(self) -> None:
        """Beat until cancelled. A store that cannot be written to is tried again."""
        while True:
            try:
                await self.beat()
            except (SQLAlchemyError, OSError) as error:
                log.warning("the store cannot be written to: %s", type(error).__name__)
            await asyncio.sleep(BEAT_SECONDS)

    async def beat(self) -> None:
        """One write, committed. Raises SQLAlchemyError or OSError where the store takes none."""
        async with self._db.transaction() as session:
            await replicas.beat(
                session, self.replica, now=self._clock(), policy_sha256=self.policy_sha256
            )
        self.beaten.set()
