"""The addresses the workspace serves, one route each."""

from aiohttp import web

from bot.sandbox.delivery.installed_workspace import InstalledWorkspace
from bot.sandbox.web_api.avatars import Avatars
from bot.sandbox.web_api.file_methods import FileTransfer
from bot.sandbox.web_api.methods import WebApi
from bot.sandbox.web_api.responses import Responses

# A generous bound: the largest export of a real installation is well below it.
_LARGEST_BODY = 256 * 1024 * 1024


def routes(workspace: InstalledWorkspace) -> web.Application:
    """The web application of a workspace."""
    transfer = FileTransfer(workspace)
    app = web.Application(client_max_size=_LARGEST_BODY)
    app.router.add_route("*", "/api/{method}", WebApi(workspace).handle)
    app.router.add_get("/link/", workspace.socket_mode.handle)
    app.router.add_post("/response/{key}", Responses(workspace).handle)
    app.router.add_post("/upload/{key}", transfer.upload)
    app.router.add_get("/avatars/{user_id}", Avatars(workspace).handle)
    app.router.add_get("/files/{file_id}/{name}", transfer.download)
    return app
