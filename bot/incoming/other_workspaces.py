"""The bot serves the workspace its token belongs to. What comes from another one goes no further.

Ids of people and channels mean something only within a workspace, so they are not even looked at.
"""

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from blocks import notices

log = logging.getLogger(__name__)

_SENTENCE = "This app works for the people of another workspace. Nothing was changed."


def is_stranger(context: AsyncBoltContext) -> bool:
    """Whether a payload is of another workspace than the one that Slack says the token is of."""
    ourselves = context.authorize_result
    return ourselves is not None and context.team_id != ourselves.team_id


def refuse(context: AsyncBoltContext, body: Mapping[str, Any]) -> BoltResponse:
    """Acknowledged, so that Slack does not ask again; said where the answer has room for it."""
    log.warning("a payload of workspace %r was not served", str(context.team_id)[:20])
    if "command" in body:
        message = notices.plain(_SENTENCE)
        return BoltResponse(status=200, body={"response_type": "ephemeral", **message.payload()})
    if body.get("type") == "view_submission":
        view = notices.notice_view("Not possible", _SENTENCE).to_dict()
        return BoltResponse(status=200, body={"response_action": "update", "view": view})
    return BoltResponse(status=200, body="")
