"""Listens to the commits of other processes, and notifies the loops here. PostgreSQL only.

Nothing depends on a notification: a loop that hears none finds its work at its next poll. So a lost
connection is opened again without haste, and every loop then polls once for what it missed.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from store.engine.database import CHANNEL, OF, Topic, parse_url
from store.engine.postgresql import REACH

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 2.0
"""The wait before a lost connection is opened again."""
PROBE_SECONDS = 30.0
"""After so much silence the connection is probed: firewalls drop it without a word..."""
ANSWER_SECONDS = 10.0
"""...and a server that is frozen says nothing either."""


async def listen(url: str, listeners: Mapping[Topic, Callable[[], None]], *, own: str) -> None:
    """Call the listener of each topic that another's commit has work for, until cancelled.

    What the `Database` named `own` commits it tells the loops here itself, once it knows of it: the
    server's word may come sooner, and a poll would begin before what was claimed with the commit.

    The connection is direct and its own: behind PgBouncer in transaction mode nothing is heard.
    """
    address = parse_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            await _follow(address, listeners, own)
        except (psycopg.Error, TimeoutError) as error:
            log.warning("not listening to PostgreSQL (%s); trying again", type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _follow(address: str, listeners: Mapping[Topic, Callable[[], None]], own: str) -> None:
    reach: dict[str, Any] = REACH
    connection = await psycopg.AsyncConnection.connect(address, autocommit=True, **reach)
    async with connection:
        async with asyncio.timeout(ANSWER_SECONDS):
            await connection.execute(f"LISTEN {CHANNEL}")
        for listener in listeners.values():  # whatever was committed while nobody listened
            listener()
        while True:
            async for notification in connection.notifies(timeout=PROBE_SECONDS):
                topic, _, sender = notification.payload.partition(OF)
                if sender != own and topic in set(Topic):  # a newer replica may know others
                    listeners[Topic(topic)]()
            async with asyncio.timeout(ANSWER_SECONDS):
                await connection.execute("SELECT 1")
