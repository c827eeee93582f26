"""How an answer of Slack is read when a call failed: here alone, for handlers and for `bot`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

PAGE = "a web page"
"""What stands as the error where a page came with status 200: a proxy's, or a network's login."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. No status: the connection broke, and `reached` says whether after sending.

    `error` is Slack's code, PAGE, or the kind of failure. `retry_after` is in seconds.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    reached: bool = True


def answer_of(error: Exception) -> Answer:
    """What a failure says. Only a connection that was never made cannot have reached Slack."""
    if not isinstance(error, SlackApiError):
        reached = not isinstance(error, aiohttp.ClientConnectorError)
        return Answer(error=type(error).__name__, reached=reached)
    response = error.response  # the SDK's; aiohttp's own where the body was cut off
    wait = wait_of(response.headers)
    body = getattr(response, "data", None)
    if isinstance(body, dict) and body:
        return Answer(response.status_code, body.get("error"), wait)
    status = int(getattr(response, "status_code", 200))
    if status == 200:
        # Text that was cut off: nobody knows what was done. A page: it was not Slack.
        is_page = str(response.headers.get("Content-Type", "")).startswith("text/html")
        return Answer(200, PAGE) if is_page else Answer(500)
    return Answer(status, retry_after=wait)


def code_of(error: Exception) -> str:
    """Slack's error code, else the kind of failure. Safe to log: never a text with a secret."""
    return str(answer_of(error).error or "no answer")


def wait_of(headers: Mapping[str, Any]) -> float | None:
    """Seconds that `Retry-After` asks for; None where it is missing or no whole number."""
    header = headers.get("Retry-After")
    text = header[0] if isinstance(header, list) else header
    return float(text) if text and str(text).isdigit() else None
