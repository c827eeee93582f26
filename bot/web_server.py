"""The HTTP server: uvicorn on a given host and port, for as long as a block lasts."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

import uvicorn
from starlette.types import ASGIApp

STOP_SECONDS = 10
"""How long open requests may take to finish when the server stops."""


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
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listener]))
    host, port, *_ = listener.getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await task


def listening(host: str, port: int) -> socket:
    """A socket that listens there; port 0 takes a free one. Raises OSError when it is taken."""
    listener = socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM)
    listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(128)
    listener.setblocking(False)
    return listener
