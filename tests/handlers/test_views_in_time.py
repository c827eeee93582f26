"""A view that Slack refuses is drawn plainly in what is left of the time, not in as much again."""

import asyncio
import time
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers import views
from store.domain.request import Status
from store.requests.read import Seen
from tests.cast import request
from tests.harness_blocks import ended


def refusal(*messages: str) -> SlackApiError:
    """Slack's answer to a view with a logo it cannot fetch, or what else it says."""
    answer = AsyncSlackResponse(
        client=AsyncWebClient(),
        http_verb="POST",
        api_url="views.open",
        req_args={},
        data={
            "ok": False,
            "error": "invalid_blocks",
            "response_metadata": {"messages": list(messages)},
        },
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


REJECTED = ended(Status.REJECTED, decision_reason="请说明隐私政策" * 285)


def types(view: View | dict[str, Any]) -> list[str]:
    blocks = (view.to_dict() if isinstance(view, View) else view)["blocks"]
    return [block["type"] for block in blocks]


async def test_an_alert_slack_refused_once_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "_refused_blocks", set())
    asked: list[list[str]] = []

    async def show(*, view: View | dict[str, Any]) -> None:
        asked.append(types(view))
        if "alert" in asked[-1]:
            raise refusal("[ERROR] unsupported type: alert [json-pointer:/view/blocks/0/type]")

    for _ in range(2):
        assert await views.show_details(show, Seen(REJECTED, frozenset(), {}))
    assert [("alert" in each) for each in asked] == [True, False, False]


async def test_another_refusal_says_nothing_of_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_refused_blocks", set())
    asked: list[list[str]] = []

    async def show(*, view: View | dict[str, Any]) -> None:
        asked.append(types(view))
        if len(asked) == 1:
            raise refusal("[ERROR] failed to fetch image [json-pointer:/view/blocks/1/accessory]")

    for _ in range(2):
        assert await views.show_details(show, Seen(REJECTED, frozenset(), {}))
    assert [("alert" in each) for each in asked] == [True, False, True]


async def test_details_slack_counts_as_too_long_are_clipped() -> None:
    """Two thousand Chinese characters are 6,000 bytes."""
    asked: list[View | dict[str, Any]] = []

    async def show(*, view: View | dict[str, Any]) -> None:
        asked.append(view)
        blocks = (view.to_dict() if isinstance(view, View) else view)["blocks"]
        texts = [block["text"]["text"] for block in blocks if "text" in block]
        if any(len(text.encode()) > 3000 for text in texts):
            raise refusal()

    assert await views.show_details(show, Seen(REJECTED, frozenset(), {}))
    assert len(asked) == 3
