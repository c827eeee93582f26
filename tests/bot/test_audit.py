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


@pytest.mark.parametrize("format", ["jsonl", "csv", "ecs"])
async def test_events_are_exported_with_their_seals_and_checked_where_they_arrive(
    installed: Installation, store: Database, format: str
) -> None:
    exported = await installed.types("audit", "export", "--format", format)
    again = await installed.types("audit", "export", "--format", format)
    later = await installed.types(
        "audit", "export", "--format", format, "--since", "2026-11-20 04:00"
    )
    await store.dispose()
    assert exported == again
    words = exported.words
    touched = {
        "whole": words,
        "later": later.words,
        "changed": words.replace(CAROL, "UMALLORY"),
        "swapped": "\n".join(reversed(words.splitlines())),
        "nonsense": "nonsense",
        "empty": "",
    }
    codes, said = {}, {}
    for name, text in touched.items():
        (installed.folder / name).write_text(text, "utf-8")
        checked = await installed.types("audit", "check", name)
        codes[name], said[name] = checked.code, checked.words

    assert said["whole"] == "6 events: each is as it was sealed.\n"
    assert said["later"] == "1 events: each is as it was sealed.\n"
    assert "(MP-2, revision 2) was changed after it was sealed" in said["changed"]
    assert {name for name, code in codes.items() if code} == {
        "changed", "swapped", "nonsense", "empty",
    }  # fmt: skip


async def test_an_export_for_a_siem_has_its_field_names(
    installed: Installation, store: Database
) -> None:
    exported = await installed.types("audit", "export", "--format", "ecs")
    await store.dispose()
    found = json.loads(exported.words.splitlines()[4])
    assert (found["event"]["action"], found["user"]["id"]) == ("rejected", CAROL)
    assert found["labels"] == {"request": "MP-2"}
    assert found["@timestamp"] == "2026-11-20T03:00:00+00:00"
