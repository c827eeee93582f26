"""What a call gets in place of its answer: a planned fault, or "too fast"."""

import asyncio

from aiohttp import web

from bot.sandbox.state.faults import Fault
from bot.sandbox.state.refusal import Refusal


async def early_answer(fault: Fault, request: web.Request) -> web.Response | None:
    """What a fault answers before any work is done; None to go on."""
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "drop_before":
        return drop(request)
    if fault.kind != "status":
        return None
    if fault.status == 429:
        return rate_limited(fault.retry_after or 1)
    if fault.error is not None:
        return web.json_response(Refusal(fault.error).answer())
    page = "<html>Server Error - Slack</html>"
    return web.Response(status=fault.status, text=page, content_type="text/html")


def rate_limited(seconds: int) -> web.Response:
    """Slack's "not so fast"; `Retry-After` is in seconds."""
    headers = {"Retry-After": str(seconds)}
    return web.json_response(Refusal("ratelimited").answer(), status=429, headers=headers)


def drop(request: web.Request) -> web.Response:
    """Cut the connection: the caller never learns what happened."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
