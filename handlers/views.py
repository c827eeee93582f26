"""Showing a view within the time Slack gives: open, push or update, and why it was not shown."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from blocks import request_details
from handlers.slack_errors import code_of
from store.requests.read import Seen

log = logging.getLogger(__name__)

Show = Callable[..., Awaitable[Any]]
"""A call to Slack that shows the `view` it is given."""
_UNDRAWN = {"invalid_arguments", "invalid_blocks", "invalid_blocks_format", "view_too_large"}
VIEW_SECONDS = 2.0
"""How long a view may take: Slack waits 3 seconds for the ack of the click behind it."""


async def show_details(show: Show, seen: Seen, *, part: int = 1) -> bool:
    """Show a request in full; whether Slack did.

    As it reads best, and plainly where Slack refuses that: for a logo it cannot fetch, say. Both
    together take no longer than one view may.
    """
    asked, until = (seen.request, seen.people, seen.acts), _latest()
    why = await _failure(show(view=request_details.build(*asked, part=part)), until)
    if why in _UNDRAWN:
        plain = request_details.build(*asked, part=part, pictures=False)
        why = await _failure(show(view=plain), until)
    return why is None


async def shown(call: Awaitable[Any]) -> bool:
    """Await a view call. A closed modal or a trigger too old is no fault, and nothing is lost."""
    return await _failure(call, _latest()) is None


def _latest() -> float:
    """When a view that is asked for now has to be there, by the clock of the loop."""
    return asyncio.get_running_loop().time() + VIEW_SECONDS


async def _failure(call: Awaitable[Any], until: float) -> str | None:
    """Why a view was not shown, in Slack's word where it has one; None when it was."""
    try:
        async with asyncio.timeout_at(until):
            await call
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        why = code_of(error)
        log.info("a view was not shown: %s", why)
        return why
    return None
