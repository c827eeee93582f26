"""A change reaches the open Homes it concerns, each once, and no others."""

from datetime import datetime, timedelta

from store.domain.access import Roster
from store.domain.lists.query import Filter, ListQuery, Page, Scope
from store.domain.request import Status
from store.engine.database import Database
from store.messages import homes
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import POLICY, outbox_rows, submit, vote, withdraw

DAN = "UDAN"
EVERYBODY = (ALICE, BOB, CAROL, ADA, MALLORY)


async def opened(db: Database, *users: str, at: datetime = NOW) -> None:
    """These people open their Home."""
    for user in users:
        await homes.open_home(db, user, start="start", now=at)


async def place(db: Database, user: str) -> str | None:
    """Where this person is."""
    async with db.snapshot() as session:
        return await homes.place_of(session, user)


async def wanted(db: Database) -> dict[str, int]:
    """How often each Home is asked for."""
    rows = await outbox_rows(db)
    return {row.recipient: row.wanted for row in rows.values() if row.kind == "home"}


async def overview(db: Database, query: ListQuery, asker: str) -> homes.Overview:
    """What this person's Home shows."""
    return await homes.overview(db, query, asker=asker, policy=POLICY, now=NOW)


async def test_opening_draws_it_at_the_start_and_later_where_one_was(db: Database) -> None:
    assert await place(db, ALICE) is None
    await opened(db, ALICE)
    assert await place(db, ALICE) == "start"

    await homes.turn_to(db, ALICE, place="page 2", now=NOW)
    await opened(db, ALICE, at=NOW + timedelta(hours=23))

    assert await place(db, ALICE) == "page 2"
    assert await wanted(db) == {ALICE: 3}


async def test_after_a_day_away_it_begins_anew(db: Database) -> None:
    await homes.turn_to(db, ALICE, place="page 2", now=NOW)
    await opened(db, ALICE, at=NOW + timedelta(days=1, seconds=1))
    assert await place(db, ALICE) == "start"


async def test_a_new_request_concerns_its_submitter_and_its_reviewers(db: Database) -> None:
    await opened(db, *EVERYBODY)
    await submit(db)
    assert await wanted(db) == {ALICE: 2, BOB: 2, CAROL: 2, ADA: 1, MALLORY: 1}


async def test_a_decision_concerns_who_made_it_as_well(db: Database) -> None:
    request = await submit(db)
    await opened(db, *EVERYBODY)
    await vote(db, request, ADA)
    assert await wanted(db) == {ALICE: 2, BOB: 2, CAROL: 2, ADA: 2, MALLORY: 1}


async def test_a_withdrawal_concerns_the_reviewers(db: Database) -> None:
    request = await submit(db)
    await opened(db, BOB)
    await withdraw(db, request)
    assert await wanted(db) == {BOB: 2}


async def test_a_refused_act_draws_nothing(db: Database) -> None:
    request = await submit(db)
    await opened(db, ALICE, BOB)
    await vote(db, request, ALICE)
    assert await wanted(db) == {ALICE: 1, BOB: 1}


async def test_a_home_nobody_looked_at_for_a_day_is_left(db: Database) -> None:
    await opened(db, BOB, at=NOW - timedelta(days=1, seconds=1))
    await opened(db, CAROL, at=NOW - timedelta(hours=23))
    await submit(db)
    assert await wanted(db) == {BOB: 1, CAROL: 2}


async def test_a_home_is_drawn_again_for_who_looked_at_it_within_a_day(db: Database) -> None:
    await opened(db, BOB)
    await opened(db, CAROL, at=NOW - timedelta(days=1, seconds=1))
    for user in (BOB, CAROL, MALLORY):
        await homes.redraw(db, user, now=NOW)
    assert await wanted(db) == {BOB: 2, CAROL: 1}


async def test_a_change_of_roles_concerns_who_won_or_lost_one(db: Database) -> None:
    await opened(db, BOB, CAROL, MALLORY)
    await opened(db, DAN, at=NOW - timedelta(days=1, seconds=1))
    before = Roster(reviewers=frozenset({BOB, CAROL, DAN}))
    async with db.transaction() as session:
        await homes.follow(session, Roster(reviewers=frozenset({BOB})), before, now=NOW)
    assert await wanted(db) == {BOB: 1, CAROL: 2, MALLORY: 1, DAN: 1}


async def test_where_nothing_is_known_of_before_it_concerns_who_looks_at_too_much(
    db: Database,
) -> None:
    await opened(db, CAROL)
    for user in (BOB, MALLORY):
        await homes.turn_to(db, user, place=f"{Scope.ALL.value} ", now=NOW)
    async with db.transaction() as session:
        await homes.follow(session, Roster(reviewers=frozenset({BOB})), None, now=NOW)
    assert await wanted(db) == {CAROL: 1, BOB: 1, MALLORY: 2}


async def test_the_counts_are_of_the_whole_tab(db: Database) -> None:
    first, *_ = [await submit(db) for _ in range(3)]
    await vote(db, first, BOB)

    seen = await overview(db, ListQuery(filter=Filter(statuses=(Status.REJECTED,))), ALICE)

    assert seen.counts == {
        Status.UNDER_REVIEW: 2,
        Status.APPROVED: 1,
        Status.REJECTED: 0,
        Status.WITHDRAWN: 0,
    }
    assert seen.listing.page == Page((), total=0, under_review=0)


async def test_who_lost_the_role_is_shown_their_own_requests(db: Database) -> None:
    await submit(db)
    everything = ListQuery(Scope.ALL)

    admin, alice, mallory = [await overview(db, everything, u) for u in (ADA, ALICE, MALLORY)]

    assert (admin.query.scope, admin.listing.page.total) == (Scope.ALL, 1)
    assert (alice.query.scope, alice.listing.page.total) == (Scope.MINE, 1)
    assert (mallory.query.scope, mallory.listing.page.total) == (Scope.MINE, 0)
    assert Scope.ALL in admin.tabs
    assert Scope.ALL not in mallory.tabs


async def test_who_looks_at_all_requests_sees_every_change_up_to_a_bound(db: Database) -> None:
    onlookers = [f"UADMIN{number:02d}" for number in range(homes.ONLOOKERS + 1)]
    for number, user in enumerate(onlookers):
        moment = NOW + timedelta(seconds=number)
        await homes.turn_to(db, user, place="list - status:approved", now=moment)
    await submit(db)
    redrawn = {user for user, times in (await wanted(db)).items() if times == 2}
    assert redrawn == set(onlookers[1:]), "the one who looked longest ago waits for a page"
