"""The Web API: one address for each method, one answer for each call.

Order of a call: arguments, planned fault, token, scope, rate limit, method.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.delivery.installed_workspace import InstalledWorkspace
from bot.sandbox.state.rates import RateLimited
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.web_api import (
    app_methods,
    chat_methods,
    conversation_methods,
    file_methods,
    history_methods,
    user_methods,
    validation_methods,
    view_methods,
)
from bot.sandbox.web_api.arguments import Arguments, read_arguments
from bot.sandbox.web_api.fault_answers import drop, early_answer, rate_limited
from bot.sandbox.web_api.scopes import SCOPES

Json = dict[str, Any]
Method = Callable[[InstalledWorkspace, Arguments], Json]

METHODS: Mapping[str, Method] = {
    "api.test": app_methods.test,
    "apps.connections.open": app_methods.open_connection,
    "auth.test": app_methods.auth_test,
    "blocks.validate": validation_methods.validate,
    "bots.info": app_methods.bot_info,
    "chat.delete": chat_methods.delete,
    "chat.getPermalink": chat_methods.permalink,
    "chat.postEphemeral": chat_methods.post_ephemeral,
    "chat.postMessage": chat_methods.post_message,
    "chat.update": chat_methods.update,
    "conversations.history": history_methods.history,
    "conversations.info": conversation_methods.info,
    "conversations.join": conversation_methods.join,
    "conversations.list": conversation_methods.list_,
    "conversations.members": conversation_methods.members,
    "conversations.open": conversation_methods.open_,
    "conversations.replies": history_methods.replies,
    "files.completeUploadExternal": file_methods.complete,
    "files.getUploadURLExternal": file_methods.upload_url,
    "usergroups.list": user_methods.usergroups,
    "usergroups.users.list": user_methods.usergroup_members,
    "users.info": user_methods.info,
    "users.list": user_methods.list_,
    "users.lookupByEmail": user_methods.lookup_by_email,
    "views.open": view_methods.open_,
    "views.publish": view_methods.publish,
    "views.push": view_methods.push,
    "views.update": view_methods.update,
}
_APP_TOKEN_METHODS = frozenset({"apps.connections.open"})
_FREE_METHODS = frozenset({"api.test"})


class WebApi:
    """Answers `/api/<method>`."""

    def __init__(self, workspace: InstalledWorkspace) -> None:
        self._workspace = workspace

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, from the request to the answer or the lost connection."""
        workspace, method = self._workspace, request.match_info["method"]
        try:
            given = await read_arguments(request)
        except Refusal as refusal:
            return web.json_response(refusal.answer())
        token = _token(request, given.pop("token", None))
        fault = workspace.faults.take(method)
        early = await early_answer(fault, request) if fault else None
        if fault is not None and early is not None:
            workspace.record(method, given, fault.answer())
            return early
        try:
            answer = {"ok": True, **self._run(method, token, Arguments(given))}
        except RateLimited as limited:
            workspace.record(method, given, limited.answer())
            return rate_limited(limited.seconds)
        except Refusal as refusal:
            answer = refusal.answer()
        workspace.record(method, given, answer)
        if fault is not None and fault.kind == "drop_after":
            return drop(request)
        headers = {"X-OAuth-Scopes": ",".join(sorted(workspace.scopes))}
        return web.json_response(answer, headers=headers)

    def _run(self, method: str, token: str, arguments: Arguments) -> Json:
        run = METHODS.get(method)
        if run is None:
            raise Refusal("unknown_method", req_method=method)
        self._admit(method, token)
        channel = str(arguments.get("channel", ""))
        # A person's id and the direct messages with them are one channel.
        person = self._workspace.people.get(channel)
        self._workspace.limiter.check(method, self._workspace.dm(person).id if person else channel)
        return run(self._workspace, arguments)

    def _admit(self, method: str, token: str) -> None:
        """Refuse a missing or wrong token, a token of the other sort, a missing scope."""
        if method in _FREE_METHODS:
            return
        workspace = self._workspace
        if not token:
            raise Refusal("not_authed")
        if token not in (workspace.bot_token, workspace.app_token):
            raise Refusal("invalid_auth")
        if (token == workspace.app_token) != (method in _APP_TOKEN_METHODS):
            raise Refusal("not_allowed_token_type")
        needed = SCOPES.get(method, ())
        if needed and not workspace.scopes.intersection(needed):
            provided = ",".join(sorted(workspace.scopes))
            raise Refusal("missing_scope", needed=needed[0], provided=provided)


def _token(request: web.Request, in_body: object) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ").strip() or str(in_body or "")
