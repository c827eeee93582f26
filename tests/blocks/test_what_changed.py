"""The details say in full what is different from the last release and from the try before."""

import pytest
from slack_sdk.models.views import View

from blocks import what_changed
from bot.sandbox import screen
from bot.sandbox.limits import view_problems
from store.domain.request import Category, Predecessor, Request, Status
from tests.cast import NOW, request
from tests.harness_blocks import HOSTILE, hostile

EARLIER = {
    **request().details,
    "version": "3.2.3",
    "tagline": "Pay bills",
    "features": [{"name": "Pay", "version": "1.0"}],
    "whitelist": ["old.example.com"],
}
BASE = Predecessor(100, Category.RELEASE, "3.2.3", Status.APPROVED, NOW, details=EARLIER)


def said(shown: Request) -> list[str]:
    """What the parts say, a line each."""
    blocks = [block.to_dict() for block in what_changed.build(shown)]
    return screen.text(blocks).splitlines()


def test_a_first_release_is_compared_with_nothing() -> None:
    assert said(request()) == []


def test_a_release_is_compared_with_the_last_one_on_its_target() -> None:
    assert said(request(base=BASE)) == [
        "What changed since 3.2.3 (MP-100)",
        *("Tagline", "− Pay bills", "+ Pay 300+ billers in one tap"),
        *("Version", "− 3.2.3", "+ 3.2.4"),
        *("Whitelist", "− old.example.com", "+ api.example.com"),
        *("Feature Scan", "+ 1.8 · Scan a QR or bar code"),
        *("Feature Pay", "− 1.0"),
    ]


def test_a_further_try_is_compared_with_the_one_before() -> None:
    same = Predecessor(110, Category.RELEASE, "3.2.4", Status.REJECTED, details=request().details)
    assert said(request(predecessor=same, attempt=2)) == [
        "What changed since MP-110, the attempt before",
        "Nothing was changed.",
    ]


def test_only_a_release_is_compared_with_a_release() -> None:
    assert said(request(category=Category.OFFLINE, base=BASE)) == []


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_changes_fit(kind: str) -> None:
    text = HOSTILE[kind][:400]
    shown = request(base=BASE, predecessor=BASE, **hostile(Category.RELEASE, text))
    blocks = list(what_changed.build(shown))[:100]
    view = View(type="home", blocks=blocks)
    assert view_problems(view.to_dict()) == []
