"""What an operator types to have something erased, and what is left of it in Slack's eyes."""

import io
import sys

import pytest

from store import people
from store.domain.request import Person
from store.engine.database import Database
from tests.audit.manipulations import lived_in
from tests.bot.installation import Installation, Typed
from tests.cast import ALICE, NOW


@pytest.fixture
async def store(installed: Installation) -> Database:
    """The operator's database: Alice has two requests that ended, and one that waits."""
    db = Database(installed.environment["DATABASE_URL"])
    await lived_in(db)
    async with db.transaction() as session:
        alice = Person(ALICE, "Alice Santos", "alice@example.com")
        await people.remember(
            session, [alice, Person("U2", "Dan Lim"), Person("U3", "Dan Lim")], now=NOW
        )
    return db


@pytest.mark.parametrize("person", [ALICE, "@alice santos", "Alice@example.com"])
async def test_somebody_is_forgotten(installed: Installation, store: Database, person: str) -> None:
    dry = await installed.types("forget", person, "--dry-run")
    done = await installed.types("forget", person, "--yes")
    checked = await installed.types("audit", "verify")
    await store.dispose()

    later = "2 more are still needed, and are erased once they are not.\n"
    assert dry == Typed(0, f"{ALICE}: texts in 2 requests would be erased.\n{later}")
    assert done == Typed(0, f"{ALICE}: texts in 2 requests were erased.\n{later}")
    assert checked.words.endswith(": the record is what its histories say.\n")


async def test_nobody_is_forgotten_by_mistake(
    installed: Installation, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.dispose()
    two = await installed.types("forget", "@Dan Lim", "--yes")
    nobody = await installed.types("forget", "@Nemo", "--yes")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    asked = await installed.types("forget", ALICE)

    assert two == Typed(1, "More than one person is called @Dan Lim: use the Slack id (U…).")
    assert nobody == Typed(1, "Nobody here is called @Nemo: use the Slack id (U…).")
    assert (asked.code, "This cannot be undone." in asked.words) == (1, True)


async def test_what_the_policy_no_longer_keeps_is_erased(
    installed: Installation, store: Database
) -> None:
    await store.dispose()
    assert await installed.types("erase") == Typed(0, "Texts in 0 requests were erased.\n")
    installed.policy(keep_details_days="1")
    dry = await installed.types("erase", "--dry-run")
    done = await installed.types("erase")
    assert dry.words == done.words.replace("were", "would be")
    assert done == Typed(0, "Texts in 1 request were erased.\n")
