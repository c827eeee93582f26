"""Payloads by signed HTTP: none is read before its signature is checked.

Bolt would read a body before it checks who sent it, and takes a command with the word "payload" in
its text for a click. So both are done here, and Bolt is handed what was read.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import Response

from bot.incoming.bolt_app import Identity, asked
from bot.incoming.heard import Heard
from bot.quiet_log import OnceAMinute

log = logging.getLogger(__name__)
_refusals = log.getChild("refusals")
_refusals.addFilter(OnceAMinute())
_CLOSE = {"Connection": "close"}

LONGEST = 2**20
"""Bytes of the largest payload read: many times what our largest form comes to."""
BODY_SECONDS = 3.0
"""How long a body may take to arrive. Slack: it waits 3 seconds for the answer."""
AT_ONCE = 32
"""Bodies held before it is known who sent them; with LONGEST, the memory they can take."""


class SignedRequests:
    """Answers requests to `/slack/events`."""

    def __init__(
        self, app: AsyncApp, signing_secret: str, identity: Identity, heard: Heard
    ) -> None:
        self._app, self._verifier = app, SignatureVerifier(signing_secret)
        self._identity, self._heard = identity, heard
        self._unsigned = asyncio.Semaphore(AT_ONCE)

    async def answer(self, request: Request) -> Response:
        """Bolt's answer to a payload; 401 without Slack's signature, 400 to 413 for others.

        503 as long as we do not know who we are at Slack. Slack looks now and then, without a
        signature, whether the address is still there (`ssl_check`): it expects an empty 200.
        """
        if request.method != "POST":
            checked = request.query_params.get("ssl_check") == "1"
            return Response(status_code=200 if checked else 405)
        try:
            async with asyncio.timeout(BODY_SECONDS), self._unsigned:
                body = await _body(request)
        except TimeoutError:
            return Response(status_code=408, headers=_CLOSE)
        if body is None:
            return Response(status_code=413, headers=_CLOSE)
        if not self._is_signed(body, request.headers):
            if _is_ssl_check(body):
                return Response()
            self._heard.refused_signatures += 1
            _refusals.warning("a request without Slack's signature was refused")
            return Response(status_code=401)
        self._heard.note()
        if not self._identity.is_known:
            return Response(status_code=503)
        try:
            payload = read(body, request.headers.get("content-type", ""))
            # What listeners raise, Bolt handles.
            answer = await self._app.async_dispatch(asked(payload))
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


def _is_ssl_check(body: bytes) -> bool:
    return body.startswith(b"ssl_check=1") or b"&ssl_check=1" in body[:1000]


async def _body(request: Request) -> bytes | None:
    """The whole body; None when it is, or says that it is, too long to be Slack's."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > LONGEST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return None
    return bytes(body)
