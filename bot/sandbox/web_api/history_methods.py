"""conversations.history and conversations.replies: reading messages back.

Ephemeral messages are not in the history; metadata comes only with `include_all_metadata`.
"""

from collections.abc import Iterable
from typing import Any

from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.ids import BOT_USER_ID
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.workspace_state import WorkspaceState
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.chat_methods import find_conversation
from bot.sandbox.web_api.paging import page

Json = dict[str, Any]


def history(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """conversations.history: newest first, without the replies in threads."""
    where = _readable(workspace, arguments)
    found = [m for m in where.newest_first() if m.thread_ts in (None, m.ts)]
    return _paged([m for m in found if _within(m.ts, arguments)], arguments)


def replies(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """conversations.replies: the parent and what was said in its thread, oldest first."""
    where = _readable(workspace, arguments)
    parent = arguments.text("ts")
    thread = [m for m in where.newest_first() if parent in (m.ts, m.thread_ts)]
    if not thread:
        raise Refusal("thread_not_found")
    kept = (m for m in reversed(thread) if m.ts == parent or _within(m.ts, arguments))
    return _paged(kept, arguments)


def _readable(workspace: WorkspaceState, arguments: Arguments) -> Conversation:
    where = find_conversation(workspace, arguments.text("channel"))
    if BOT_USER_ID not in where.members:
        raise Refusal("not_in_channel")
    return where


def _within(ts: str, arguments: Arguments) -> bool:
    """Slack: `oldest` and `latest` are excluded unless `inclusive` says otherwise."""
    oldest, latest = arguments.optional("oldest"), arguments.optional("latest")
    if arguments.flag("inclusive") and ts in (oldest, latest):
        return True
    after = oldest is None or _moment(oldest) < _moment(ts)
    return after and (latest is None or _moment(ts) < _moment(latest))


def _moment(ts: str) -> int:
    """A timestamp in microseconds; as a float it would lose its last digit."""
    seconds, _, fraction = ts.partition(".")
    try:
        return int(seconds) * 1_000_000 + int(fraction.ljust(6, "0")[:6])
    except ValueError:
        raise Refusal("invalid_arguments") from None


def _paged(messages: Iterable[Message], arguments: Arguments) -> Json:
    shown, metadata = page(list(messages), arguments)
    with_metadata = arguments.flag("include_all_metadata")
    found = [message.to_slack(with_metadata=with_metadata) for message in shown]
    more = bool(metadata["response_metadata"]["next_cursor"])
    return {"messages": found, "has_more": more, **(metadata if more else {})}
