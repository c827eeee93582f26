"""The people and the request the tests tell their stories with."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.domain.access import Roster
from store.domain.request import Category, Environment, Request

ALICE = "UALICE"
"""Submits."""
BOB = "UBOB"
"""Reviews."""
CAROL = "UCAROL"
"""Reviews."""
ADA = "UADA"
"""Administers the workspace."""
MALLORY = "UMALLORY"
"""Has no role and must get nowhere."""

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""A Friday, 11:00 in Manila."""
ROSTER = Roster(admins=frozenset({ADA}), reviewers=frozenset({BOB, CAROL}))
SAMPLE = Path(__file__).parent / "data" / "requests.sample.jsonl"


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
