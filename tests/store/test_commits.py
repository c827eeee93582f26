"""All of it or nothing: what a failing commit leaves, and who is woken after one."""

import pytest
from sqlalchemy.exc import IntegrityError

from store import grants
from store.engine.database import Database, Topic
from store.requests import read
from tests.cast import ALICE, BOB, MALLORY
from tests.harness_store import history, pending_keys, send_all, submit, vote

pytestmark = pytest.mark.databases_differ


async def test_a_commit_that_fails_leaves_no_decision_no_event_and_no_message(
    db: Database, owner: Database
) -> None:
    request = await submit(db)
    await send_all(db)
    await let_commits_of_second_events_fail(owner)
    with pytest.raises(IntegrityError):
        await vote(db, request, BOB)
    async with db.snapshot() as session:
        assert await read.one(session, request.id) == request
    assert await history(db, request) == [(1, "submitted", ALICE)]
    assert await pending_keys(db) == set()


async def let_commits_of_second_events_fail(owner: Database) -> None:
    """The database itself says no, as late as it can: when it is asked to commit."""
    insert = "INSERT INTO doomed VALUES (-1)"
    sqlite = [f"CREATE TRIGGER doom AFTER INSERT ON event BEGIN {insert}; END"]
    postgres = [
        f"CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {insert}; RETURN NEW; END $$",
        "CREATE TRIGGER doom AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION doom()",
        f"GRANT INSERT ON doomed TO {grants.BOT}",
    ]
    table = "CREATE TABLE doomed (id BIGINT REFERENCES request (id) DEFERRABLE INITIALLY DEFERRED)"
    async with owner.engine.begin() as connection:
        for statement in [table, *(sqlite if owner.is_sqlite else postgres)]:
            await connection.exec_driver_sql(statement)


async def test_the_dispatcher_is_woken_after_a_commit_that_owes_and_only_then(
    db: Database, owner: Database
) -> None:
    woken: list[str] = []
    db.listeners[Topic.OUTBOX] = lambda: woken.append("woken")
    request = await submit(db)
    assert len(woken) == 1
    await vote(db, request, MALLORY)
    assert len(woken) == 1, "a refusal owes nothing"
    await let_commits_of_second_events_fail(owner)
    with pytest.raises(IntegrityError):
        await vote(db, request, BOB)
    assert len(woken) == 1
