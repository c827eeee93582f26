"""The bot serves the workspace of its token. Payloads of other workspaces are refused.

Ids of people and channels mean something only within a workspace, so they are not even looked at.
"""

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from handlers.places import CommandAck, FormAck, ack_with, place_of

log = logging.getLogger(__name__)

_SENTENCE = "This app works for the people of another workspace. Nothing was changed."


def is_of_another(context: AsyncBoltContext) -> bool:
    """Whether a payload is of another workspace than the one that Slack says the token is of."""
    ourselves = context.authorize_result
    return ourselves is not None and context.team_id != ourselves.team_id


def refuse(context: AsyncBoltContext, body: Mapping[str, Any]) -> BoltResponse:
    """Acknowledge it, so that Slack does not ask again, with a sentence where the ack holds one."""
    log.warning("a payload of workspace %r was refused", str(context.team_id)[:20])
    place = place_of(body)
    if isinstance(place, CommandAck | FormAck):
        answer = ack_with(place, "Not possible", _SENTENCE, action="update")
        return BoltResponse(status=200, body=answer)
    return BoltResponse(status=200, body="")
