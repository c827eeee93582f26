"""Where the person behind a payload is answered: Slack gives each kind of payload another place.

Read from the payload once, by `place_of`; whoever has something to say matches on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import notices
from handlers.views import shown
from store.messages.cards import Clicked


@dataclass(frozen=True, slots=True)
class CommandAck:
    """A slash command: the ack carries a message that only they see."""


@dataclass(frozen=True, slots=True)
class FormAck:
    """A form that was submitted: the ack carries a view."""


@dataclass(frozen=True, slots=True)
class InModal:
    """A click in a modal: another view takes its place."""

    view_id: str


@dataclass(frozen=True, slots=True)
class BesideMessage:
    """A click in a message: its response URL says something beside it. Slack: for 30 minutes.

    `message` is the one that was clicked in; None where Slack does not say which.
    """

    response_url: str
    message: Clicked | None = None


@dataclass(frozen=True, slots=True)
class NewModal:
    """A click in Home, or a shortcut: a modal of its own. Slack: within 3 seconds."""

    trigger_id: str


Place = CommandAck | FormAck | InModal | BesideMessage | NewModal | None
"""None: an event, which nobody waits for."""


def place_of(body: Mapping[str, Any]) -> Place:
    """Where this payload is answered."""
    view = body.get("view") or {}
    if body.get("type") == "block_suggestion":  # what is said in a list of options is no answer
        return None
    if "command" in body:
        return CommandAck()
    if body.get("type") == "view_submission":
        return FormAck()
    if view.get("type") == "modal":
        return InModal(view["id"])
    if url := body.get("response_url"):
        return BesideMessage(url, _message(body, url))
    if body.get("trigger_id"):
        return NewModal(body["trigger_id"])
    return None


def _message(body: Mapping[str, Any], url: str) -> Clicked | None:
    container = body.get("container") or {}
    channel, ts = container.get("channel_id"), container.get("message_ts")
    if isinstance(channel, str) and isinstance(ts, str):
        return Clicked(channel, ts, url)
    return None


def ack_with(
    place: CommandAck | FormAck, title: str, sentence: str, *, action: Literal["update", "push"]
) -> dict[str, Any]:
    """The ack that says a sentence of finished mrkdwn.

    In a form it is a view with that title: in place of the form (update), or on top of it (push),
    so that what was typed is still there.
    """
    if isinstance(place, CommandAck):
        return {"response_type": "ephemeral", **notices.plain(sentence).payload()}
    return {"response_action": action, "view": notices.notice_view(title, sentence).to_dict()}


async def show_view(client: AsyncWebClient, place: InModal | NewModal, view: View) -> bool:
    """Show a view in place of the modal that was clicked in, or as one of its own.

    Returns whether Slack did.
    """
    if isinstance(place, InModal):
        return await shown(client.views_update(view_id=place.view_id, view=view))
    return await shown(client.views_open(trigger_id=place.trigger_id, view=view))
