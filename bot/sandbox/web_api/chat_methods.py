"""chat.*: the app's messages.

Posting to somebody's user id opens the direct messages with them, and works for a deactivated
person too (Slack keeps their history; see slackapi/python-slack-sdk issue 1156).
"""

from typing import Any

from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.ids import BOT_USER_ID, TEAM_DOMAIN
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.workspace_state import WorkspaceState
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.content import checked_message

Json = dict[str, Any]


def post_message(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """chat.postMessage."""
    where = destination(workspace, arguments.text("channel"))
    content = checked_message(arguments)
    thread_ts = content.get("thread_ts")
    if thread_ts is not None and thread_ts not in where.messages:
        raise Refusal("thread_not_found")
    message = workspace.post(where, content)
    return {"channel": where.id, "ts": message.ts, "message": message.to_slack()}


def post_ephemeral(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """chat.postEphemeral: one member alone sees it."""
    where = destination(workspace, arguments.text("channel"))
    reader = arguments.text("user")
    if reader not in where.members:
        raise Refusal("user_not_in_channel")
    content = checked_message(arguments)
    return {"message_ts": workspace.post(where, content, ephemeral_to=reader).ts}


def update(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """chat.update: a text without blocks removes the blocks; metadata stays unless given."""
    where = find_conversation(workspace, arguments.text("channel"))
    message = _find_own_message(where, arguments.text("ts"), "cant_update_message")
    if where.is_archived:
        raise Refusal("is_inactive")
    content = checked_message(arguments)
    workspace.fill(message, content)
    # Slack shows "(edited)" only when the text is what people read.
    message.edited = not content.get("blocks")
    if "metadata" in arguments:
        message.metadata = content.get("metadata")
    shown = message.to_slack()
    return {"channel": where.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """chat.delete."""
    where = find_conversation(workspace, arguments.text("channel"))
    message = _find_own_message(where, arguments.text("ts"), "cant_delete_message")
    message.deleted = True
    workspace.changed()
    return {"channel": where.id, "ts": message.ts}


def permalink(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """chat.getPermalink."""
    where = find_conversation(workspace, arguments.text("channel"))
    message = _find_message(where, arguments.text("message_ts"))
    address = f"https://{TEAM_DOMAIN}.slack.com/archives/{where.id}/p"
    return {"channel": where.id, "permalink": address + message.ts.replace(".", "")}


def find_conversation(workspace: WorkspaceState, channel: str) -> Conversation:
    """A conversation by id, or `channel_not_found`; of private ones the bot must be a member."""
    where = workspace.conversations.get(channel)
    inside = where is not None and (where.kind == "channel" or BOT_USER_ID in where.members)
    if where is None or not inside:
        raise Refusal("channel_not_found")
    return where


def destination(workspace: WorkspaceState, channel: str) -> Conversation:
    """Where a post goes to a conversation's or person's id, `#general` or `general`."""
    if channel in workspace.people:
        return workspace.dm(workspace.people[channel])
    if channel not in workspace.conversations and (name := channel.removeprefix("#")):
        named = (where.id for where in workspace.conversations.values() if where.name == name)
        channel = next(named, channel)
    where = find_conversation(workspace, channel)
    if where.is_archived:
        raise Refusal("is_archived")
    if BOT_USER_ID not in where.members:
        raise Refusal("not_in_channel")
    return where


def _find_message(where: Conversation, ts: str) -> Message:
    """A message by its timestamp, or `message_not_found`; ephemeral ones count as not there."""
    message = where.messages.get(ts)
    if message is None or message.deleted or message.ephemeral_to is not None:
        raise Refusal("message_not_found")
    return message


def _find_own_message(where: Conversation, ts: str, otherwise: str) -> Message:
    """A message of the bot itself, or `otherwise`."""
    message = _find_message(where, ts)
    if message.user != BOT_USER_ID:
        raise Refusal(otherwise)
    return message
