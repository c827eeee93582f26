"""Response URLs: answering a command or a click without a token.

Slack: five answers within thirty minutes; ephemeral unless `in_channel` is asked for. After a
click the answer replaces the message unless `replace_original` is false; an answer to a command
is always a new message, since there was none to replace (slackapi/bolt-js issue 2287).
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.state.conversations import Message
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.workspace_state import WorkspaceState
from bot.sandbox.web_api.arguments import Arguments, read_arguments
from bot.sandbox.web_api.content import checked_message
from bot.sandbox.web_api.fault_answers import drop, early_answer

# Slack answers 404 to a response URL that is used up, 400 to content it cannot read.
_USED_UP = frozenset({"expired_url", "used_url"})


class Responses:
    """Answers `/response/<secret>`."""

    def __init__(self, workspace: WorkspaceState) -> None:
        self._workspace = workspace

    async def handle(self, request: web.Request) -> web.Response:
        """One answer of the app to something a person did."""
        fault = self._workspace.faults.take("response_url")
        early = await early_answer(fault, request) if fault else None
        if early is not None:
            return early
        try:
            given = await read_arguments(request)
            self._apply(request.match_info["key"], Arguments(given))
        except Refusal as refusal:
            status = 404 if refusal.code in _USED_UP else 400
            return web.json_response(refusal.answer(), status=status)
        if fault is not None and fault.kind == "drop_after":
            return drop(request)
        return web.Response(text="ok")

    def _apply(self, key: str, arguments: Arguments) -> None:
        place = self._workspace.response_urls.claim(key)
        source = place.source
        if source is not None and arguments.flag("delete_original"):
            source.deleted = True
            self._workspace.changed()
            return
        if source is not None and arguments.flag("replace_original", default=True):
            content = checked_message(arguments)
            # Slack's documentation does not say whether metadata stays: here is the worse of both.
            source.metadata = content.get("metadata")
            self._workspace.fill(source, content)
            return
        _post(self._workspace, place.channel, place.user_id, arguments)


def command_answer(
    workspace: WorkspaceState, channel: str, user_id: str, body: Mapping[str, Any]
) -> Message | None:
    """The message made from the body of a command's ack; None if it has none."""
    arguments = Arguments(body)
    if not arguments.get("text") and not arguments.get("blocks"):
        return None
    return _post(workspace, channel, user_id, arguments)


def _post(workspace: WorkspaceState, channel: str, user_id: str, arguments: Arguments) -> Message:
    """For everybody if `in_channel` is asked for, else for this person alone."""
    content = checked_message(arguments)
    reader = None if arguments.get("response_type") == "in_channel" else user_id
    return workspace.post(workspace.conversations[channel], content, ephemeral_to=reader)
