"""How PostgreSQL is reached: what costs a way to the server and back is asked only when it matters.

A connection that rested is tried before it is used; a statement that comes again is prepared, but
only where nobody stands between. PgBouncer in transaction mode gives each transaction another
server process, where a prepared statement is unknown. It tells its clients a process number of its
own making, and by that it is known.
"""

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

RESTED_SECONDS = 1.0
"""How long an unused connection is believed to be alive: a server restarts more slowly."""
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
    event.listen(made.sync_engine, "connect", _prepare_where_direct)
    event.listen(made.sync_engine, "checkin", _note_rest)
    event.listen(made.sync_engine, "checkout", _try_rested(made))
    return made


def _prepare_where_direct(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT pg_backend_pid()")
    driver, (server,) = connection.driver_connection, cursor.fetchone()
    driver.prepare_threshold = threshold(told=driver.info.backend_pid, server=server)
    cursor.close()
    connection.rollback()


def threshold(*, told: int, server: int) -> int | None:
    """After how many times to prepare; never, where the process told of is not the server's."""
    return PREPARE_AFTER if told == server else None


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _try_rested(made: AsyncEngine) -> Any:
    """The pool's own way of trying every connection every time costs each transaction a turn."""

    def check(connection: Any, record: Any, _proxy: Any) -> None:
        rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
        if rested > RESTED_SECONDS and not _is_alive(made, connection):
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
