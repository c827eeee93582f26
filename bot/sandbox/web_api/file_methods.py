"""files.*: the three steps of an upload, and downloads."""

from typing import Any

from aiohttp import web

from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.workspace_state import WorkspaceState
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.chat_methods import destination
from bot.sandbox.web_api.fault_answers import drop, early_answer

Json = dict[str, Any]


def upload_url(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """files.getUploadURLExternal: where to send the bytes; `length` in bytes."""
    length = arguments.whole("length", 0)
    if length < 1:
        raise Refusal("invalid_arguments")
    file = workspace.files.expect(arguments.text("filename"), length)
    return {"upload_url": f"{workspace.root_url}upload/{file.key}", "file_id": file.id}


def complete(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """files.completeUploadExternal: share what was uploaded, with an optional comment."""
    listed = arguments.structure("files")
    if not isinstance(listed, list) or not all(isinstance(file, dict) for file in listed):
        raise Refusal("invalid_arguments")
    channels = arguments.names("channels")  # of these, some may be people
    if channel := arguments.optional("channel_id"):
        if channel.startswith(("U", "W")):
            raise Refusal("channel_not_found")
        channels = [channel]
    places = [destination(workspace, channel) for channel in channels]
    files = [workspace.files.complete(str(f.get("id")), f.get("title")) for f in listed]
    shown = [file.to_slack(f"{workspace.root_url}files/{file.id}/{file.name}") for file in files]
    comment = {"text": arguments.optional("initial_comment") or ""}
    if thread := arguments.optional("thread_ts"):
        comment["thread_ts"] = thread
    for place in places:
        message = workspace.post(place, comment, files=shown)
        message.text = comment["text"]
    return {"files": shown}


class FileTransfer:
    """Answers `/upload/<key>` and `/files/<id>/<name>`."""

    def __init__(self, workspace: WorkspaceState) -> None:
        self._workspace = workspace

    async def upload(self, request: web.Request) -> web.Response:
        """The second step: the bytes as the raw body or as one part of a form."""
        content = await _bytes(request)
        fault = self._workspace.faults.take("upload_url")
        early = await early_answer(fault, request) if fault else None
        if early is not None:
            return early
        try:
            self._workspace.files.receive(request.match_info["key"], content)
        except Refusal as refusal:
            return web.Response(status=400, text=refusal.code)
        if fault is not None and fault.kind == "drop_after":
            return drop(request)
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """`url_private`: the bytes, for the bot token only."""
        if request.headers.get("Authorization") != f"Bearer {self._workspace.bot_token}":
            raise web.HTTPForbidden
        try:
            return web.Response(body=self._workspace.files.content(request.match_info["file_id"]))
        except LookupError:
            raise web.HTTPNotFound from None


async def _bytes(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""
