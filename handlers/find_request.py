"""The message shortcut *Find request*: opens the request that a message names, whoever wrote it."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import notices
from handlers import clicks, several, views
from handlers.deps import Deps
from store.domain import request_number
from store.domain.access import Refused
from store.messages.cards import Clicked
from store.requests import read
from store.requests.read import Seen

SHORTCUT = "request.find"
_NONE = "This message names no request. The number of a request looks like MP-12."
_SAID = ("text", "fallback", "title", "pretext")
"""Where messages, their blocks and their attachments keep what one reads."""


def register(app: AsyncApp) -> None:
    """Listen to the shortcut."""
    app.message_shortcut(SHORTCUT)(find)


async def find(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the request; of several, those that this person may see, to choose from."""
    user = body["user"]["id"]
    numbers = request_number.named_in("\n".join(_texts(body.get("message"))))[: several.MOST]
    found = [
        await read.look(deps.db, number, viewer=user, policy=deps.policy, now=deps.clock())
        for number in numbers
    ]
    seen = [each for each in found if isinstance(each, Seen)]
    opening = partial(client.views_open, trigger_id=body["trigger_id"])
    if len(seen) == 1:
        await views.show_details(opening, seen[0])
    elif seen:
        view = notices.which_request([each.request for each in seen])
        await views.shown(opening(view=view))
    else:
        first = next((each for each in found if isinstance(each, Refused)), None)
        await views.shown(opening(view=await _nothing(first, body, deps)))
    await ack()


async def _nothing(refused: Refused | None, body: Mapping[str, Any], deps: Deps) -> View:
    """That no request is named, or why this person may not see the one that is."""
    if refused is None:
        return notices.notice_view("Find request", _NONE)
    channel, ts = body["channel"]["id"], body["message_ts"]
    if channel in deps.policy.channels:
        async with deps.db.snapshot() as session:
            refused = await read.in_channel(session, refused, Clicked(channel, ts, ""))
    return await clicks.refusal_view(refused, body["user"]["id"], deps)


def _texts(part: object) -> Iterator[str]:
    """All that one reads in a message, in its order."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key in _SAID and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(part, list):
        for each in part:
            yield from _texts(each)
