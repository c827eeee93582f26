"""On PostgreSQL the bot does all its work without a right to rewrite what is append-only."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

from store import drafts, grants, people
from store.audit import checkpoints
from store.audit.verify import check_all
from store.engine import migrate
from store.engine.database import Database
from store.messages import reminders
from store.requests import erase
from tests.audit.manipulations import lived_in
from tests.audit.test_checkpoints import KEY
from tests.bot.installation import Installation
from tests.cast import ALICE, NOW, PEOPLE
from tests.harness_store import POLICY, send_all


@pytest.fixture
def granted_url(postgresql_url: str) -> str:
    """A database of the test's own, with the roles and grants that are printed."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for _ in range(2):  # a second time after the next migration
            for statement in grants.statements():
                connection.execute(statement)  # type: ignore[arg-type]
    return postgresql_url


@pytest.fixture
async def bot(granted_url: str) -> AsyncIterator[Database]:
    """The store as the bot's role has it."""
    db = Database(granted_url.replace("postgres@", f"{grants.BOT}@"))
    yield db
    await db.dispose()


async def test_the_bot_does_its_work_with_what_it_is_granted(bot: Database) -> None:
    assert await migrate.is_current(bot)
    await lived_in(bot)
    async with bot.transaction() as session:
        await people.remember(session, list(PEOPLE.values()), now=NOW)
    await drafts.begin(bot, owner=ALICE, now=NOW, values={"title": "A draft"})
    await reminders.owe_digests(bot, POLICY, now=NOW)
    assert await send_all(bot)
    made = await checkpoints.make(bot, KEY.sign, now=NOW)
    assert made
    await checkpoints.record_delivered(bot, made, now=NOW)
    await erase.forget(bot, ALICE, now=NOW)
    assert [each async for each in check_all(bot) if each.findings] == []
    assert [finding async for finding in checkpoints.compare(bot, [made])] == []


@pytest.mark.parametrize("table", ["event", "leaf", "node"])
async def test_the_bot_cannot_rewrite_what_is_append_only(bot: Database, table: str) -> None:
    await lived_in(bot)
    await checkpoints.make(bot, KEY.sign, now=NOW)
    for statement in (f"UPDATE {table} SET hash = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with bot.engine.begin() as connection:
                await connection.exec_driver_sql(statement)


async def test_an_auditor_reads_and_writes_nothing(granted_url: str, bot: Database) -> None:
    await lived_in(bot)
    made = await checkpoints.make(bot, KEY.sign, now=NOW)
    assert made
    db = Database(granted_url.replace("postgres@", f"{grants.AUDITOR}@"))
    assert await migrate.is_current(db)
    assert [each.request_id async for each in check_all(db) if not each.findings] == [1, 2, 3]
    assert [finding async for finding in checkpoints.compare(db, [made])] == []
    async with db.snapshot() as session:
        assert len((await checkpoints.prove(session, 1)).events) == 3
    for statement in ("UPDATE request SET title = ''", "DELETE FROM vote", "SELECT * FROM draft"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with db.engine.begin() as connection:
                await connection.exec_driver_sql(statement)
    await db.dispose()


async def test_the_statements_are_printed_for_postgresql_alone(
    installed: Installation, postgresql_url: str
) -> None:
    refused = await installed.types("migrate", "--grants")
    installed.environment["DATABASE_URL"] = postgresql_url
    printed = await installed.types("migrate", "--grants")
    assert (refused.code, "which has no roles" in refused.words) == (1, True)
    assert printed.words.splitlines() == list(grants.statements())
