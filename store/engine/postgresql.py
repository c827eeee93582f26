"""How PostgreSQL is reached, with as few round trips to the server as it takes.

A connection that has rested long is tested before it is used; of one that was used a moment ago it
is only looked whether the server has ended it. A statement
that comes again is prepared, but only on a direct connection: PgBouncer in transaction mode gives
each transaction another server process, which does not know what was prepared in the last. It is
recognised by the process number that it tells its clients, which is of its own making.

BEGIN and the time limits of a transaction are sent with its first statements (`asking`): so they
cost no round trip, hold behind PgBouncer too (which takes no `options` at its connect), and end
with it. They are the server's, and say nothing while the server itself is frozen. So whoever waits
also hangs up by their own clock (`hang_up`); what waits on the connection then fails as after any
other loss of it.
"""

import asyncio
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from select import POLLIN, poll
from typing import Any

from psycopg import OperationalError
from sqlalchemy import Connection, Executable, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import case, func, select

from store.engine import asking, time_limits
from store.engine.time_limits import Limits
from store.engine.trouble import OldServerError

IDLE_SECONDS = 10.0
"""After so long an unused connection is tested by a question, before the network itself finds that
nobody is there (`REACH`). That the server has ended it is seen at once, without one."""
ANSWER_SECONDS = 1.0
"""How long the server may take to answer that test, and the first question of a new connection."""
POOL_SECONDS = 5
"""How long to wait for one of our own connections."""
PREPARE_AFTER = 5
"""Times a statement is sent before it is prepared; the driver's own number."""
REACH = {
    "connect_timeout": 2,  # seconds, the least the driver knows
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds in which what was sent must have arrived
}
"""How soon it shows that the server cannot be reached; a value in the URL goes before these."""
OLDEST = 13
"""The oldest PostgreSQL that can say what became of a transaction by a number without an end."""
LOCK_NOT_AVAILABLE = "55P03"
_READ = "ISOLATION LEVEL REPEATABLE READ READ ONLY"


def engine(url: URL, pool_size: int) -> AsyncEngine:
    """Connections to PostgreSQL, directly or through PgBouncer."""
    reach = {name: value for name, value in REACH.items() if name not in url.query}
    made = create_async_engine(
        url,
        pool_size=pool_size,
        pool_timeout=POOL_SECONDS,
        # The one given back last: it has its statements prepared, and its server process what it
        # needs at hand.
        pool_use_lifo=True,
        hide_parameters=True,
        # Autocommit: BEGIN is ours to say.
        connect_args={"prepare_threshold": None, "autocommit": True, **reach},
    )
    event.listen(made.sync_engine, "connect", _prepare_if_direct)
    event.listen(made.sync_engine, "checkin", _note_idle_since)
    event.listen(made.sync_engine, "checkout", _test_if_idle(made))
    asking.listen(made, _begin_of)
    return made


def limited(made: AsyncEngine, limits: Limits, *, reading: bool) -> AsyncEngine:
    """The same connections, for transactions with these limits; `reading`: that cannot write."""
    return made.execution_options(begin=_begin(limits, _READ if reading else ""))


def hang_up(connection: Any) -> None:
    """Break the driver's connection: whoever waits for an answer on it gets an error at once."""
    if not connection.closed:
        with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as own:
            own.shutdown(socket.SHUT_RDWR)


def could_not_lock(error: BaseException) -> bool:
    """Whether a statement waited in vain for a lock."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) == LOCK_NOT_AVAILABLE


@contextmanager
def _answering_within(seconds: float, connection: Any) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    timer = loop.call_later(seconds, hang_up, connection.driver_connection)
    try:
        yield
    finally:
        timer.cancel()


@cache
def _begin(limits: Limits, mode: str) -> Sequence[Executable]:
    """BEGIN with the limits, which PostgreSQL takes in milliseconds; 0 is none.

    The answer to a COMMIT waits for the log, also on a server where that is switched off for
    everybody: what was acknowledged would else be lost where the server crashes a moment later.
    """
    values = {
        "lock_timeout": limits.lock,
        "statement_timeout": limits.statement or 0.0,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    local = [
        func.set_config(name, str(round(value * 1000)), True) for name, value in values.items()
    ]
    if not mode:
        waits = func.current_setting("synchronous_commit")
        durable = case((waits == "off", "on"), else_=waits)
        local.append(func.set_config("synchronous_commit", durable, True))
    return text(f"BEGIN {mode}".rstrip()), select(*local)


def _begin_of(connection: Connection) -> Sequence[Executable]:
    begin: Sequence[Executable] | None = connection.get_execution_options().get("begin")
    return begin or _begin(time_limits.BACKGROUND, "")


def _prepare_if_direct(connection: Any, _record: Any) -> None:
    version = connection.driver_connection.info.server_version // 10_000
    if version < OLDEST:
        old = OldServerError(f"PostgreSQL {version} is too old: {OLDEST} or newer is needed")
        raise DatabaseError("CONNECT", None, old)
    with _answering_within(ANSWER_SECONDS, connection):
        cursor = connection.cursor()
        cursor.execute("SELECT pg_backend_pid()")
        driver, (server,) = connection.driver_connection, cursor.fetchone()
        cursor.close()
    driver.prepare_threshold = prepare_threshold(announced=driver.info.backend_pid, server=server)


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
        has_ended = _is_readable(connection)
        if (has_ended or idle > IDLE_SECONDS) and not _is_alive(made, connection):
            # One that the server has ended says nothing of the others; one without an answer does.
            raise DisconnectionError if has_ended else InvalidatePoolError

    return check


def _is_readable(connection: Any) -> bool:
    """Whether the server has sent something that nobody asked for, as one does that ends; or the
    connection is closed already.
    """
    waiting = poll()
    try:
        waiting.register(connection.driver_connection.fileno(), POLLIN)
    except OperationalError:
        return True
    return bool(waiting.poll(0))


def _is_alive(made: AsyncEngine, connection: Any) -> bool:
    dialect = made.dialect
    try:
        with _answering_within(ANSWER_SECONDS, connection):
            return bool(dialect.do_ping(connection))
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(error, connection, None):
            return False
        raise
