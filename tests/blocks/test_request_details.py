"""The modal shows the decision first, then all that was submitted, then the process and the act."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.models.views import View

from blocks import request_details
from blocks.buttons import RequestRound
from blocks.request_details import BYTES_LIMIT
from bot.sandbox.limits import view_problems
from bot.sandbox.limits.whole import json_size, objects
from store.domain.lifecycle import Act
from store.domain.request import Category, Request, Status
from tests.cast import PEOPLE, request
from tests.harness_blocks import HOSTILE, ended, hostile, of_category, words


def buttons_of(view: View) -> list[Any]:
    return [o for o in objects(view.to_dict()) if o.get("type") == "button"]


NO_ACTS: frozenset[Act] = frozenset()
DECIDES = frozenset({Act.SEE, Act.APPROVE, Act.REJECT})


def test_a_waiting_request_is_read_from_top_to_bottom() -> None:
    assert words(request_details.build(request(), PEOPLE, DECIDES)).splitlines() == [
        "MP-128 · Bills Pay",
        "Release Bills Pay 3.2.4  ·  🟠 Production",
        "Bills Pay (2171020092715498) · version 3.2.4 · Wallet PH",
        "MP-128 · Mini Program Release",
        *("▸[ Approve ]", "![ Reject ]"),
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
        *("▸[ Approve ]", "![ Reject ]"),
        "○  Release Preparation",
        "○  Pilot Testing",
        "○  Grayscale Release",
        "○  Full Release",
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


def parts(shown: Request) -> Iterator[View]:
    """Every window of a request, by pressing Next part until there is none."""
    part = 1
    while part:
        view = request_details.build(shown, PEOPLE, DECIDES, part=part)
        yield view
        ways = {o["action_id"]: o["value"] for o in buttons_of(view)}
        found = request_details.parse_part(ways.get("details.part.next", ""))
        part = found[0] if found else 0


def test_what_is_longer_than_a_window_goes_on_in_its_parts() -> None:
    names = [f"feature-{number:03}" for number in range(100)]
    features = [{"name": name, "description": "word " * 900} for name in names]
    drawn = list(parts(request(details={**request().details, "features": features})))

    said = [words(view) for view in drawn]
    assert len(drawn) > 5
    assert [name for name in names if sum(name in part for part in said) != 1] == []
    for number, (view, text) in enumerate(zip(drawn, said, strict=True), start=1):
        assert f"Part {number} of {len(drawn)}" in text
        assert "🟠 Production" in text
        assert "▸[ Approve ]" in text
        assert json_size(view.to_dict()) < BYTES_LIMIT + 10_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_parts_of_a_hostile_request_fit(kind: str) -> None:
    shown = request(**hostile(Category.LAUNCH, HOSTILE[kind]))
    drawn = [request_details.build(shown, PEOPLE, DECIDES, part=part) for part in (2, 9999)]
    assert [p for view in drawn for p in view_problems(view.to_dict())] == []


def test_a_part_beyond_the_last_is_the_last() -> None:
    view = request_details.build(request(), PEOPLE, DECIDES, part=9)
    assert "MP-128" in words(view)
    assert "Part " not in words(view)


@pytest.mark.parametrize("value", ["", "1", "128:3", "x 128:3", "-1 128:3", "2 128", "2 128:3 "])
def test_a_tampered_part_is_none(value: str) -> None:
    assert request_details.parse_part(value) is None


def test_a_long_reason_is_quoted_whole() -> None:
    reason = " ".join(f"<{number}>" for number in range(280)) + "\nlast"
    view = request_details.build(ended(Status.REJECTED, decision_reason=reason), PEOPLE, NO_ACTS)
    said = words(view).replace("┃ ", "")
    assert [part for part in ("<0>", "<137>", "<138>", "<279>", "last") if part not in said] == []


def test_a_logo_is_shown_and_left_out_where_slack_cannot_fetch_it() -> None:
    shown = request(details={**request().details, "logo": "https://cdn.example.com/logo.png"})
    rich = request_details.build(shown, PEOPLE, NO_ACTS)
    plain = request_details.build(shown, PEOPLE, NO_ACTS, pictures=False)
    assert {"image"} == {o["type"] for o in objects(rich.to_dict()) if "image_url" in o}
    assert not [o for o in objects(plain.to_dict()) if "image_url" in o]


def test_without_the_alert_block_the_ending_is_said_all_the_same() -> None:
    shown = ended(Status.REJECTED)
    rich = request_details.build(shown, PEOPLE, NO_ACTS)
    plain = request_details.build(shown, PEOPLE, NO_ACTS, pictures=False)
    assert next(b.type for b in rich.blocks or ()) == "alert"
    assert "alert" not in [b.type for b in plain.blocks or ()]
    assert words(plain).splitlines()[1] in words(rich)


def test_the_view_remembers_what_was_seen() -> None:
    view = request_details.build(request(round=7), PEOPLE, DECIDES)
    assert RequestRound.parse(view.private_metadata or "") == RequestRound(128, 7)
    values = {o["value"] for o in buttons_of(view)}
    assert values == {"128:7"}
