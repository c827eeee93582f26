"""Serves the page on 127.0.0.1, to browsers on this machine that mean this page.

A page on the internet can make a browser call 127.0.0.1. It cannot forge the Host it was loaded
from nor the Origin it posts from, so both must be ours; and nothing here loads from elsewhere.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.sandbox.page.pages import routes
from bot.sandbox.page.site import Site

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_NAMES = ("127.0.0.1", "localhost")


@asynccontextmanager
async def serving(site: Site, *, port: int = 0) -> AsyncIterator[str]:
    """Serve until the end of the block; gives the address. Port 0 takes a free one.

    Raises OSError when the port is taken.
    """
    app = web.Application(middlewares=[_only_from_here])
    app.add_routes(routes(site))
    app.on_response_prepare.append(_guard)
    # A live stream never ends by itself: waiting for it would only delay the end.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        taken: tuple[str, int] = runner.addresses[0]
        yield f"http://127.0.0.1:{taken[1]}"
    finally:
        await runner.cleanup()


@web.middleware
async def _only_from_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse a Host that is not this machine, and a POST from any page but ours."""
    host, _, _port = request.host.partition(":")
    if host not in _NAMES:
        raise web.HTTPForbidden(text="This page answers to 127.0.0.1 only.")
    if request.method not in ("GET", "HEAD"):
        origin = request.headers.get("Origin")
        if origin != f"http://{request.host}":
            raise web.HTTPForbidden(text="This page takes orders from itself only.")
    return await handler(request)


async def _guard(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
