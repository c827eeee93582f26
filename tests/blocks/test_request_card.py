"""The card says first what is asked and where; after the end it shrinks to how it ended."""

from datetime import UTC, datetime

import pytest

from blocks import request_card
from blocks.message import FALLBACK_LIMIT
from bot.sandbox.limits.whole import objects
from store.domain.evidence import Evidence, Exhibit
from store.domain.lifecycle import Act
from store.domain.request import Audience, Environment, ReleaseStage, Request, Status
from tests.cast import NOW, PEOPLE, request
from tests.harness_blocks import HOSTILE, ended, words

FACTS = """\
Release Bills Pay 3.2.4  ·  🟠 Production
Wallet PH · language fil · 1 feature: Scan 1.8 · whitelist 1 domain
MP-128 · Alice · Today at 10:14 AM · Mini Program Release · 2171020092715498 · \
Under Review · waiting for Bob or Carol
"""
ENDED = "Release Bills Pay 3.2.4 · 🟠 Production · MP-128"


def card(shown: Request, **given: bool) -> str:
    return words(request_card.build(shown, PEOPLE, **given))


def test_a_waiting_card_reads_from_what_is_asked_to_the_buttons() -> None:
    assert card(request()) == FACTS + "▸[ Approve ]\n![ Reject ]\n[ Ask ]\n[ Details ]"


def test_a_title_that_names_no_version_leaves_that_to_the_next_line() -> None:
    said = card(request(title="The autumn update")).splitlines()[1]
    assert said.startswith("Bills Pay · 3.2.4 · Wallet PH · ")


def test_an_approved_card_says_in_two_lines_how_it_ended() -> None:
    assert card(ended(Status.APPROVED)).splitlines() == [
        "✅ This request is approved. Bob, Today at 10:00 AM",
        ENDED,
        "[ Details ]",
    ]


def test_a_moved_release_says_its_stage_on_the_card() -> None:
    shown = ended(Status.APPROVED, release_stage=ReleaseStage.PILOT, moved_at=NOW)
    assert f"{ENDED} · Pilot Testing" in card(shown)


def test_a_rejected_card_says_why() -> None:
    assert card(ended(Status.REJECTED)).splitlines() == [
        "⛔ Rejected by Bob, Today at 10:00 AM · Personal data and privacy violations",
        ENDED,
        "[ Details ]",
        "┃ The privacy text names no contact.",
    ]


def test_of_a_long_reason_the_card_has_the_beginning() -> None:
    long = ended(Status.REJECTED, decision_reason="Name a contact. " * 100)
    (quoted,) = [part for part in card(long).splitlines() if part.startswith("┃")]
    assert 250 < len(quoted) <= 300
    assert quoted.endswith("…")


def test_a_withdrawn_card_names_the_submitter() -> None:
    assert card(ended(Status.WITHDRAWN)).startswith("↩️ Withdrawn by Alice, Today at 10:00 AM\n")


def test_sandbox_has_another_mark_and_the_word() -> None:
    assert "  ·  🧪 Sandbox\n" in card(request(environment=Environment.SANDBOX))


def test_who_may_not_decide_sees_no_decision_buttons() -> None:
    said = card(request(), may_decide=False)
    assert said.endswith("\n[ Details ]")
    assert "Approve" not in said


def test_what_else_may_be_done_is_in_one_menu_with_the_details_first() -> None:
    shown = request(on_platform="https://platform.example/7")
    able = {Act.SEE, Act.APPROVE, Act.TEST, Act.HAND, Act.EMERGENCY}
    row = request_card.build(shown, PEOPLE, acts=able).payload()["blocks"][-1]["elements"]
    assert [each.get("text", {}).get("text") for each in row] == ["Approve", "Reject", "Ask", None]
    entries = [each["text"]["text"] for each in row[-1]["options"]]
    assert entries == ["Details", "I'm on it", "Hand to…", "Emergency…", "Open on the platform"]
    assert [each.get("url") for each in row[-1]["options"]] == [None] * 4 + [shown.on_platform]

    only = words(request_card.build(shown, PEOPLE, may_decide=False, may_ask=False))
    assert only.endswith("\n[ Details ]\n[ Open on the platform ]↗")


