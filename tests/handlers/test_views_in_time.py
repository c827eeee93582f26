"""A view that Slack refuses is drawn plainly in what is left of the time, not in as much again."""

import asyncio
import time
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers import views
from store.requests.read import Seen
from tests.cast import request


def refusal() -> SlackApiError:
    """Slack's answer to a view with a logo it cannot fetch."""
    answer = AsyncSlackResponse(
        client=AsyncWebClient(),
        http_verb="POST",
        api_url="views.open",
        req_args={},
        data={"ok": False, "error": "invalid_blocks"},
        headers={},
        status_code=200,
    )
    return SlackApiError("refused", answer)  # type: ignore[no-untyped-call]  # slack_sdk is


def work_for(seconds: float) -> None:
    """Keep the loop busy, as drawing a very long request does; no timeout ends that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@pytest.mark.parametrize(
    ("limit", "first_takes", "drawn"),
    [
        (60.0, 0.0, True),  # refused at once: there is time to draw it plainly
        (0.5, 0.6, False),  # refused too late: the second drawing gets no time of its own
    ],
)
async def test_both_drawings_share_one_deadline(
    monkeypatch: pytest.MonkeyPatch, limit: float, first_takes: float, drawn: bool
) -> None:
    monkeypatch.setattr(views, "VIEW_SECONDS", limit)
    asked: list[Any] = []

    async def show(*, view: Any) -> None:
        asked.append(view)
        if len(asked) == 1:
            work_for(first_takes)
            raise refusal()
        answered = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, answered.set)
        await answered.wait()

    seen = Seen(request(), frozenset(), {})
    assert await views.show_details(show, seen) is drawn
    assert len(asked) == 2
