"""The HTTP server: uvicorn on a given host and port, for as long as a block lasts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from errno import EMFILE, ENFILE
from resource import RLIMIT_NOFILE, getrlimit
from socket import (
    AF_INET,
    AF_INET6,
    IPPROTO_TCP,
    SO_REUSEADDR,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.quiet_log import OnceAMinute

_files = logging.getLogger(f"{__name__}.files")
_files.addFilter(OnceAMinute())

STOP_SECONDS = 10
"""How long open requests may take to finish when the server stops."""


HEADER_SECONDS = 10.0
"""How long the head of a request may take to arrive, and so long what is left of a body that was
answered unread, however steadily it drips. Who reads a body has a limit of their own."""
MOST_CONNECTIONS = 512
"""Connections kept at a time, or half of the files this process may open, if that is less: it has
to reach its store and Slack as well."""


BACKLOG = 128
"""Connections that may wait to be accepted; asyncio tries to accept so many at a time."""


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, for strangers who open connections and say nothing, or never enough."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """One too many is closed at once; from any other a request has to come in time."""
        super().connection_made(transport)
        if len(self.connections) > _most_connections():
            transport.abort()
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        """What came is the head of a request, whole or not, or its body."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE or self._is_answered_unread:
            self._expect()
        else:
            self._stop_expecting()

    def on_response_complete(self) -> None:
        """uvicorn's own limit on what comes after an answer ends with the next byte."""
        super().on_response_complete()
        if self._is_answered_unread:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._stop_expecting()
        super().connection_lost(exc)

    @property
    def _is_answered_unread(self) -> bool:
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _expect(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_expecting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        self.transport.abort()


def _most_connections() -> int:
    return min(MOST_CONNECTIONS, getrlimit(RLIMIT_NOFILE)[0] // 2)


class _Server(uvicorn.Server):
    """uvicorn, with the signals of the process left to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: `run` hears SIGTERM itself and stops everything in order."""
        yield


@asynccontextmanager
async def serving(
    site: ASGIApp, *, host: str, port: int, proxies: str | None = None
) -> AsyncIterator[str]:
    """Serve until the end of the block; gives the address. Port 0 takes a free one.

    A client's address is whoever connects, unless that is one of the `proxies`, who are believed.
    Raises OSError when the port is taken. Signals stay with the caller.
    """
    with listening(host, port) as listener:
        async with serving_on(listener, site, proxies=proxies) as address:
            yield address


@asynccontextmanager
async def serving_on(
    listener: socket, site: ASGIApp, *, proxies: str | None = None
) -> AsyncIterator[str]:
    """The same, on what listens already."""
    config = uvicorn.Config(
        site,
        http=_Protocol,
        backlog=BACKLOG,
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config)
    asyncio.get_running_loop().set_exception_handler(_say)
    logging.getLogger("uvicorn.error").addFilter(OnceAMinute())
    task = asyncio.create_task(server.serve([listener]))
    host, port, *_ = listener.getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await task


def listening(host: str, port: int) -> socket:
    """A socket that listens there; port 0 takes a free one. Raises OSError when it is taken."""
    # asyncio lets small packets go at once only where the protocol is named. Else an answer with a
    # body waits for the receipt of its headers: measured, 40 ms with every form.
    listener = socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM, IPPROTO_TCP)
    listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def _say(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What went wrong in the loop; that no file can be opened is said once a minute."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in {EMFILE, ENFILE}:
        _files.error("no connection can be accepted: %s", error.strerror)
    else:
        loop.default_exception_handler(context)
