"""The ack of a payload: what it carries is drawn so that Slack takes it, by any way of counting.

Slack tells the person, and not us, that it refused what stands in an ack. So there is no second,
plainer try as for all that goes by a call.
"""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse

from blocks import plainer


class PlainAck(AsyncAck):
    """Bolt's ack; what may be too long for Slack in a message or a view is clipped."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Bolt's own

    async def __call__(self, *words: Any, **carried: Any) -> BoltResponse:
        """Arguments as of Bolt."""
        if blocks := carried.get("blocks"):
            carried["blocks"] = plainer.message_at_once(blocks)
        if view := carried.get("view"):
            carried["view"] = plainer.view_at_once(view)
        return await super().__call__(*words, **carried)
