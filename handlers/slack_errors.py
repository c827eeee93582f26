"""How a failed call to Slack is read: in one place, for handlers and for everything in `bot`."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError


def body_of(error: SlackApiError) -> Mapping[str, Any]:
    """Slack's JSON answer; empty where the answer was not JSON (a proxy's page, a cut body)."""
    body = getattr(error.response, "data", None)  # not JSON: text, or aiohttp's own response
    return body if isinstance(body, dict) else {}


def code_of(error: Exception) -> str:
    """Slack's error code, else the kind of failure. Safe to log: never a text with a secret."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    return str(body_of(error).get("error", "no answer"))
