"""Pictures of people and of the sample's mini programs, drawn when asked for."""

import hashlib
from html import escape

from aiohttp import web

from bot.sandbox.state.workspace_state import WorkspaceState

SIZES = (24, 32, 48, 72, 192, 512)

_DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">'
    '<rect width="72" height="72" rx="12" fill="hsl({hue} 45% 42%)"/>'
    '<text x="36" y="46" font-family="sans-serif" font-size="28" fill="white" '
    'text-anchor="middle">{initials}</text></svg>'
)


_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">'
    '<rect width="72" height="72" rx="16" fill="hsl({hue} 55% 38%)"/>'
    '<path d="M20 16h32v40l-8-5-8 5-8-5-8 5z" fill="white"/>'
    '<path d="M27 27h18M27 36h18" stroke="hsl({hue} 55% 38%)" stroke-width="4"/></svg>'
)


async def logo(request: web.Request) -> web.Response:
    """Answers `/logos/<mini program id>`: the sample's addresses are on no server."""
    hue = int(request.match_info["program"]) * 47 % 360
    return web.Response(text=_LOGO.format(hue=hue), content_type="image/svg+xml")


class Avatars:
    """Answers `/avatars/<user id>`."""

    def __init__(self, workspace: WorkspaceState) -> None:
        self._workspace = workspace

    async def handle(self, request: web.Request) -> web.Response:
        """The same picture for the same person every time."""
        person = self._workspace.people.get(request.match_info["user_id"])
        if person is None:
            raise web.HTTPNotFound
        initials = "".join(word[0] for word in person.real_name.split()[:2])
        hue = hashlib.sha256(person.handle.encode()).digest()[0] * 360 // 256
        drawing = _DRAWING.format(hue=hue, initials=escape(initials))
        return web.Response(text=drawing, content_type="image/svg+xml")
