"""A download is asked for once, made by one at a time, and holds what its asker may see."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

from store import exports, people
from store.domain.export import Export, ExportState, Format
from store.domain.lists.query import Filter, ListQuery, Scope, Sort
from store.domain.request import Status
from store.engine.database import Database
from store.exports import CHUNK, LEASE, Asked
from store.lists import listing
from tests.cast import ALICE, BOB, MALLORY, NOW
from tests.harness_store import POLICY, outbox_rows, submit, vote
from tests.store.bulk_rows import insert_rows, request_row

EVERYTHING = ListQuery(Scope.ALL)


async def ask(db: Database, query: ListQuery = EVERYTHING, asker: str = BOB) -> Asked:
    return await exports.ask(db, query, Format.CSV, asker=asker, now=NOW)


async def claimed(db: Database, owner: str = "one", later: timedelta = timedelta()) -> Export:
    export = await exports.claim(db, owner=owner, now=NOW + later)
    assert export is not None
    return export


async def state(db: Database, export: Export) -> Export:
    async with db.snapshot() as session:
        return await exports.find(session, export.id)


async def inside(db: Database, query: ListQuery, asker: str) -> list[int]:
    """The ids of what the file would hold."""
    export = (await ask(db, query, asker)).export
    async with db.snapshot() as session:
        roster = await people.roster(session, POLICY)
        given = exports.contents(session, export, roster, ZoneInfo("UTC"))
        portions = [part async for part in given]
    return [request.id for part in portions for request in part]


async def test_what_is_asked_for_comes_back_as_it_was_asked(db: Database) -> None:
    wanted = ListQuery(
        Scope.APPROVALS,
        Filter(statuses=(Status.APPROVED,), submitters=(ALICE,), words="bills"),
        Sort.COMPLETED_LAST,
    )
    asked = await ask(db, wanted)
    assert asked.new
    assert (await state(db, asked.export)).query == wanted
    assert f"export:{asked.export.id}" in await outbox_rows(db)


async def test_the_same_again_while_it_is_prepared_is_the_same_export(db: Database) -> None:
    first, again = await ask(db), await ask(db)
    other = await ask(db, ListQuery(Scope.MINE))
    assert (first.export.id, False) == (again.export.id, again.new)
    assert other.export.id != first.export.id
    await exports.finish(db, await claimed(db), now=NOW, rows=1)
    assert (await ask(db)).new


async def test_one_maker_gets_an_export_and_one_export_a_person(db: Database) -> None:
    await ask(db)
    await ask(db, ListQuery(Scope.MINE))
    await ask(db, asker=ALICE)
    makers = (exports.claim(db, owner=f"{n}", now=NOW) for n in range(6))
    got = [export for export in await asyncio.gather(*makers) if export]
    assert sorted(export.asker for export in got) == [ALICE, BOB]


async def test_a_maker_that_died_loses_the_export_when_its_lease_ends(db: Database) -> None:
    await ask(db)
    dead = await claimed(db)
    assert await exports.claim(db, owner="two", now=NOW + LEASE - timedelta(seconds=1)) is None
    heir = await claimed(db, "two", LEASE)
    assert (heir.id, heir.attempts) == (dead.id, 2)
    assert not await exports.finish(db, dead, now=NOW, rows=9)
    assert not await exports.record_progress(db, dead, now=NOW, rows=9)
    assert (await state(db, dead)).state is ExportState.MAKING


async def test_a_sign_of_life_keeps_the_lease_and_is_told(db: Database) -> None:
    await ask(db)
    export = await claimed(db)
    later = NOW + LEASE / 2
    assert await exports.record_progress(db, export, now=later, rows=2000)
    assert await exports.renew_lease(db, export, now=later, file_id="F1")
    assert await exports.claim(db, owner="two", now=NOW + LEASE) is None
    now = await state(db, export)
    assert (now.rows, now.file_id, now.state) == (2000, "F1", ExportState.MAKING)
    assert (await outbox_rows(db))[f"export:{export.id}"].wanted == 2


async def test_what_was_put_back_is_made_again_later(db: Database) -> None:
    await ask(db)
    until = NOW + timedelta(seconds=30)
    await exports.put_back(db, await claimed(db), now=NOW, until=until, why="HTTP 500")
    assert await exports.claim(db, owner="one", now=NOW) is None
    assert (await claimed(db, later=timedelta(seconds=30))).attempts == 2


async def test_an_end_is_final_and_forgotten_in_time(db: Database) -> None:
    await ask(db)
    await ask(db, asker=ALICE)
    done, failed = await claimed(db, "one"), await claimed(db, "two")
    await exports.finish(db, done, now=NOW, rows=3)
    await exports.fail(db, failed, now=NOW, why="missing_scope")
    assert await exports.claim(db, owner="one", now=NOW + LEASE * 2) is None
    assert (await state(db, failed)).why == "missing_scope"
    async with db.transaction() as session:
        assert await exports.prune(session, before=NOW) == 0
        assert await exports.prune(session, before=NOW + timedelta(days=1)) == 2


async def test_a_file_of_many_portions_holds_every_request_once(db: Database) -> None:
    await insert_rows(db, [request_row(number) for number in range(1, 2 * CHUNK + 12)])
    assert await inside(db, EVERYTHING, BOB) == [*range(2 * CHUNK + 11, 0, -1)]


async def test_a_file_holds_exactly_what_the_asker_may_see(db: Database) -> None:
    hers = [(await submit(db)).id for _ in range(2)]
    theirs = (await submit(db, submitted_by=MALLORY)).id
    assert await inside(db, EVERYTHING, BOB) == [theirs, *reversed(hers)]
    assert await inside(db, EVERYTHING, ALICE) == list(reversed(hers))
    assert await inside(db, EVERYTHING, MALLORY) == [theirs]
    assert await inside(db, ListQuery(Scope.MINE), BOB) == []


async def test_a_file_has_every_page_of_its_list(db: Database) -> None:
    ids = [(await submit(db)).id for _ in range(25)]
    first = (await listing.listing(db, EVERYTHING, asker=BOB, policy=POLICY)).page
    assert await inside(db, EVERYTHING.at(first.next), BOB) == list(reversed(ids))


async def test_a_file_keeps_the_filter_and_the_order(db: Database) -> None:
    ids = [await submit(db) for _ in range(3)]
    await vote(db, ids[0], BOB)
    oldest = ListQuery(Scope.ALL, Filter(statuses=(Status.UNDER_REVIEW,)), Sort.OLDEST)
    assert await inside(db, oldest, BOB) == [ids[1].id, ids[2].id]
    assert (await inside(db, ListQuery(Scope.ALL, sort=Sort.COMPLETED_LAST), BOB))[0] == ids[0].id
