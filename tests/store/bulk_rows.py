"""Requests put straight on the shelf, many at a time, for the stories about lists."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import insert

from store.domain.lists.query import ListQuery, Page, searchable
from store.domain.request import Category, Environment
from store.engine.database import Database
from store.lists import listing
from store.tables import AssignmentRow, RequestRow
from tests.cast import ALICE, BOB, NOW
from tests.harness_store import POLICY


def request_row(number: int, **changes: Any) -> dict[str, Any]:
    """A row: Alice's request for Bills Pay, an hour younger than the one before it."""
    created = NOW + timedelta(hours=number)
    row: dict[str, Any] = {
        "id": number,
        "external_id": f"shelf-{number}",
        "category": Category.RELEASE.value,
        "title": f"Request {number}",
        "mini_program_id": "2171020092715498",
        "mini_program_name": "Bills Pay",
        "environment": Environment.PRODUCTION.value,
        "version": "1.0.0",
        "submitted_by": ALICE,
        "created_at": created,
        "status": "under_review",
        "completed_on": None,
        "revision": 1,
        "stage": 1,
        "details": {},
        "remind_at": created + timedelta(hours=24),
        "due_at": created + timedelta(hours=24),
    } | changes
    found_by = searchable(row["mini_program_name"], row["mini_program_id"])
    return row | {"search_text": found_by}


async def insert_rows(
    db: Database, rows: Sequence[dict[str, Any]], reviewers: Iterable[str] = (BOB,)
) -> None:
    """Store these rows, each assigned to these reviewers."""
    assigned = [_assigned(row, reviewer) for row in rows for reviewer in reviewers]
    async with db.transaction() as session:
        await session.exec(insert(RequestRow), params=rows)
        if assigned:
            await session.exec(insert(AssignmentRow), params=assigned)


def _assigned(row: dict[str, Any], reviewer: str) -> dict[str, Any]:
    repeated = ("stage", "created_at", "remind_at", "due_at", "status", "completed_on")
    known = {key: row[key] for key in repeated}
    waits = row["status"] == "under_review"
    return {"request_id": row["id"], "reviewer": reviewer, "waits": waits, **known}


async def page_of(db: Database, query: ListQuery, asker: str = BOB) -> Page:
    """The page as this person sees it."""
    return (await listing.listing(db, query, asker=asker, policy=POLICY)).page


def numbers(page: Page) -> list[int]:
    """Which requests are on a page, in its order."""
    return [request.id for request in page.requests]
