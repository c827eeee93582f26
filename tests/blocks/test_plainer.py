"""What is drawn more plainly each time Slack refuses it, by whatever way Slack counts."""

import json
from typing import Any

import pytest

from blocks import home, notices, paging, plainer, request_card, request_list
from blocks.message import Message
from bot.sandbox.limits import message_problems, view_problems
from bot.sandbox.limits.whole import objects
from store.domain.lists.query import ListQuery, Page, Scope
from store.domain.request import Category, Status
from tests.cast import NOW, PEOPLE, request
from tests.harness_blocks import HOSTILE, hostile, in_status, messages

COUNTS = {
    "bytes": lambda text: "x" * len(text.encode()),
    "UTF-16": lambda text: "x" * (len(text.encode("utf-16-le")) // 2),
    "JSON": lambda text: "x" * len(json.dumps(text)[1:-1]),
}
"""Each text as long as that way of counting has it."""
LOGO = {"logo": "https://static.example.com/logo.png"}
REASON = "请说明隐私政策中的联系人。" * 77
"""A thousand Chinese characters are 3,000 bytes."""


def counted(value: Any, by: str) -> Any:
    """The payload with every text as long as it is counted."""
    if isinstance(value, list):
        return [counted(each, by) for each in value]
    if not isinstance(value, dict):
        return value
    drawn = {name: counted(each, by) for name, each in value.items()}
    if value.get("type") in ("mrkdwn", "plain_text"):
        drawn["text"] = COUNTS[by](value["text"])
    return drawn


def clipped(message: Message) -> Message:
    *_, second, _words = plainer.messages(message, "")
    return second


@pytest.mark.parametrize("by", COUNTS)
@pytest.mark.parametrize("kind", ["chinese", "emoji", "entities", "long", "arabic"])
def test_clipped_it_fits_by_every_way_of_counting(kind: str, by: str) -> None:
    reason = (HOSTILE[kind] * 9)[:2000]
    shown = in_status(
        Status.REJECTED, **hostile(Category.RELEASE, HOSTILE[kind]), decision_reason=reason
    )
    for message in messages(shown):
        blocks = {"text": "-", "blocks": counted(clipped(message).payload()["blocks"], by)}
        assert message_problems(blocks) == []


def test_a_reason_of_a_thousand_chinese_characters_is_clipped_to_a_third() -> None:
    rejected = in_status(Status.REJECTED, decision_reason=REASON)
    told = notices.outcome(rejected, PEOPLE)
    (reason,) = [t["text"] for t in objects(clipped(told).payload()) if "隐私" in t.get("text", "")]
    assert 990 <= len(reason.encode()) <= 1000
    assert reason.endswith("…")


def test_what_is_short_stays_as_it_is() -> None:
    card = request_card.build(request(), PEOPLE)
    assert clipped(card).payload()["blocks"] == card.payload()["blocks"]


def test_the_picture_goes_first() -> None:
    pictured = request_card.build(request(details=LOGO), PEOPLE)
    bare, *rest = plainer.messages(pictured, "")
    assert not any("image_url" in found for found in objects(bare.payload()))
    assert len(bare.blocks) == len(pictured.blocks)
    assert len(rest) == len(list(plainer.messages(request_card.build(request(), PEOPLE), ""))) == 2


def test_at_last_the_words_stand_alone_and_say_how_to_go_on() -> None:
    card = request_card.build(request(), PEOPLE)
    *_, words = plainer.messages(card, "Type `/mp-requests show MP-128` to see all of it.")
    assert words.payload() == {
        "text": f"{card.text}\nType `/mp-requests show MP-128` to see all of it.",
        "blocks": [],  # said, or Slack would leave the buttons where they are
    }


@pytest.mark.parametrize("ahead", range(150, 160))
def test_no_mention_or_date_is_cut_in_two(ahead: int) -> None:
    said = "小" * ahead + " <!date^1795140840^{date_short_pretty} at {time}|2026-11-20 UTC>" * 40
    section = clipped(notices.plain(said)).payload()["blocks"][0]["text"]["text"]
    assert 800 < len(section.encode()) <= 1000
    assert section.count("<") == section.count(">")


@pytest.mark.parametrize("by", COUNTS)
def test_a_list_and_a_home_fit_together(by: str) -> None:
    rows = tuple(
        request(id=n, **hostile(Category.RELEASE, HOSTILE["chinese"])) for n in range(10, 20)
    )
    page, query = Page(rows, 37, 10), ListQuery(Scope.ALL)
    shown = clipped(request_list.build(query, page, PEOPLE, now=NOW)).payload()
    assert message_problems({"text": "-", "blocks": counted(shown["blocks"], by)}) == []
    opening = paging.opening(Scope.MINE)
    view = home.build(home.Shown(opening, page, PEOPLE, (Scope.MINE,), {}), now=NOW)
    *_, drawn = plainer.views(view)
    assert view_problems(counted(drawn, by)) == []


@pytest.mark.parametrize("by", COUNTS)
def test_what_is_not_tried_twice_fits_at_once(by: str) -> None:
    said = [f"MP-{number}: {HOSTILE['chinese'][:300]}" for number in range(10)]
    blocks = plainer.message_at_once(notices.answers(said).payload()["blocks"])
    assert message_problems({"text": "-", "blocks": counted(blocks, by)}) == []
    assert [each["text"]["text"][:5] for each in blocks] == [f"MP-{n}:" for n in range(10)]

    view = plainer.view_at_once(notices.answers_view("Approving", [REASON * 2, "A word."]))
    assert view_problems(counted(view, by)) == []
    assert view["blocks"][-1]["text"]["text"] == "A word."
