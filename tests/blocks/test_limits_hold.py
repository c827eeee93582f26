"""Whatever was submitted, Slack takes every message and modal, and nothing in it misleads."""

import re
from dataclasses import replace
from typing import Any

import pytest

from blocks import notices, undelivered
from blocks.buttons import ALL_ACTIONS
from bot.sandbox.limits import message_problems, view_problems
from bot.sandbox.limits.whole import objects
from store.domain.questions import TEXT_LIMIT
from store.domain.request import Category, Status
from tests.harness_blocks import HOSTILE, hostile, in_status, messages, of_category, views

pytestmark = pytest.mark.slow


def mrkdwn_texts(payload: dict[str, Any]) -> list[str]:
    return [found["text"] for found in objects(payload) if found.get("type") == "mrkdwn"]


EVERY_STANDING = [(category, status) for category in Category for status in Status]


@pytest.mark.parametrize(("category", "status"), EVERY_STANDING)
def test_ordinary_requests_fit(category: Category, status: Status) -> None:
    shown = in_status(status, **of_category(category))
    assert [p for m in messages(shown) for p in message_problems(m.payload())] == []
    assert [p for v in views(shown) for p in view_problems(v.to_dict())] == []


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("status", [Status.UNDER_REVIEW, Status.REJECTED])
def test_hostile_requests_fit(category: Category, status: Status, kind: str) -> None:
    reason = {"decision_reason": HOSTILE[kind][:2000]} if status is Status.REJECTED else {}
    shown = in_status(status, **hostile(category, HOSTILE[kind]), **reason)
    assert [p for m in messages(shown) for p in message_problems(m.payload())] == []
    assert [p for v in views(shown) for p in view_problems(v.to_dict())] == []


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_a_person_wrote_can_mention_or_link(kind: str) -> None:
    shown = in_status(Status.REJECTED, **hostile(Category.RELEASE, HOSTILE[kind]))
    for message in messages(shown):
        for sent in [message.text, *mrkdwn_texts(message.payload())]:
            assert not set(re.findall(r"<(.{1,5})", sent)) - {"!date"}


@pytest.mark.parametrize("status", Status)
def test_every_button_has_a_known_name(status: Status) -> None:
    shown = in_status(status)
    drawn = [m.payload() for m in messages(shown)] + [v.to_dict() for v in views(shown)]
    found = {o["action_id"] for each in drawn for o in objects(each) if o.get("type") == "button"}
    assert found
    assert found <= set(ALL_ACTIONS)


def test_notices_fit() -> None:
    made = [
        notices.help([("stage MP-12 pilot", "word " * 40)] * 30),
        notices.plain("word " * 900),
        undelivered.build("the card", "UBOB", "x" * 999),
    ]
    assert [p for message in made for p in message_problems(message.payload())] == []
    shown = [notices.notice_view("t" * 99, "word " * 900)]
    assert [p for view in shown for p in view_problems(view.to_dict())] == []


ADDRESS = "https://jira.example.com/browse/MP-1?a=1&b=2"
LINKED = {
    "chinese": f"请看测试报告{ADDRESS}，谢谢。小程序发布请求，" * 50,
    "addresses": f"{ADDRESS}\n" * 66,
    "longest": f"https://a.example/{'&x' * 330} then https://a.example/{'x' * 900}",
}


@pytest.mark.parametrize("kind", LINKED)
@pytest.mark.parametrize("status", [Status.UNDER_REVIEW, Status.REJECTED])
def test_texts_full_of_links_fit_and_no_link_is_cut(status: Status, kind: str) -> None:
    said = LINKED[kind][:TEXT_LIMIT]
    shown = in_status(status, **hostile(Category.RELEASE, said), link_hosts=None)
    shown = replace(shown, decision_reason=said)
    assert [p for m in messages(shown) for p in message_problems(m.payload())] == []
    assert [p for v in views(shown) for p in view_problems(v.to_dict())] == []
    drawn = [m.payload() for m in messages(shown)] + [v.to_dict() for v in views(shown)]
    texts = [text for each in drawn for text in mrkdwn_texts(each)]
    whole = [re.sub(r"<https://[^\s|<>]+\|[^<>]+>", "", text) for text in texts]
    assert whole != texts
    assert not [text for text in whole if "<https" in text]
