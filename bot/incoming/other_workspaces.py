"""The bot serves the workspace of its token. Payloads of other workspaces are refused.

Ids of people and channels mean something only within a workspace, so they are not even looked at.
"""

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from bot.incoming.fallback import FallbackAnswers
from handlers.places import BesideMessage, CommandAck, FormAck, ack_with, place_of
from store.engine import causes
from store.engine.causes import Outcome

log = logging.getLogger(__name__)

_SENTENCE = "This app works for the people of another workspace. Nothing was changed."


def is_of_another(context: AsyncBoltContext, body: Mapping[str, Any]) -> bool:
    """Whether a payload is of another workspace than the one that Slack says the token is of.

    In a channel that is shared with another one it is the person behind it who may be of that.
    """
    ourselves = context.authorize_result
    if ourselves is None:
        return False
    user = body.get("user")
    home = user.get("team_id") if isinstance(user, Mapping) else None
    is_ours = not home or home in {ourselves.team_id, ourselves.enterprise_id}
    return context.team_id != ourselves.team_id or not is_ours


async def refuse(
    context: AsyncBoltContext, body: Mapping[str, Any], fallback: FallbackAnswers
) -> BoltResponse:
    """Acknowledge it, so that Slack does not ask again, with a sentence where there is a place."""
    log.warning("a payload of workspace %r was refused", str(context.team_id)[:20])
    causes.end(Outcome.FOREIGN)
    place = place_of(body)
    if isinstance(place, BesideMessage):
        await fallback.beside(place.response_url, _SENTENCE)
    if isinstance(place, CommandAck | FormAck):
        answer = ack_with(place, "Not possible", _SENTENCE, action="update")
        return BoltResponse(status=200, body=answer)
    return BoltResponse(status=200, body="")
