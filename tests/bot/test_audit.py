"""What an auditor types, and what is said to them."""

import json

import pytest

from store.engine.database import Database
from tests.audit.manipulations import delete_request, lived_in, row
from tests.bot.installation import Installation, Typed
from tests.cast import CAROL


@pytest.fixture
async def store(installed: Installation) -> Database:
    """The operator's database, in our hands: three requests, six events."""
    db = Database(installed.environment["DATABASE_URL"])
    await lived_in(db)
    return db


async def test_every_difference_is_named_and_all_are_counted(
    installed: Installation, store: Database
) -> None:
    whole = await installed.types("audit", "verify")
    async with store.transaction() as session:
        await row(status="approved", version="9")(session)
    differing = await installed.types("audit", "verify")
    await store.dispose()

    said = "3 requests, 6 events: the record is what its histories say.\n"
    assert whole == Typed(0, said)
    assert differing.code == 1
    first, second, *_, last = differing.words.splitlines()
    ending = f"the history ends with Rejected by {CAROL} (revision 2)"
    assert first == f"MP-2: the record says Approved by {CAROL}, {ending}"
    assert second.startswith('MP-2: the record has version "9", the history "3.2.')
    assert last == "3 requests, 6 events: 1 differ."


async def test_one_request_is_checked_alone(installed: Installation, store: Database) -> None:
    async with store.transaction() as session:
        await row(version="9")(session)
    await store.dispose()

    assert (await installed.types("audit", "verify", "--request", "mp-2")).code == 1
    one = await installed.types("audit", "verify", "--request", "MP-1")
    assert one == Typed(0, "1 requests, 3 events: the record is what its histories say.\n")
    none = await installed.types("audit", "verify", "--request", "77")
    assert none.words.startswith("MP-77: there is no such request\n")
    assert (await installed.types("audit", "verify", "--request", "MP-1 and more")).code == 2


async def test_findings_are_told_as_json_as_well(installed: Installation, store: Database) -> None:
    async with store.transaction() as session:
        await delete_request(session)
    await store.dispose()

    typed = await installed.types("audit", "verify", "--json")

    finding, counts = map(json.loads, typed.words.splitlines())
    gone = "it is gone; it was there when MP-3 came"
    assert finding == {"request": "MP-2", "finding": gone}
    assert counts == {"requests": 2, "events": 4, "differing": 1, "older": 0}
    since = await installed.types("audit", "verify", "--json", "--since", "2026-11-20 04:00")
    assert json.loads(since.words)["requests"] == 1
