"""Payloads as signed HTTP requests to the app's request URL.

The signature covers the raw body and the real time, because the app compares it with its own
clock (Slack: version v0, HMAC-SHA256 over `v0:timestamp:body`).
"""

import asyncio
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.delivery.acks import Ack, Json, PayloadKind, Retry

_FORM = "application/x-www-form-urlencoded"


def signed_headers(signing_secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The two headers by which an app knows that Slack is calling; `timestamp` in seconds."""
    base = b"v0:%d:%s" % (timestamp, body)
    digest = hmac.new(signing_secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


class SignedHttp:
    """Calls one request URL for interactions, commands and events alike."""

    def __init__(self, session: aiohttp.ClientSession, url: str, signing_secret: str) -> None:
        self._session = session
        self._url = url
        self._signing_secret = signing_secret

    async def send(
        self, kind: PayloadKind, payload: Json, *, within: float, retry: Retry | None = None
    ) -> Ack:
        """Post once; anything but a 2xx answer in time is no ack."""
        body, content_type = _encoded(kind, payload)
        headers = signed_headers(self._signing_secret, body, int(time.time()))
        headers["Content-Type"] = content_type
        if retry:
            headers["X-Slack-Retry-Num"] = str(retry.number)
            headers["X-Slack-Retry-Reason"] = retry.reason
        started = time.monotonic()
        try:
            async with asyncio.timeout(within):
                return await self._post(body, headers, started)
        except TimeoutError:
            return Ack(acked=False, took=time.monotonic() - started, reason="http_timeout")
        except aiohttp.ClientError:
            return Ack(acked=False, took=time.monotonic() - started, reason="connection_failed")

    async def _post(self, body: bytes, headers: dict[str, str], started: float) -> Ack:
        async with self._session.post(self._url, data=body, headers=headers) as response:
            text = await response.text()
            took = time.monotonic() - started
            no_retry = response.headers.get("X-Slack-No-Retry") == "1"
            if not 200 <= response.status < 300:
                return Ack(False, response.status, None, took, "http_error", no_retry)
            answer = _decoded(text, response.content_type)
            return Ack(True, response.status, answer, took, no_retry=no_retry)


def _encoded(kind: PayloadKind, payload: Json) -> tuple[bytes, str]:
    """Interactions travel as one form field, commands as many, events as JSON."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields).encode(), _FORM


def _decoded(text: str, content_type: str) -> Json | None:
    if not text.strip():
        return None
    if content_type != "application/json":
        return {"text": text}
    try:
        answer = json.loads(text)
    except ValueError:
        return {"text": text}
    return answer if isinstance(answer, dict) and answer else None
