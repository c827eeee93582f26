"""The Web API: one address for each method, one answer for each call.

Order of a call: arguments, planned fault, token, scope, rate limit, method.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox import (
    app_api,
    chat_api,
    conversations_api,
    files_api,
    history_api,
    users_api,
    views_api,
)
from bot.sandbox.arguments import Arguments, Refusal, read_arguments
from bot.sandbox.faults import Fault, drop, early_answer, rate_limited
from bot.sandbox.rates import RateLimited
from bot.sandbox.scopes import SCOPES

if TYPE_CHECKING:
    from bot.sandbox.workspace import Workspace

Json = dict[str, Any]
Method = Callable[["Workspace", Arguments], Json]

METHODS: Mapping[str, Method] = {
    "api.test": app_api.test,
    "apps.connections.open": app_api.open_connection,
    "auth.test": app_api.auth_test,
    "bots.info": app_api.bot_info,
    "chat.delete": chat_api.delete,
    "chat.getPermalink": chat_api.permalink,
    "chat.postEphemeral": chat_api.post_ephemeral,
    "chat.postMessage": chat_api.post_message,
    "chat.update": chat_api.update,
    "conversations.history": history_api.history,
    "conversations.info": conversations_api.info,
    "conversations.join": conversations_api.join,
    "conversations.list": conversations_api.list_,
    "conversations.members": conversations_api.members,
    "conversations.open": conversations_api.open_,
    "conversations.replies": history_api.replies,
    "files.completeUploadExternal": files_api.complete,
    "files.getUploadURLExternal": files_api.upload_url,
    "usergroups.list": users_api.usergroups,
    "usergroups.users.list": users_api.usergroup_members,
    "users.info": users_api.info,
    "users.list": users_api.list_,
    "users.lookupByEmail": users_api.lookup_by_email,
    "views.open": views_api.open_,
    "views.publish": views_api.publish,
    "views.push": views_api.push,
    "views.update": views_api.update,
}
_APP_TOKEN_METHODS = frozenset({"apps.connections.open"})
_FREE_METHODS = frozenset({"api.test"})


class WebApi:
    """Answers `/api/<method>`."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, from the request to the answer or the lost connection."""
        method = request.match_info["method"]
        try:
            given = await read_arguments(request)
        except Refusal as refusal:
            return web.json_response(refusal.answer())
        token = _token(request, given.pop("token", None))
        fault = self._workspace.faults.take(method)
        if fault is not None:
            early = await early_answer(fault, request)
            if early is not None:
                self._record(method, given, fault.answer())
                return early
        return self._respond(request, method, token, given, fault)

    def _respond(
        self, request: web.Request, method: str, token: str, given: Json, fault: Fault | None
    ) -> web.Response:
        try:
            answer = self._answer(method, token, Arguments(given))
        except RateLimited as limited:
            self._record(method, given, limited.answer())
            return rate_limited(limited.seconds)
        self._record(method, given, answer)
        if fault is not None and fault.kind == "drop_after":
            return drop(request)
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._workspace.scopes))}
        return web.json_response(answer, headers=headers)

    def _answer(self, method: str, token: str, arguments: Arguments) -> Json:
        try:
            run = METHODS.get(method)
            if run is None:
                raise Refusal("unknown_method", req_method=method)
            self._admit(method, token)
            self._check_rate(method, arguments)
            return {"ok": True, **run(self._workspace, arguments)}
        except RateLimited:
            raise
        except Refusal as refusal:
            return refusal.answer()

    def _check_rate(self, method: str, arguments: Arguments) -> None:
        """A person's id and the direct messages with them are one channel."""
        channel = str(arguments.get("channel", ""))
        person = self._workspace.people.get(channel)
        if person is not None:
            channel = person.dm.id
        self._workspace.limiter.check(method, channel)

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

    def _record(self, method: str, given: Json, answer: Json | None) -> None:
        self._workspace.record(method, given, answer)


def _token(request: web.Request, in_body: object) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ").strip() or str(in_body or "")
