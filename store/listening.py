"""Hear of messages that another process owes, the moment its transaction commits. PostgreSQL only.

Nothing depends on being heard: who hears nothing finds what is owed when it next looks. So a lost
connection is made again without haste, and what happened meanwhile is simply looked for.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import psycopg

from store.database import CHANNEL, parse_url

log = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0
"""The wait before a lost connection is made again."""
QUIET_SECONDS = 30.0
"""How long silence is believed; then the connection is tried. Firewalls drop it without a word."""
_KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "connect_timeout": 10,
}


async def listen(url: str, heard: Callable[[], None]) -> None:
    """Call `heard` whenever somebody owes a message, until cancelled.

    The connection is direct and its own: behind PgBouncer in transaction mode nothing is heard.
    """
    address = parse_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            await _follow(address, heard)
        except psycopg.Error as error:
            log.warning("not listening to PostgreSQL (%s); trying again", type(error).__name__)
        await asyncio.sleep(AGAIN_SECONDS)


async def _follow(address: str, heard: Callable[[], None]) -> None:
    connection = await psycopg.AsyncConnection.connect(address, autocommit=True, **_KEEPALIVE)
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        heard()  # of what was owed while nobody listened
        while True:
            async for _ in connection.notifies(timeout=QUIET_SECONDS):
                heard()
            await connection.execute("SELECT 1")
