"""One message a reviewer: who is greeted, what is overdue, what is new, and how much more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blocks import digest
from blocks.digest import Part
from blocks.message import Message
from store.domain.request import Category, Environment, Person, Request
from tests.cast import BOB, NOW, PEOPLE, request
from tests.harness_blocks import words

NOTHING = Part()


def waiting(number: int, **ago: int) -> Request:
    return request(id=number, created_at=NOW - timedelta(**ago))


def morning(overdue: Part, new: Part, total: int, **given: Any) -> Message:
    asked = {"reviewer": PEOPLE[BOB], "since": NOW - timedelta(days=1), "now": NOW, **given}
    return digest.build(overdue=overdue, new=new, total=total, people=PEOPLE, **asked)


def test_it_reads_from_how_much_to_what() -> None:
    offline = replace(
        waiting(101, days=9), category=Category.OFFLINE, title="Take Kape Rewards offline"
    )
    sandbox = replace(waiting(128, hours=3), environment=Environment.SANDBOX, attempt=2)
    made = morning(Part([offline], 53), Part([sandbox], 1), 55)
    assert words(made).splitlines() == [
        "Good morning, Bob. 55 requests are waiting for you · 53 overdue",
        "▸[ Start reviewing ]",
        "[ Open My Approvals ]",
        "Overdue",
        "🟠 Take Kape Rewards offline · Production · Alice · 9 days",
        "[ Review ]",
        "and 52 more",
        "New since yesterday",
        "🧪 Release Bills Pay 3.2.4 · Sandbox · 2nd attempt · Alice · 3 hours",
        "[ Review ]",
    ]
    assert made.text == "Good morning, Bob. 55 requests are waiting for you · 53 overdue"


def test_what_is_neither_overdue_nor_new_is_counted() -> None:
    assert words(morning(NOTHING, NOTHING, 1)).splitlines()[0] == (
        "Good morning, Bob. 1 request is waiting for you"
    )


def test_after_a_weekend_it_names_the_day_of_the_last_one() -> None:
    said = words(morning(NOTHING, Part([request()], 1), 1, since=NOW - timedelta(days=3)))
    assert "New since Tuesday" in said


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
    bob = Person(BOB, "Bob Reyes", timezone=zone)
    assert morning(NOTHING, NOTHING, 1, reviewer=bob, now=now).text.startswith(greeting)


def test_five_of_a_part_are_shown_the_oldest_first_and_the_rest_is_counted() -> None:
    many = [replace(waiting(n, hours=n), title=f"Release {n}") for n in range(1, 31)]
    said = words(morning(Part(many, 1204), Part(many, 30), 1300))
    assert said.count("[ Review ]") == 10
    assert "Release 30 " in said
    assert "Release 25 " not in said
    assert "and 1,199 more" in said
    assert "and 25 more" in said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 more request is still waiting for you"),
        (3, "3 more requests are still waiting for you"),
    ],
)
def test_a_reminder_says_what_has_become_overdue(count: int, said: str) -> None:
    made = digest.reminder(PEOPLE[BOB], Part([waiting(1, days=1)], count), PEOPLE, now=NOW)
    assert made.text == f"⏰ Bob, {said}"
    assert "▸[ Start reviewing ]" in words(made)
