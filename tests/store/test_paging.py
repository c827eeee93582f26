"""Paging through a list, there and back, in every order, against a plain sorted list."""

import random
from datetime import timedelta
from typing import Any

import pytest

from store.domain.lists.cursor import decode_cursor, encode_cursor
from store.domain.lists.filter_names import of_what_is_open
from store.domain.lists.query import PAGE_SIZE, Cursor, Filter, ListQuery, Page, Scope, Sort
from store.engine.database import Database
from tests.cast import NOW
from tests.store.bulk_rows import insert_rows, numbers, page_of, request_row

Row = dict[str, Any]
SIZES = {"U1": 1, "U10": PAGE_SIZE, "U11": PAGE_SIZE + 1, "U30": 3 * PAGE_SIZE}
"""How many requests each submitter has: lists that end on, before and after a page's end."""


def row(number: int, submitter: str) -> Row:
    """Created in threes at one moment; two in three completed, many at one moment."""
    facts = {"submitted_by": submitter, "created_at": NOW + timedelta(hours=number // 3)}
    if number % 3 == 0:
        return request_row(number, **facts)
    ended = NOW + timedelta(days=30, hours=number * 7 % 11 // 5)
    return request_row(number, **facts, status="approved", completed_on=ended)


@pytest.fixture
async def rows(db: Database) -> list[Row]:
    """The shelf of these stories, its submitters' requests mixed."""
    submitters = sorted(user for user, size in SIZES.items() for _ in range(size))
    mixed = random.Random(7).sample(submitters, len(submitters))
    made = [row(number, user) for number, user in enumerate(mixed, start=1)]
    await insert_rows(db, made)
    return made


def in_order(rows: list[Row], sort: Sort) -> list[int]:
    """What Python's own sort makes of it: ties by id in the same direction, no completion last."""
    column = sort.column
    if column == "due_at":
        rows = [r for r in rows if r["status"] == "under_review"]
    dated = sorted(((r[column], r["id"]) for r in rows if r[column]), reverse=sort.descending)
    undated = sorted((r["id"] for r in rows if not r[column]), reverse=sort.descending)
    return [number for _, number in dated] + undated


async def forward(db: Database, query: ListQuery) -> list[Page]:
    """Every page from the first to the last."""
    pages = [await page_of(db, query)]
    while cursor := pages[-1].next:
        pages.append(await page_of(db, query.at(mark(cursor))))
    return pages


async def back(db: Database, query: ListQuery, last: Page) -> list[Page]:
    """The pages before the last, the nearest first."""
    pages = [last]
    while cursor := pages[-1].previous:
        pages.append(await page_of(db, query.at(mark(cursor))))
    return pages[1:]


def mark(cursor: Cursor) -> Cursor:
    """The cursor as it comes back from a button."""
    found = decode_cursor(encode_cursor(cursor))
    assert found
    return found


@pytest.mark.parametrize("sort", Sort)
async def test_there_and_back_every_request_is_met_once_and_in_order(
    db: Database, rows: list[Row], sort: Sort
) -> None:
    for chosen in [[user] for user in SIZES] + [list(SIZES)]:
        wanted = of_what_is_open(Filter(submitters=tuple(chosen)), sort)
        query = ListQuery(Scope.ALL, wanted, sort)
        expected = in_order([r for r in rows if r["submitted_by"] in chosen], sort)
        there = await forward(db, query)
        assert [number for page in there for number in numbers(page)] == expected
        assert [page.first for page in there] == list(
            range(1, max(1, len(expected)) + 1, PAGE_SIZE)
        )
        again = await back(db, query, there[-1])
        assert [(p.first, numbers(p)) for p in again] == [
            (p.first, numbers(p)) for p in there[-2::-1]
        ]


async def test_what_is_submitted_meanwhile_moves_nothing_under_the_reader(
    db: Database, rows: list[Row]
) -> None:
    newest = in_order(rows, Sort.NEWEST)
    first = await page_of(db, ListQuery(Scope.ALL))
    await insert_rows(db, [request_row(number) for number in (100, 101, 102)])
    assert first.next
    second = await page_of(db, ListQuery(Scope.ALL, cursor=first.next))
    assert numbers(second) == newest[PAGE_SIZE : 2 * PAGE_SIZE]
    assert second.previous
    again = await page_of(db, ListQuery(Scope.ALL, cursor=second.previous))
    assert (numbers(again), again.next is None) == (numbers(first), False)


async def test_the_beginning_is_always_shown_as_a_whole_page(db: Database) -> None:
    await insert_rows(db, [request_row(number) for number in range(1, 15)])
    short = Cursor(at=NOW + timedelta(hours=12), id=12, backwards=True, first=1)
    page = await page_of(db, ListQuery(Scope.ALL, cursor=short))
    assert (numbers(page), page.first) == ([*range(14, 4, -1)], 1)


async def test_a_page_whose_requests_are_gone_is_empty_and_keeps_its_totals(
    db: Database, rows: list[Row]
) -> None:
    end = Cursor(at=NOW - timedelta(days=1), id=1, first=53)
    page = await page_of(db, ListQuery(Scope.ALL, cursor=end))
    assert (page.requests, page.previous, page.next) == ((), None, None)
    assert (page.total, page.under_review) == (
        len(rows),
        len([r for r in rows if r["id"] % 3 == 0]),
    )
