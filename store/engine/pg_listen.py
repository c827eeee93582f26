"""Hear of what another process owes, the moment its transaction commits. PostgreSQL only.

Nothing depends on being heard: who hears nothing finds what is owed when it next looks. So a lost
connection is made again without haste, and what happened meanwhile is simply looked for.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from store.engine.database import CHANNEL, Debt, parse_url

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


async def listen(url: str, wake: Mapping[Debt, Callable[[], None]]) -> None:
    """Wake whoever has work by what somebody owes, until cancelled.

    The connection is direct and its own: behind PgBouncer in transaction mode nothing is heard.
    """
    address = parse_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            await _follow(address, wake)
        except psycopg.Error as error:
            log.warning("not listening to PostgreSQL (%s); trying again", type(error).__name__)
        await asyncio.sleep(AGAIN_SECONDS)


async def _follow(address: str, wake: Mapping[Debt, Callable[[], None]]) -> None:
    connection = await psycopg.AsyncConnection.connect(address, autocommit=True, **_KEEPALIVE)
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        for debt in Debt:  # what was owed while nobody listened
            wake[debt]()
        while True:
            async for word in connection.notifies(timeout=QUIET_SECONDS):
                if word.payload in set(Debt):  # a newer replica may owe something else
                    wake[Debt(word.payload)]()
            await connection.execute("SELECT 1")
