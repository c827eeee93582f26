"""The shapes Slack sends to an app: interactions, commands, events.

Pure: everything that differs from one payload to the next comes in as an argument.
"""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.state.controls import Control
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.directory import Profile
from bot.sandbox.state.fields import KEYS
from bot.sandbox.state.ids import APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, VERIFICATION_TOKEN
from bot.sandbox.state.views import View

Json = dict[str, Any]


def interaction(kind: str, person: Profile) -> Json:
    """What every interaction begins with."""
    who = {"id": person.id, "username": person.handle, "name": person.handle, "team_id": TEAM_ID}
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": who,
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_message(message: Message, where: Conversation) -> Json:
    """The parts of a `block_actions` payload that name the message it happened in.

    For an ephemeral message Slack sends no `message`; the app has only its container.
    """
    container: Json = {"type": "message", "message_ts": message.ts, "channel_id": where.id}
    container["is_ephemeral"] = message.ephemeral_to is not None
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    parts: Json = {"container": container, "state": {"values": message.state}}
    parts["channel"] = {"id": where.id, "name": where.spoken_name}
    if message.ephemeral_to is None:
        parts["message"] = message.to_slack()
    return parts


def in_view(view: View) -> Json:
    """The parts of a `block_actions` payload that name the view it happened in."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.to_slack()}


def action(control: Control, entry: Mapping[str, Any], at: str) -> Json:
    """One member of `actions`: the element used and what it holds now."""
    done: Json = {"type": control.type, "block_id": control.block_id}
    done |= {"action_id": control.action_id, "action_ts": at}
    on_button = ("text", "value", "style", "url")
    shown = ("placeholder",) if control.type in KEYS else on_button
    done |= {name: control.element[name] for name in shown if name in control.element}
    return done | dict(entry)


def command(
    person: Profile,
    where: Conversation,
    name: str,
    text: str,
    *,
    trigger_id: str,
    response_url: str,
) -> Json:
    """The fields of a slash command."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": where.id,
        "channel_name": where.spoken_name,
        "user_id": person.id,
        "user_name": person.handle,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def event_callback(event: Mapping[str, Any], event_id: str, at: int) -> Json:
    """The envelope of an event; `at` is in seconds since the epoch."""
    authorization: Json = {"enterprise_id": None, "team_id": TEAM_ID, "user_id": BOT_USER_ID}
    authorization |= {"is_bot": True, "is_enterprise_install": False}
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id,
        "event_time": at,
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
    }
