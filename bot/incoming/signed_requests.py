"""Payloads by signed HTTP: none is read before its signature is checked.

Bolt would read a body before it checks who sent it, and takes a command with the word "payload" in
its text for a click. So both are done here, and Bolt is handed what was read.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import Response

log = logging.getLogger(__name__)

LONGEST = 4 * 2**20
"""Bytes of the largest payload read. Slack: a modal of 100 inputs of 3000 characters, escaped."""


class SignedRequests:
    """Answers requests to `/slack/events`."""

    def __init__(self, app: AsyncApp, signing_secret: str) -> None:
        self._app, self._verifier = app, SignatureVerifier(signing_secret)

    async def answer(self, request: Request) -> Response:
        """Bolt's answer to a payload of Slack. 401 without its signature, 413 or 400 for others."""
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        if not self._is_signed(body, request.headers):
            return Response(status_code=401)
        try:
            payload = read(body, request.headers.get("content-type", ""))
            # Verified above; Bolt takes what was read elsewhere as it does with Socket Mode.
            asked = AsyncBoltRequest(body=payload, mode="socket_mode")
            answer = await self._app.async_dispatch(asked)  # what listeners raise, Bolt handles
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            log.warning("a payload could not be read: %s", type(error).__name__)
            return Response(status_code=400)
        return to_starlette_response(answer)

    def _is_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Signed by Slack within the last five minutes."""
        try:
            return self._verifier.is_valid_request(body, dict(headers))
        except (ValueError, TypeError):  # a timestamp that is no number, a body that is no text
            return False


def read(body: bytes, content_type: str) -> dict[str, Any]:
    """A payload as Slack sends it: events are JSON, clicks a form of one field, commands of many.

    Raises ValueError for anything else, RecursionError for what is nested without an end.
    """
    text = body.decode()
    if content_type.startswith("application/json"):
        payload = json.loads(text)
    else:
        fields = dict(parse_qsl(text, keep_blank_values=True))
        is_click = "payload" in fields and "command" not in fields
        payload = json.loads(fields["payload"]) if is_click else fields
    if not isinstance(payload, dict):
        raise ValueError("a payload is an object")
    return payload


async def _body(request: Request) -> bytes | None:
    """The whole body; None when it is too long to be Slack's."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return None
    return bytes(body)
