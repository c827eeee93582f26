"""One message a reviewer: who is greeted, what waits, the oldest first, and how much more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from blocks import digest
from store.domain.request import Category, Environment, Person, Request
from tests.cast import BOB, NOW, PEOPLE, request
from tests.harness_blocks import words


def waiting(number: int, **ago: int) -> Request:
    return request(id=number, created_at=NOW - timedelta(**ago))


def test_the_oldest_comes_first_with_how_long_it_waited() -> None:
    offline = replace(
        waiting(101, days=2), category=Category.OFFLINE, title="Take Kape Rewards offline"
    )
    sandbox = replace(waiting(128, hours=3), environment=Environment.SANDBOX)
    made = digest.build(PEOPLE[BOB], [sandbox, offline], 3, PEOPLE, now=NOW)
    assert words(made).splitlines() == [
        "Good morning, Bob. 3 requests wait for you, the oldest for 2 days.",
        "🟠 MP-101 Take Kape Rewards offline",
        "Production · Mini Program Offline · by Alice · 2 days",
        "[ View ]",
        "🧪 MP-128 Release Bills Pay 3.2.4",
        "Sandbox · Mini Program Release · by Alice · 3 hours",
        "[ View ]",
        "and 1 more",
        "[ Open My Approvals ]",
    ]
    assert made.text == "Good morning, Bob. 3 requests wait for you, the oldest for 2 days."


@pytest.mark.parametrize(
    ("hour", "zone", "greeting"),
    [
        (1, "Asia/Manila", "Good morning, Bob."),
        (4, "Asia/Manila", "Good afternoon, Bob."),
        (1, "America/New_York", "Good evening, Bob."),
        (13, "Nowhere/Land", "Good afternoon, Bob."),
        (13, "../etc", "Good afternoon, Bob."),
    ],
)
def test_the_greeting_follows_the_reviewers_clock(hour: int, zone: str, greeting: str) -> None:
    now = datetime(2026, 11, 20, hour, tzinfo=UTC)
    made = digest.build(Person(BOB, "Bob", timezone=zone), [request()], 1, PEOPLE, now=now)
    assert made.text.startswith(greeting)


@pytest.mark.parametrize(
    ("ago", "total", "said"),
    [
        ({"hours": 26}, 1, "1 request has waited for you for 1 day."),
        ({"seconds": 5}, 1, "1 new request waits for you."),
        ({"seconds": 5}, 2, "2 new requests wait for you."),
        ({"hours": 5}, 1204, "1,204 requests wait for you, the oldest for 5 hours."),
    ],
)
def test_the_count_reads_like_a_sentence(ago: dict[str, int], total: int, said: str) -> None:
    made = digest.reminder(PEOPLE[BOB], [waiting(1, **ago)], total, PEOPLE, now=NOW)
    assert made.text == f"⏰ Bob, a reminder: {said}"


def test_ten_are_shown_and_the_rest_is_counted() -> None:
    many = [waiting(number, hours=number) for number in range(1, 31)]
    said = words(digest.build(PEOPLE[BOB], many, 1204, PEOPLE, now=NOW))
    assert said.count("[ View ]") == 10
    assert "MP-30 " in said
    assert "MP-20 " not in said
    assert "and 1,194 more" in said


def test_a_digest_with_nothing_in_it_says_so() -> None:
    assert "Nothing waits for you." in words(digest.build(PEOPLE[BOB], [], 0, PEOPLE, now=NOW))
