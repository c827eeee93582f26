"""The people and the request that all tests tell of: their names, ids and e-mail addresses."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypedDict

from bot.sandbox import SAMPLE
from store.domain.access import Roster, Rules
from store.domain.request import Category, Environment, Person, Request

NAMES = {
    "alice": "Alice Santos",  # submits
    "bob": "Bob Reyes",  # reviews
    "carol": "Carol Tan",  # reviews
    "ada": "Ada Cruz",  # administers the workspace
    "mallory": "Mallory Gray",  # has no role and must get nowhere
    "dan": "Dan Lim",  # submits, where one is too few
    "erin": "Erin Garcia",  # submits as well
    "fay": "Fay Ocampo",  # submits in the crowd of the soak
    "gil": "Gil Navarro",  # reviews in the crowd of the soak
}
"""Everybody's handle and real name; the product's demo has the first seven too."""
TEAM = ("alice", "bob", "carol", "ada", "mallory")
"""Who is at their Slack in every story."""


def user_id(handle: str) -> str:
    """Their id where there is no Slack; the sandbox gives ids of its own."""
    return f"U{handle.upper()}"


class Profile(TypedDict):
    """What `Workspace.add_person` takes."""

    handle: str
    real_name: str
    email: str


def profile(handle: str) -> Profile:
    """One of them, for a sandbox: `workspace.add_person(**profile("bob"))`.

    The e-mail addresses are those of the sample requests.
    """
    return {"handle": handle, "real_name": NAMES[handle], "email": f"{handle}@example.com"}


ALICE, BOB, CAROL, ADA, MALLORY = map(user_id, TEAM)
PEOPLE = {
    ALICE: Person(ALICE, "Alice", timezone="Asia/Manila"),
    BOB: Person(BOB, "Bob", timezone="Asia/Manila"),
    CAROL: Person(CAROL, "Carol", timezone="Europe/Berlin"),
    ADA: Person(ADA, "Ada"),
}
"""As the store knows them, by first names; mallory is a stranger to it."""

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""A Friday, 11:00 in Manila."""
RULES = Rules(Roster(admins=frozenset({ADA}), reviewers=frozenset({BOB, CAROL})))


def sample() -> list[dict[str, Any]]:
    """The sample requests in the interchange format, one fresh object each."""
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def sample_of(category: Category) -> dict[str, Any]:
    """The first sample request of a category."""
    return next(found for found in sample() if found["category"] == category.value)


def request(**changes: Any) -> Request:
    """Alice's release of Bills Pay, waiting for Bob and Carol, with whatever the story changes."""
    return replace(_BILLS_PAY, **changes)


_BILLS_PAY = Request(
    id=128,
    revision=1,
    external_id="apply-000128",
    category=Category.RELEASE,
    title="Release Bills Pay 3.2.4",
    mini_program_id="2171020092715498",
    mini_program_name="Bills Pay",
    environment=Environment.PRODUCTION,
    version="3.2.4",
    submitted_by=ALICE,
    created_at=datetime(2026, 11, 20, 2, 14, tzinfo=UTC),
    details={
        "name": "Bills Pay",
        "tagline": "Pay 300+ billers in one tap",
        "type": "DSL",
        "version": "3.2.4",
        "target_app": "Wallet PH",
        "language": "fil",
        "features": [{"name": "Scan", "version": "1.8", "description": "Scan a QR or bar code"}],
        "whitelist": ["api.example.com"],
    },
    reviewers=(BOB, CAROL),
)
