"""Keeps one browser up to date: server-sent events with the parts that differ from what it has.

Each event names the revision of the workspace it was drawn from, so that the page can tell whether
it shows what came of an act (`pages.Pages.act`).
"""

import asyncio
import contextlib
import json

from aiohttp import web

from bot.sandbox.page.parts import Look, parts

GATHER_SECONDS = 0.05
"""Changes within this time are sent together: an import is not sixty redrawings."""
REDRAW_SECONDS = 15.0
"""Redraw this often without a change: the time moves on, and a closed browser is noticed."""


class Live:
    """One browser's stream."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._has: dict[str, str] = {}

    async def run(self, request: web.Request) -> web.StreamResponse:
        """Until the browser leaves or the workspace stops. Begins with every part, since some may
        have changed after the page was drawn."""
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        response.headers["Cache-Control"] = "no-store"
        await response.prepare(request)
        changes = self._look.site.workspace.changes
        try:
            while True:
                changed = changes.next()
                await response.write(self._event())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REDRAW_SECONDS):
                        await changed.wait()
                await asyncio.sleep(GATHER_SECONDS)
        except ConnectionResetError:
            return response

    def _event(self) -> bytes:
        now = parts(self._look)
        differ = {name: html for name, html in now.items() if self._has.get(name) != html}
        self._has = now
        state = {"revision": self._look.site.workspace.changes.revision, "parts": differ}
        return f"data: {json.dumps(state)}\n\n".encode()
