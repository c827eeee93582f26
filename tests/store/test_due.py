"""When a request is due: one meaning of overdue, in lists, queues, digests and figures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store import figures
from store.domain.lists.filter_names import of_what_is_open
from store.domain.lists.query import PAGE_SIZE, Due, Filter, ListQuery, Scope, Sort
from store.domain.lists.queue import Queue
from store.domain.policy import Policy
from store.domain.request import Status
from store.engine.database import Database
from store.lists import listing
from store.requests.apply_policy import apply_policy
from store.requests.queue import upcoming
from store.tables import AssignmentRow
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import accepted, findings, submit, vote
from tests.store.bulk_rows import insert_rows, numbers, request_row

DAN = "UDAN"
LATER = NOW + timedelta(days=7)
OVERDUE = Filter(statuses=(Status.UNDER_REVIEW,), due=(Due.OVERDUE,))


def policy(target_hours: int | None = None, of_rule: int | None = None) -> Policy:
    """Carol, then Dan decide what is for Production; Bob the rest."""
    workspace = f"target_hours = {target_hours}" if target_hours else ""
    rule = f"target_hours = {of_rule}" if of_rule else ""
    return Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        reviewers = ["{BOB}"]
        remind_after_hours = 24
        {workspace}
        [[rules]]
        name = "Production"
        environment = ["production"]
        {rule}
        stages = [
          {{name = "Product", reviewers = ["{CAROL}"]}},
          {{name = "Compliance", reviewers = ["{DAN}"]}},
        ]
    """)


async def listed(
    db: Database, query: ListQuery, asker: str = BOB, *, now: datetime, by: Policy | None = None
) -> list[int]:
    found = await listing.listing(db, query, asker=asker, policy=by or policy(), now=now)
    return numbers(found.page)


async def test_the_rules_hours_go_before_the_workspaces_and_those_before_reminders(
    db: Database,
) -> None:
    friday_noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    monday = datetime(2026, 11, 23, tzinfo=UTC)  # Saturday and Sunday do not count
    for given, due in (
        (policy(target_hours=8, of_rule=4), friday_noon + timedelta(hours=4)),
        (policy(target_hours=8), friday_noon + timedelta(hours=8)),
        (policy(), monday + timedelta(hours=12)),
    ):
        request = await submit(db, policy=given, created_at=friday_noon.isoformat())
        assert request.due_at == due
        assert await findings(db, request) == ()


async def test_it_stays_due_when_its_stage_opens_and_reminders_begin_anew(db: Database) -> None:
    by = policy(of_rule=4)
    request = await submit(db, policy=by)
    opened = accepted(await vote(db, request, CAROL, policy=by))
    assert opened.stage == 2
    assert opened.due_at == request.due_at
    async with db.snapshot() as session:
        mine = await session.get_one(AssignmentRow, (request.id, 2, DAN))
    assert (mine.due_at, mine.remind_at) == (request.due_at, opened.remind_at)


async def test_another_policy_moves_what_is_due_with_all_that_repeats_it(db: Database) -> None:
    request = await submit(db, policy=policy())
    assert await apply_policy(db, policy(of_rule=4), actor="operator", now=NOW) == 1
    async with db.snapshot() as session:
        mine = await session.get_one(AssignmentRow, (request.id, 1, CAROL))
    assert mine.due_at == NOW + timedelta(hours=4)
    assert await findings(db, request) == ()


@pytest.fixture
async def shelf(db: Database) -> list[dict[str, Any]]:
    """Due in another order than submitted, in twos at one moment; every fourth has ended."""
    rows = []
    for number in range(1, 41):
        changes: dict[str, Any] = {"due_at": NOW + timedelta(hours=number * 7 % 20 // 2)}
        changes["submitted_by"] = ALICE if number % 3 else MALLORY
        if number % 4 == 0:
            changes |= {"status": "approved", "completed_on": NOW, "decided_by": BOB}
        rows.append(request_row(number, **changes))
    await insert_rows(db, rows)
    return rows


async def walked(db: Database, query: ListQuery, asker: str, now: datetime) -> list[int]:
    """Page by page to the end, and the same back."""
    found, pages = [], []
    cursor = None
    while True:
        listed = await listing.listing(db, query.at(cursor), asker=asker, policy=policy(), now=now)
        pages.append(listed.page)
        found += numbers(listed.page)
        if not (cursor := listed.page.next):
            break
    assert all(page.total == len(found) for page in pages)
    if len(pages) > 1:
        before = query.at(pages[1].previous)
        again = await listing.listing(db, before, asker=asker, policy=policy(), now=now)
        assert numbers(again.page) == found[:PAGE_SIZE]
    return found


@pytest.mark.parametrize("sort", [Sort.DUE_FIRST, Sort.DUE_LAST])
@pytest.mark.parametrize(
    ("scope", "asker"),
    [(Scope.ALL, BOB), (Scope.APPROVALS, BOB), (Scope.MINE, ALICE), (Scope.ALL, MALLORY)],
)
async def test_lists_go_by_what_is_due_for_everybody_page_by_page(
    db: Database, shelf: list[dict[str, Any]], scope: Scope, asker: str, sort: Sort
) -> None:
    seen = [row for row in shelf if asker in (BOB, row["submitted_by"])]
    for wanted in (Filter(), Filter(due=(Due.OVERDUE,))):
        moment = NOW + timedelta(hours=5)
        expected = [
            (row["due_at"], row["id"])
            for row in seen
            if row["status"] == "under_review" and (not wanted.due or row["due_at"] <= moment)
        ]
        query = ListQuery(scope, of_what_is_open(wanted, sort), sort)
        in_order = [id_ for _, id_ in sorted(expected, reverse=sort.descending)]
        assert await walked(db, query, asker, moment) == in_order


async def test_overdue_is_the_same_in_lists_figures_queues_and_the_digest(db: Database) -> None:
    """Long since reminded of, one is due later; the other the other way round."""
    young = request_row(1, due_at=NOW, remind_at=LATER)
    old = request_row(2, due_at=LATER, remind_at=NOW)
    await insert_rows(db, [young, old])
    moment = NOW + timedelta(hours=1)

    assert await listed(db, ListQuery(Scope.ALL, OVERDUE), now=moment) == [1]
    assert await listed(db, ListQuery(Scope.APPROVALS, OVERDUE), now=moment) == [1]
    assert await listed(db, ListQuery(Scope.ALL, OVERDUE), now=NOW - timedelta(1)) == []
    async with db.snapshot() as session:
        assert await figures.waiting(session, now=moment) == figures.Waiting(2, 1)
        (morning,) = await listing.mornings(session, [BOB], 5, moment, moment)
    assert ([each.id for each in morning.overdue], morning.total) == ([1], 2)
    queue = Queue(ListQuery(Scope.APPROVALS), started=moment)
    first = await upcoming(db, queue, asker=BOB, policy=policy(), now=moment)
    assert first.seen
    assert first.seen.request.id == 1
    assert first.queue.place
    assert not first.queue.place.rank & 2, "what is not overdue adds 2"
