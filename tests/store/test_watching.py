"""Watching: a row of the outbox in the act's transaction, one for each, never two."""

import asyncio

from sqlmodel import select

from store.domain.access import Denial
from store.domain.request import Request
from store.engine.database import Database
from store.requests import erase
from store.requests.watch import Watching, watch
from store.tables import WatchRow
from tests.cast import ADA, BOB, CAROL, MALLORY, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    alone,
    denial,
    findings,
    outbox_rows,
    replicas,
    submit,
    vote,
)


async def begin(db: Database, request: Request, by: str) -> Denial | None:
    return denial(await watch(db, Watching(request.id, by, NOW), POLICY))


async def told(db: Database) -> set[str]:
    return {key for key in await outbox_rows(db) if key.startswith("watched")}


async def test_each_watcher_is_owed_one_message_and_watches_no_more(db: Database) -> None:
    request = await submit(db)
    assert await begin(db, request, MALLORY) is Denial.UNKNOWN
    for by in (ADA, ADA, BOB, CAROL):
        assert await begin(db, request, by) is None
    accepted(await vote(db, request, BOB))
    assert await told(db) == {f"watched:1:{ADA}", f"watched:1:{CAROL}"}, "who decided knows"
    async with db.snapshot() as session:
        assert (await session.exec(select(WatchRow))).all() == []
    assert await begin(db, request, ADA) is Denial.CLOSED
    assert await findings(db, request) == ()


async def test_who_is_told_of_an_emergency_is_not_told_twice(db: Database) -> None:
    policy = POLICY.model_copy(update={"emergency": (BOB,)})
    request = await submit(db, policy=policy)
    for by in (ADA, CAROL):
        assert await begin(db, request, by) is None
    accepted(await alone(db, request, BOB, policy))
    assert await told(db) == set()


async def test_a_watch_beside_the_end_is_told_or_refused(database_url: str) -> None:
    async with replicas(database_url) as (first, second):
        request = await submit(first)
        watching, _ = await asyncio.gather(
            begin(first, request, ADA), vote(second, request, BOB, policy=POLICY)
        )
        assert watching in {None, Denial.CLOSED}
        assert bool(await told(first)) is (watching is None)


async def test_who_is_forgotten_watches_nothing(db: Database) -> None:
    request = await submit(db)
    assert await begin(db, request, CAROL) is None
    await erase.forget(db, CAROL, now=NOW)
    accepted(await vote(db, request, BOB))
    assert await told(db) == set()


async def test_who_may_not_see_it_any_more_is_owed_nothing(db: Database) -> None:
    request = await submit(db)
    assert await begin(db, request, ADA) is None
    accepted(await vote(db, request, BOB, policy=POLICY.model_copy(update={"admins": ()})))
    assert await told(db) == set()
