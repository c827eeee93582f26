"""Posting to the bot as Slack does, or as somebody who would like to be Slack."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx

from bot import http
from bot.sandbox.delivery.signed_http import signed_headers
from tests.harness_slack import Team

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def encoded(kind: str, payload: dict[str, Any]) -> tuple[bytes, str]:
    """The body and its type, as Slack encodes a payload of this kind."""
    if kind == "events_api":
        return json.dumps(payload).encode(), JSON
    if kind == "slash_commands":
        return urlencode(payload).encode(), FORM
    return urlencode({"payload": json.dumps(payload)}).encode(), FORM


async def post(
    team: Team, body: bytes, content_type: str = FORM, *, age: int = 0, signed: bytes | None = None
) -> httpx.Response:
    """Post this with a signature of that age, made for `signed` where that is another body.

    What the bot raises comes out here: nothing may crash.
    """
    at = int(time.time()) - age
    headers = signed_headers(team.workspace.signing_secret, body if signed is None else signed, at)
    transport = httpx.ASGITransport(http.build(team.bot))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        return await client.post(
            "/slack/events", content=body, headers={**headers, "Content-Type": content_type}
        )