def test_approve_asks_what_it_would_do() -> None:
    sent = request_card.build(request(), PEOPLE).payload()
    (confirm,) = (found["confirm"] for found in objects(sent) if "deny" in found.get("confirm", {}))
    assert confirm["title"]["text"] == "Approve for Production?"
    assert confirm["text"]["text"] == (
        "Release Bills Pay 3.2.4. It goes to Production: Wallet PH. This cannot be undone here."
    )
    assert confirm["confirm"]["text"] == "Approve"


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        (Audience.REVIEWER, "Alice asks you to approve Release Bills Pay 3.2.4 (Production)"),
        (Audience.CHANNEL, "Alice asks for approval of Release Bills Pay 3.2.4 (Production)"),
    ],
)
def test_the_notification_names_what_is_asked(audience: Audience, said: str) -> None:
    assert request_card.build(request(), PEOPLE, audience=audience).text == said


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.APPROVED, "Bob approved Release Bills Pay 3.2.4 (Production)"),
        (Status.REJECTED, "Bob rejected Release Bills Pay 3.2.4 (Production)"),
        (Status.WITHDRAWN, "Alice withdrew Release Bills Pay 3.2.4 (Production)"),
    ],
)
def test_after_the_end_the_notification_says_how_it_ended(status: Status, said: str) -> None:
    assert request_card.build(ended(status), PEOPLE).text == said


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_notification_stays_short(kind: str) -> None:
    shown = request(title=HOSTILE[kind])
    assert 0 < len(request_card.build(shown, PEOPLE).text) <= FALLBACK_LIMIT


def test_a_receipt_offers_the_way_back_only_while_there_is_one() -> None:
    waiting = words(request_card.receipt(request(), PEOPLE))
    sent = "📨 Submitted. MP-128 is under review and is waiting for Bob or Carol.\n"
    assert waiting.startswith(sent)
    assert waiting.endswith("\n[ Withdraw ]\n[ Details ]")
    over = words(request_card.receipt(ended(Status.APPROVED), PEOPLE))
    assert over.startswith("✅ This request is approved. Bob")
    assert "Withdraw" not in over


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://static.example.com/logo.png", True),
        ("http://static.example.com/logo.png", False),  # Slack fetches by https alone
        ("javascript:alert(1)", False),
        ("https://localhost/logo.png", False),  # nothing that Slack could reach
        ("https://[broken/logo.png", False),  # urlsplit() raises on it
        ("https://static.example.com/a b.png", False),
        ("https://static.example.com/" + "a" * 3000, False),  # longer than Slack takes
        (7, False),  # details may hold anything
    ],
)
def test_only_a_logo_that_slack_could_fetch_is_drawn(address: object, shown: bool) -> None:
    payload = request_card.build(request(details={"logo": address}), PEOPLE).payload()
    assert any("image_url" in found for found in objects(payload)) is shown


def test_a_request_with_nothing_but_the_essentials_still_reads() -> None:
    bare = request(
        version=None, details={}, reviewers=(), created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    said = card(bare)
    assert said.startswith("Release Bills Pay 3.2.4  ·  🟠 Production\nMP-128 · Alice · ")
    assert "waiting" not in said


def test_who_may_not_see_it_any_more_is_led_nowhere() -> None:
    exhibits = (Exhibit("Test report", "https://jira.example.com/browse/QA-7"),)
    shown = request(evidence=Evidence(exhibits, "https://preview.example.com"), link_hosts=None)
    assert "Open preview" in words(request_card.build(shown, PEOPLE))
    left = words(request_card.taken_away(shown, PEOPLE))
    assert "Open preview" not in left
    assert "Test report" not in left
