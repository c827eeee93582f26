"""conversations.*: the places the app knows of."""

from typing import Any

from bot.sandbox.state.ids import BOT_USER_ID
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.workspace_state import WorkspaceState
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.chat_methods import find_conversation
from bot.sandbox.web_api.paging import page

Json = dict[str, Any]
# Slack: conversations.open takes at most eight people.
_MOST_PEOPLE = 8


def open_(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """conversations.open: direct messages with one person or up to eight."""
    if channel := arguments.optional("channel"):
        return {
            "no_op": True,
            "already_open": True,
            "channel": {"id": find_conversation(workspace, channel).id},
        }
    users = arguments.names("users")
    if not users:
        raise Refusal("users_list_not_supplied")
    if len(users) > _MOST_PEOPLE:
        raise Refusal("too_many_users")
    for user in users:
        person = workspace.people.get(user)
        if person is None:
            raise Refusal("user_not_found")
        if person.deleted:
            raise Refusal("user_disabled")
    where = workspace.dm_with(frozenset(users))
    full = arguments.flag("return_im")
    return {"channel": where.to_slack() if full else {"id": where.id}}


def info(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """conversations.info."""
    return {"channel": find_conversation(workspace, arguments.text("channel")).to_slack()}


def list_(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """conversations.list: public channels unless other `types` are asked for."""
    names = {"public_channel": "channel", "private_channel": "private", "im": "im", "mpim": "mpim"}
    kinds = {names.get(name) for name in arguments.names("types") or ["public_channel"]}
    without_archived = arguments.flag("exclude_archived")
    found = [
        where.to_slack()
        for where in workspace.conversations.values()
        if where.kind in kinds
        and (where.kind == "channel" or BOT_USER_ID in where.members)
        and not (without_archived and where.is_archived)
    ]
    shown, metadata = page(found, arguments)
    return {"channels": shown, **metadata}


def members(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """conversations.members."""
    where = find_conversation(workspace, arguments.text("channel"))
    shown, metadata = page(sorted(where.members), arguments)
    return {"members": shown, **metadata}


def join(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """conversations.join: the bot enters a public channel."""
    where = find_conversation(workspace, arguments.text("channel"))
    if where.kind != "channel":
        raise Refusal("method_not_supported_for_channel_type")
    if where.is_archived:
        raise Refusal("is_archived")
    where.members.add(BOT_USER_ID)
    return {"channel": where.to_slack()}
