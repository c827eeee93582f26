"""The modal shows the decision first, then all that was submitted, then the process and the act."""

import pytest

from blocks import request_details
from blocks.buttons import Target
from blocks.request_details import BYTES_LIMIT
from bot.sandbox.limits.whole import json_size, objects
from store.domain.lifecycle import Act
from store.domain.request import Category, Status
from tests.blocks.surfaces import PEOPLE, ended, hostile, of_category, words
from tests.cast import request

NO_ACTS: frozenset[Act] = frozenset()
DECIDES = frozenset({Act.SEE, Act.APPROVE, Act.REJECT})


def test_a_waiting_request_is_read_from_top_to_bottom() -> None:
    assert words(request_details.build(request(), PEOPLE, DECIDES)).splitlines() == [
        "MP-128",
        "🟠 Production · Mini Program Release · MP-128",
        "Release Bills Pay 3.2.4",
        "Bills Pay (2171020092715498) · version 3.2.4 · Wallet PH",
        "Request details",
        *("Requestor", "Alice"),
        *("Request creation time", "Today at 10:14 AM"),
        *("Current status", "⏳ Under Review"),
        *("Assigned reviewer", "Bob, Carol"),
        "Basic Information",
        *("Name", "Bills Pay"),
        *("Tagline", "Pay 300+ billers in one tap"),
        *("Type", "DSL"),
        *("Version", "3.2.4"),
        *("Target App", "Wallet PH"),
        *("Language", "fil"),
        "Additional details",
        *("Whitelist", "api.example.com"),
        "Features",
        *("Scan 1.8", "Scan a QR or bar code"),
        "Release Process Overview",
        "✓  New Version Created · Alice · Today at 10:14 AM",
        "➤  Under Review · waiting for Bob or Carol",
        "○  Release Preparation",
        "○  Pilot Testing",
        "○  Grayscale Release",
        "○  Full Release",
        *("▸[ Approve ]", "![ Reject ]"),
        "[ Close ]",
    ]


def test_an_approved_request_says_so_in_the_platforms_words() -> None:
    said = words(request_details.build(ended(Status.APPROVED), PEOPLE, DECIDES))
    assert "✅ This request is approved.\nBob · Today at 10:00 AM" in said
    assert "Completed On\nToday at 10:00 AM" in said
    assert "[ Approve ]" not in said


def test_a_rejected_request_quotes_its_reason_on_top() -> None:
    said = words(request_details.build(ended(Status.REJECTED), PEOPLE, NO_ACTS))
    assert said.index("┃ The privacy text names no contact.") < said.index("Request details")


def test_the_submitter_may_withdraw_from_here() -> None:
    said = words(request_details.build(request(), PEOPLE, frozenset({Act.WITHDRAW})))
    assert "[ Withdraw ]" in said
    assert "[ Approve ]" not in said


@pytest.mark.parametrize(
    ("category", "shown"),
    [
        (Category.RELEASE, ["Basic Information", "Additional details", "Keywords", "Tags"]),
        (Category.OFFLINE, ["Offline details", "Reason for Taking Offline", "Target App"]),
        (Category.LAUNCH, ["Features", "Admin", "Release Note", "Notifications 1.6"]),
        (Category.FEATURES, ["Feature information", "Scan 1.5 · Activated", "APIs: my.scan"]),
        (Category.OPTIMIZATION, ["SubPackage Setting", "Whole Package Size", "3.6 MB"]),
    ],
)
def test_each_category_has_the_platforms_sections(category: Category, shown: list[str]) -> None:
    lines = words(request_details.build(request(**of_category(category)), PEOPLE, NO_ACTS))
    assert [part for part in shown if part not in lines.splitlines()] == []


def test_a_text_of_five_thousand_characters_is_shown_whole() -> None:
    story = " ".join(str(number) for number in range(1100))
    long = request(details={**request().details, "description": story})
    said = words(request_details.build(long, PEOPLE, NO_ACTS)).replace("\n", " ")
    assert [n for n in story.split() if n not in said.split()] == []
    assert "Shortened here" not in said


def test_what_no_window_can_hold_is_cut_and_says_so() -> None:
    endless = request(**hostile(Category.RELEASE, "&" * 5000))
    view = request_details.build(endless, PEOPLE, DECIDES)
    assert "✂️ Shortened here" in words(view)
    assert "Release Process Overview" in words(view)
    assert json_size(view.to_dict()) < BYTES_LIMIT + 10_000


def test_the_view_remembers_what_was_seen() -> None:
    view = request_details.build(request(revision=7), PEOPLE, DECIDES)
    assert Target.parse(view.private_metadata or "") == Target(128, 7)
    values = {o["value"] for o in objects(view.to_dict()) if o.get("type") == "button"}
    assert values == {"128:7"}
