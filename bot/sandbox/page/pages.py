"""The addresses of the page: who looks where, what they do, what they download."""

import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.page import inspector
from bot.sandbox.page.acts import ACTS
from bot.sandbox.page.drawing import draw
from bot.sandbox.page.live import Live
from bot.sandbox.page.parts import Look, context, parts
from bot.sandbox.page.site import Site
from bot.sandbox.web_api.avatars import Avatars, logo

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
STATIC = Path(__file__).parent / "static"


def routes(site: Site) -> list[web.RouteDef | web.StaticDef]:
    """One route each."""
    pages = Pages(site)
    return [
        web.get("/", pages.front),
        web.get("/as/{handle}/{place}", pages.show),
        web.get("/as/{handle}/{place}/live", pages.live),
        web.post("/as/{handle}/{place}/{act}", pages.act),
        web.get("/as/{handle}/{place}/files/{file_id}/{name}", pages.download),
        web.get("/payloads/{key}", pages.payload),
        web.get("/avatars/{user_id}", Avatars(site.workspace).handle),
        web.get(r"/logos/{program:\d{1,32}}", logo),
        web.static("/static", STATIC),
    ]


class Pages:
    """The handlers of the addresses."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def front(self, _request: web.Request) -> web.StreamResponse:
        """The first person's direct messages with the bot."""
        first = self._site.members()[0]
        raise web.HTTPFound(f"/as/{first.handle}/{first.dm.id}")

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The whole page."""
        look = self._look(request)
        html = draw("page.html", look.names, **context(look), parts=parts(look))
        return web.Response(text=html, content_type="text/html")

    async def live(self, request: web.Request) -> web.StreamResponse:
        """What changes from now on."""
        return await Live(self._look(request)).run(request)

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Something the person does. The answer has the sentence to show, if any, and the revision
        from which on the page shows what came of it."""
        look = self._look(request)
        act = ACTS.get(request.match_info["act"])
        if act is None or request.content_type != "application/json":
            raise web.HTTPNotFound
        given = await request.json()
        try:
            warning = await act(look, given)
        except (LookupError, ValueError) as refused:
            log.info("%s cannot %s: %s", look.person.handle, request.match_info["act"], refused)
            warning = _sentence(refused)
        view_id = given.get("view")
        if view_id in {view.id for view in look.person.views}:
            # The modal shows the sentence itself: it covers the page where others appear.
            self._site.errors.setdefault(view_id, {})[""] = warning or ""
            warning = None
        self._site.workspace.changed()
        revision = self._site.workspace.changes.revision
        return web.json_response({"warning": warning, "revision": revision})

    async def download(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file that was shared where the person is."""
        look, file_id = self._look(request), request.match_info["file_id"]
        seen = {
            file["id"] for message in look.person.sees(look.conversation) for file in message.files
        }
        if file_id not in seen:
            raise web.HTTPNotFound
        name = quote(request.match_info["name"])
        return web.Response(
            body=look.site.workspace.files.content(file_id),
            content_type="application/octet-stream",
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )

    async def payload(self, request: web.Request) -> web.StreamResponse:
        """One payload of the inspector."""
        try:
            found = inspector.find(self._site, request.match_info["key"])
        except LookupError:
            raise web.HTTPNotFound from None
        return web.Response(text=found)

    def _look(self, request: web.Request) -> Look:
        """Who looks where, or 404."""
        given = request.query
        try:
            person = self._site.workspace.person(request.match_info["handle"])
            place = request.match_info["place"]
            look = Look(self._site, person, place, given.get("thread", ""), "all" in given)
            person.require_active()
            assert look.conversation
        except LookupError as unknown:
            raise web.HTTPNotFound(text=str(unknown)) from None
        return look


def _sentence(refused: Exception) -> str:
    """The first line; the rest lists what there is, which is for the log."""
    if isinstance(refused, json.JSONDecodeError | KeyError):
        return "The page sent something it should not have: please reload it."
    said = str(refused).partition("\n")[0]
    return f"{said[:1].upper()}{said[1:].rstrip('.:')}."
