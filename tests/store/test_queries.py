"""The read path: what a list finds, who sees it, and what waits for whom."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from store import people
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.lists.query import COUNT_LIMIT, Days, Filter, ListQuery, Scope, Sort
from store.domain.request import Category, Environment, Person, Request, Status
from store.domain.submission import NAME_LIMIT
from store.engine.database import Database
from store.lists import listing
from store.lists.shape import shape_of
from store.requests import read
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import POLICY, submit, vote, withdraw
from tests.store.bulk_rows import insert_rows, numbers, page_of, request_row

DONE = {"status": "approved", "completed_on": NOW, "decided_by": BOB}
SHELF = [
    request_row(1),
    request_row(2, environment="sandbox"),
    request_row(3, category=Category.OFFLINE.value, **DONE),
    request_row(4, category=Category.LAUNCH.value, submitted_by=CAROL, **DONE),
    request_row(5, status="withdrawn", submitted_by=CAROL, environment="sandbox"),
    request_row(6, status="rejected", category=Category.OFFLINE.value, submitted_by=BOB),
]


async def found(db: Database, **chosen: Any) -> list[int]:
    return sorted(numbers(await page_of(db, ListQuery(Scope.ALL, Filter(**chosen)))))


async def test_every_filter_alone(db: Database) -> None:
    await insert_rows(db, SHELF)
    assert await found(db) == [1, 2, 3, 4, 5, 6]
    assert await found(db, statuses=(Status.APPROVED,)) == [3, 4]
    assert await found(db, statuses=(Status.WITHDRAWN, Status.REJECTED)) == [5, 6]
    assert await found(db, environments=(Environment.SANDBOX,)) == [2, 5]
    assert await found(db, categories=(Category.OFFLINE, Category.LAUNCH)) == [3, 4, 6]
    assert await found(db, submitters=(CAROL, BOB)) == [4, 5, 6]
    assert await found(db, submitters=(MALLORY,)) == []
    assert await found(db, words="mp-4") == [4]


async def test_days_are_whole_days_where_the_asker_is(db: Database) -> None:
    """Bob is in Manila, eight hours ahead of carol; ada's zone is the policy's."""
    last_of_october = datetime(2026, 10, 31, 15, 59, 59, 999_999, tzinfo=UTC)
    first_of_november = last_of_october + timedelta(microseconds=1)
    rows = [
        request_row(1, created_at=last_of_october),
        request_row(2, created_at=first_of_november, **DONE),
        request_row(3, created_at=first_of_november + timedelta(days=1), **DONE),
    ]
    rows[1]["completed_on"] = first_of_november + timedelta(hours=1)
    rows[2]["completed_on"] = first_of_november + timedelta(days=40)
    await insert_rows(db, rows)
    async with db.transaction() as session:
        met = [Person(BOB, "Bob", timezone="Asia/Manila"), Person(CAROL, "Carol", timezone="UTC")]
        await people.remember(session, met, now=NOW)

    async def given(asker: str, scope: Scope = Scope.ALL, **chosen: Days) -> list[int]:
        query = ListQuery(scope, Filter(**chosen), Sort.COMPLETED_FIRST)
        return numbers(await page_of(db, query, asker))

    october, november = (Days(date(2026, m, 1), date(2026, m, d)) for m, d in ((10, 31), (11, 30)))
    assert await given(BOB, created=october) == [1]
    assert await given(BOB, created=november) == [2, 3]
    assert await given(BOB, Scope.APPROVALS, created=november) == [2, 3]
    assert await given(BOB, completed=november) == [2]
    assert await given(BOB, completed=Days(last=date(2026, 11, 30))) == [2]
    assert await given(BOB, completed=Days(date(2026, 12, 1))) == [3]
    assert await given(BOB, created=november, completed=Days(date(2026, 12, 1))) == [3]
    assert await given(CAROL, created=october) == [2, 1]
    assert await given(CAROL, created=november) == [3]
    assert (POLICY.timezone, await given(ADA, created=october)) == ("Asia/Manila", [1])
    assert await given(MALLORY, created=november) == []


async def test_filters_narrow_each_other(db: Database) -> None:
    await insert_rows(db, SHELF)
    done = {"statuses": (Status.APPROVED, Status.REJECTED)}
    assert await found(db, **done) == [3, 4, 6]
    assert await found(db, **done, categories=(Category.OFFLINE,)) == [3, 6]
    assert await found(db, **done, categories=(Category.OFFLINE,), submitters=(BOB,)) == [6]
    assert await found(db, **done, words="bills", environments=(Environment.SANDBOX,)) == []


NAMES = {
    1: "Bills Pay",
    2: "BILLS PAY Pro",
    3: "50% Off_Now",
    4: "500 Offs Now",
    5: "Kape\\Rewards",
    6: "水电缴费",
    7: "ＦＵＬＬ ｗｉｄｔｈ",
    8: "Straße",
    9: "a/b",
    10: "Erin’s Name：Sub–Way Market",
}


FOUND = {
    "bills": [1, 2],
    "PAY bills": [1, 2],
    "bills pro": [2],
    "0%": [3],
    "f_n": [3],
    "e\\r": [5],
    "缴费": [6],
    "full WIDTH": [7],
    "ｆｕｌｌ": [7],
    "strasse": [8],
    "a/b": [9],
    "/": [9],
    "%": [3],
    "_": [3],
    "'": [10],
    "erin's": [10],
    "ERIN’S": [10],
    "erin`s": [10],
    "name:sub-way": [10],
    "Name：Sub": [10],
    "mar\u200bket": [10],
    "*ＭＰ－７*": [7],
    "(mp-7)": [7],
    "#7": [],
    "9" * 19: [],
    "2171": list(NAMES),
    "2171020092715403": [3],
    "2171020092715403 bills": [],
    "MP-7": [7],
    "mp7": [7],
    "mp-007": [7],
    "MP-7 full": [7],
    "MP-7 bills": [],
    "mp-0": [],
    "mp-" + "9" * 18: [],
    "mp-" + "9" * 30: [],
}
"""Words as typed, and whom they find. Each has to be in the name, in the id, or a reference."""


async def test_words_find_names_ids_and_references(db: Database) -> None:
    ids = {number: f"21710200927154{number:02}" for number in NAMES}
    named = [request_row(n, mini_program_name=NAMES[n], mini_program_id=ids[n]) for n in NAMES]
    await insert_rows(db, named)
    assert {words: await found(db, words=words) for words in FOUND} == FOUND


async def test_the_longest_name_is_found_by_its_end(db: Database) -> None:
    await submit(db, mini_program={"id": "1", "name": "名" * (NAME_LIMIT - 1) + "末"})
    assert len(await found(db, words="名末")) == 1


SEEN = {
    ALICE: ([1], [], [1]),
    BOB: ([2], [1, 3], [1, 2, 3]),
    CAROL: ([], [1, 2, 3], [1, 2, 3]),
    ADA: ([3], [], [1, 2, 3]),
    MALLORY: ([], [], []),
}
"""My Requests, My Approvals and all requests, when Alice, Bob and Ada have submitted one each."""


async def test_everybody_sees_what_is_theirs_to_see(db: Database) -> None:
    for submitter in (ALICE, BOB, ADA):
        await submit(db, submitted_by=submitter)
    for asker, lists in SEEN.items():
        pages = [await page_of(db, ListQuery(scope), asker) for scope in Scope]
        assert tuple(sorted(numbers(page)) for page in pages) == lists, asker


async def test_what_was_given_is_found_by_what_became_of_it(db: Database) -> None:
    first, second, third = [await submit(db) for _ in range(3)]
    await vote(db, second, BOB)
    await withdraw(db, first)

    async def given(*statuses: Status, sort: Sort = Sort.NEWEST) -> list[int]:
        query = ListQuery(Scope.APPROVALS, Filter(statuses=statuses), sort)
        return numbers(await page_of(db, query, CAROL))

    assert await given(Status.UNDER_REVIEW) == [third.id]
    assert await given(Status.APPROVED, Status.WITHDRAWN) == [second.id, first.id]
    completed = await given(sort=Sort.COMPLETED_FIRST)
    assert (set(completed[:2]), completed[2:]) == ({first.id, second.id}, [third.id])


async def test_no_filter_opens_what_mallory_may_not_see(db: Database) -> None:
    await insert_rows(db, SHELF)
    for wanted in (Filter(submitters=(ALICE,)), Filter(words="MP-1"), Filter(words="bills")):
        page = await page_of(db, ListQuery(Scope.ALL, wanted), MALLORY)
        assert (page.requests, page.total, page.under_review) == ((), 0, 0)


async def test_counts_stop_just_above_their_limit(db: Database) -> None:
    many = COUNT_LIMIT + 5
    await insert_rows(db, [request_row(n) for n in range(1, many + 1)], reviewers=())
    page = await page_of(db, ListQuery(Scope.ALL))
    assert (page.total, page.under_review) == (COUNT_LIMIT + 1, COUNT_LIMIT + 1)
    few = await page_of(db, ListQuery(Scope.ALL, Filter(words="MP-3")))
    assert (few.total, few.under_review) == (1, 1)


async def test_a_listing_names_the_people_on_its_page_and_in_its_filter(db: Database) -> None:
    await submit(db)
    everybody = [Person(user, user.title()) for user in (ALICE, BOB, ADA, MALLORY)]
    async with db.transaction() as session:
        await people.remember(session, everybody, now=NOW)
    query = ListQuery(Scope.ALL, Filter(submitters=(ALICE, MALLORY)))
    found = await listing.listing(db, query, asker=BOB, policy=POLICY)
    assert found.people.keys() == {ALICE, MALLORY}
    assert len(found.page.requests) == 1


async def test_what_waits_is_given_oldest_first_with_its_total(db: Database) -> None:
    old, young, decided = SHELF[0], SHELF[1], SHELF[2]
    await insert_rows(db, [young, decided, old])
    await insert_rows(db, [request_row(9, created_at=NOW - timedelta(days=3))], reviewers=(CAROL,))
    async with db.snapshot() as session:
        ((oldest, total),) = await listing.waiting_on_each(session, [BOB], 1)
        assert ([request.id for request in oldest], total) == ([1], 2)
        (both, total), nothing = await listing.waiting_on_each(session, [BOB, ALICE], 5)
        assert ([request.id for request in both], total) == ([1, 2], 2)
        assert nothing == ((), 0)


async def test_only_what_is_to_be_reminded_of_is_told_when_that_is_asked(db: Database) -> None:
    await insert_rows(db, SHELF[:2])
    async with db.snapshot() as session:
        for hours, ids in ((24, []), (25, [1]), (26, [1, 2])):
            moment = NOW + timedelta(hours=hours)
            ((late, total),) = await listing.waiting_on_each(session, [BOB], 9, moment)
            assert ([request.id for request in late], total) == (ids, len(ids))


async def test_a_morning_has_what_is_late_and_what_is_new_and_counts_all(db: Database) -> None:
    ages = {1: 72, 2: 60, 3: 30, 4: 5, 5: 4}  # overdue after a day
    came = {n: NOW - timedelta(hours=age) for n, age in ages.items()}
    day = timedelta(days=1)
    rows = [request_row(n, created_at=at, due_at=at + day) for n, at in came.items()]
    await insert_rows(db, rows)
    asked = {"at": NOW - timedelta(hours=20), "since": NOW - timedelta(hours=10)}
    async with db.snapshot() as session:
        bob, nobody = await listing.mornings(session, [BOB, ALICE], 1, **asked)
    assert ([r.id for r in bob.overdue], bob.overdue_count) == ([1], 2)
    assert ([r.id for r in bob.new], bob.new_count, bob.total) == ([4], 2, 5)
    assert nobody == listing.Morning()


async def test_everybody_is_offered_what_they_may_do(db: Database) -> None:
    request = await submit(db)
    decide = {Act.SEE, Act.APPROVE, Act.REJECT}
    offered = {ALICE: {Act.SEE, Act.WITHDRAW}, BOB: decide, ADA: decide}
    assert {user: await acts(db, request, user) for user in offered} == offered
    await vote(db, request, BOB)
    assert {user: await acts(db, request, user) for user in offered} == {
        user: {Act.SEE} for user in offered
    }


async def acts(db: Database, request: Request, user: str) -> frozenset[Act]:
    seen = await read.look(db, request.id, viewer=user, policy=POLICY, now=NOW)
    assert isinstance(seen, read.Seen)
    return seen.acts & {Act.SEE, Act.APPROVE, Act.REJECT, Act.WITHDRAW}


async def test_what_mallory_may_not_see_looks_like_what_does_not_exist(db: Database) -> None:
    request = await submit(db)
    for request_id in (request.id, 999, 0, -1, 2**63):
        answer = await read.look(db, request_id, viewer=MALLORY, policy=POLICY, now=NOW)
        assert answer == Refused(Denial.UNKNOWN, request_id)


async def test_there_is_no_request_to_read(db: Database) -> None:
    async with db.snapshot() as session:
        assert await read.find(session, 7) is None
        with pytest.raises(LookupError, match="no request 7"):
            await read.one(session, 7)


def test_of_what_has_ended_nothing_without_a_day_is_looked_for() -> None:
    ended = ListQuery(Scope.ALL, Filter(statuses=(Status.APPROVED,)), Sort.COMPLETED_FIRST)
    assert [leg.completed for leg in shape_of(ended, oversees=True).legs] == [True]
    mixed = replace(ended, filter=Filter(statuses=(Status.APPROVED, Status.UNDER_REVIEW)))
    assert [leg.completed for leg in shape_of(mixed, oversees=True).legs] == [True, False]
