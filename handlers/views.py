"""Showing a view within the time Slack gives: open, push or update, and why it was not shown."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View

from blocks import plainer, request_details
from blocks.message import Json
from handlers.slack_errors import code_of
from store.requests.read import Seen

log = logging.getLogger(__name__)

Show = Callable[..., Awaitable[Any]]
"""A call to Slack that shows the `view` it is given."""
_UNDRAWN = {"invalid_arguments", "invalid_blocks", "invalid_blocks_format", "view_too_large"}
_refused_blocks: set[str] = set()
"""Types of blocks that Slack has refused since the start, and that are not sent again."""
VIEW_SECONDS = 2.0
"""How long a view may take: Slack waits 3 seconds for the ack of the click behind it."""


async def show_details(show: Show, seen: Seen, *, part: int = 1) -> bool:
    """Show a request in full; whether Slack did.

    As it reads best, and more plainly where Slack refuses that: for a logo it cannot fetch, or for
    texts that it counts otherwise than we do. All together take no longer than one view may.
    """
    why, until = None, _latest()
    for view in _drawings(seen, part):
        why = await _failure(show(view=view), until)
        if why not in _UNDRAWN:
            break
    return why is None


def _drawings(seen: Seen, part: int) -> Iterator[View | Json]:
    asked = (seen.request, seen.people, seen.acts)
    best = request_details.build(*asked, part=part)
    yield plainer.without_alerts(best) if "alert" in _refused_blocks else best
    plain = request_details.build(*asked, part=part, pictures=False)
    yield plain
    yield from plainer.views(plain)


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
        if isinstance(error, SlackApiError) and _names_alert(error):
            _refused_blocks.add("alert")
        return why
    return None


def _names_alert(error: SlackApiError) -> bool:
    """Whether Slack says that it is an alert which it does not take."""
    said = getattr(error.response, "data", None)
    metadata = said.get("response_metadata") if isinstance(said, dict) else None
    return any("alert" in str(line) for line in (metadata or {}).get("messages", ()))
