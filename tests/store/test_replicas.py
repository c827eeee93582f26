"""Who serves the store, as each process says by its heartbeat."""

from datetime import timedelta

import pytest

from store import replicas
from store.engine.database import Database
from store.replicas import Replica
from tests.cast import NOW

pytestmark = pytest.mark.databases_differ

MINUTE = timedelta(minutes=1)


async def test_a_heartbeat_says_when_a_process_wrote_last_and_by_which_policy_it_judges(
    db: Database,
) -> None:
    async with db.transaction() as session:
        await replicas.beat(session, Replica("one", NOW - MINUTE))
        await replicas.beat(session, Replica("two", NOW - MINUTE))
        await replicas.beat(session, Replica("one", NOW, "5f"))
    async with db.snapshot() as session:
        assert await replicas.alive(session, since=NOW) == [Replica("one", NOW, "5f")]
        assert len(await replicas.alive(session, since=NOW - MINUTE)) == 2


async def test_a_process_that_has_ended_is_forgotten_in_time(db: Database) -> None:
    async with db.transaction() as session:
        await replicas.beat(session, Replica("gone", NOW - MINUTE))
        await replicas.beat(session, Replica("here", NOW))
        assert await replicas.prune(session, before=NOW) == 1
    async with db.snapshot() as session:
        assert [each.id for each in await replicas.alive(session, since=NOW - MINUTE)] == ["here"]
