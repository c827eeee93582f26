"""How PostgreSQL is reached, with as few round trips to the server as it takes.

An idle connection is tested before it is used; one that was used a moment ago is not. A statement
that comes again is prepared, but only on a direct connection: PgBouncer in transaction mode gives
each transaction another server process, which does not know what was prepared in the last. It is
recognised by the process number that it tells its clients, which is of its own making.
"""

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

IDLE_SECONDS = 1.0
"""After so long an unused connection is tested: no server restarts in less."""
PREPARE_AFTER = 5
"""Times a statement is sent before it is prepared; the driver's own number."""


def engine(url: URL, pool_size: int) -> AsyncEngine:
    """Connections to PostgreSQL, directly or through PgBouncer."""
    made = create_async_engine(
        url,
        pool_size=pool_size,
        hide_parameters=True,
        connect_args={"prepare_threshold": None},
    )
    event.listen(made.sync_engine, "connect", _prepare_if_direct)
    event.listen(made.sync_engine, "checkin", _note_idle_since)
    event.listen(made.sync_engine, "checkout", _test_if_idle(made))
    return made


def _prepare_if_direct(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT pg_backend_pid()")
    driver, (server,) = connection.driver_connection, cursor.fetchone()
    driver.prepare_threshold = prepare_threshold(announced=driver.info.backend_pid, server=server)
    cursor.close()
    connection.rollback()


def prepare_threshold(*, announced: int, server: int) -> int | None:
    """After how many times to prepare a statement; None (never) behind a pooler.

    `announced` is the process number a client gets at its connect, `server` the server's own.
    """
    return PREPARE_AFTER if announced == server else None


def _note_idle_since(_connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


def _test_if_idle(made: AsyncEngine) -> Any:
    """The pool's own `pre_ping` tests every connection every time: a round trip a transaction."""

    def check(connection: Any, record: Any, _proxy: Any) -> None:
        idle = time.monotonic() - record.info.get("idle_since", time.monotonic())
        if idle > IDLE_SECONDS and not _is_alive(made, connection):
            raise InvalidatePoolError

    return check


def _is_alive(made: AsyncEngine, connection: Any) -> bool:
    dialect = made.dialect
    try:
        return bool(dialect.do_ping(connection))
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(error, connection, None):
            return False
        raise
