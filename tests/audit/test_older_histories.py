"""What older versions kept is sealed as it stands when the schema is brought to head."""

import hashlib
import itertools
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlmodel.sql.sqltypes import UTCDateTime

from store.audit.verify import Checked, check_all
from store.engine import migrate
from store.engine.columns import Document
from store.engine.database import Database
from tests.cast import ALICE, BOB, CAROL, MALLORY, NOW
from tests.postgres_server import Server

BEFORE = "0013"
LATER = NOW + timedelta(hours=2)
_numbers = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'older.db'}"
    server: Server = request.getfixturevalue("postgres")
    name = f"older_{next(_numbers)}"
    server.execute("CREATE DATABASE {}", name)
    return server.url(name)


@pytest.fixture
async def older(empty_url: str) -> AsyncIterator[Database]:
    """A store of the version before, empty."""
    db = Database(empty_url)
    async with db.engine.begin() as connection:
        await connection.run_sync(_upgrade_to, BEFORE)
    yield db
    await db.dispose()


def _upgrade_to(connection: sa.Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parents[1] / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def table(name: str, *columns: str) -> sa.TableClause:
    """A table as it was."""
    kinds: dict[str, Any] = dict.fromkeys(("details", "data"), Document)
    kinds |= dict.fromkeys(("created_at", "completed_on", "remind_at", "at"), UTCDateTime())
    return sa.table(name, *(sa.column(each, kinds.get(each)) for each in columns))


REQUEST = table(
    "request", "id", "revision", "external_id", "category", "title", "mini_program_id",
    "mini_program_name", "environment", "version", "submitted_by", "created_at", "status",
    "completed_on", "stage", "decided_by", "decision_reason", "details", "search_text", "remind_at",
    "attempt", "target_app",
)  # fmt: skip
EVENT = table(
    "event", "request_id", "revision", "at", "actor", "kind", "data", "previous", "hash"
)  # fmt: skip
ASSIGNMENT = table(
    "assignment", "request_id", "stage", "reviewer", "created_at", "remind_at", "waits", "status",
    "completed_on",
)  # fmt: skip
VOTE = table("vote", "request_id", "stage", "reviewer", "verdict", "reason", "at")


async def keep(db: Database, number: int, *, reason: str = "No.", **unlike: Any) -> None:
    """A release that Carol rejected, as the version before kept it; `unlike` its row says."""
    title, details = f"Release {number}", {"target_app": "Wallet PH", "size": 1e22}
    request = {
        "id": number, "revision": 2, "external_id": f"old-{number}", "title": title,
        "category": "mini_program_release", "mini_program_id": "1", "mini_program_name": "Bills",
        "environment": "production", "version": str(number), "submitted_by": ALICE,
        "created_at": NOW, "status": "rejected", "completed_on": LATER, "stage": 1,
        "decided_by": CAROL, "decision_reason": reason, "details": details,
        "search_text": "bills 1", "remind_at": NOW, "attempt": 1, "target_app": "wallet ph",
    } | unlike  # fmt: skip
    said = {"title": title, "status": "under_review"}
    first = _event(number, 1, NOW, ALICE, "submitted", said, "0" * 64)
    said = {"title": title, "status": "rejected", "rejection_class": None, "reason": reason}
    second = _event(number, 2, LATER, CAROL, "rejected", said, first["hash"])
    ended = {"waits": False, "status": request["status"], "completed_on": request["completed_on"]}
    given = {"request_id": number, "stage": 1, "created_at": NOW, "remind_at": NOW} | ended
    vote = {"request_id": number, "stage": 1, "reviewer": CAROL, "verdict": "reject", "at": LATER}
    async with db.engine.begin() as connection:
        await connection.execute(sa.insert(REQUEST), [request])
        await connection.execute(sa.insert(EVENT), [first, second])
        both = [given | {"reviewer": reviewer} for reviewer in (BOB, CAROL)]
        await connection.execute(sa.insert(ASSIGNMENT), both)
        await connection.execute(sa.insert(VOTE), [vote | {"reason": reason}])


def _event(number: int, revision: int, *facts: Any) -> dict[str, Any]:
    """Sealed as it was then."""
    at, actor, kind, data, previous = facts
    sealed = [number, revision, at.isoformat(), actor, kind, data, previous]
    text = json.dumps(sealed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    names = ("request_id", "revision", "at", "actor", "kind", "data", "previous", "hash")
    hash_ = hashlib.sha256(text.encode()).hexdigest()
    return dict(zip(names, (number, revision, *facts, hash_), strict=True))


async def checked(db: Database) -> list[Checked]:
    return [each async for each in check_all(db)]


async def said(db: Database, statement: str) -> Any:
    async with db.engine.begin() as connection:
        return (await connection.exec_driver_sql(statement)).scalars().all()


async def test_an_older_store_is_sealed_as_it_stands(older: Database) -> None:
    for number in (1, 2, 3):
        await keep(older, number)
    (head,) = await said(older, "SELECT hash FROM event WHERE request_id = 2 AND revision = 2")
    await migrate.upgrade(older)

    found = await checked(older)
    assert [(each.request_id, each.events, each.findings) for each in found] == [
        (1, 2, ()), (2, 2, ()), (3, 2, ()),
    ]  # fmt: skip
    assert all(each.sealed_at for each in found)
    texts = await said(older, "SELECT CAST(data AS TEXT) FROM event")
    assert not [text for text in texts if "No." in text or "Release" in text]
    assert len([text for text in texts if head in text]) == 1


async def test_from_then_on_its_changes_are_found(older: Database) -> None:
    await keep(older, 1)
    await keep(older, 2, reason="Yes.")
    await migrate.upgrade(older)
    await said(older, "UPDATE request SET decision_reason = 'Yes.' WHERE id = 1 RETURNING id")
    await said(older, "UPDATE vote SET verdict = 'approve' WHERE request_id = 2 RETURNING stage")

    first, second = await checked(older)
    assert first.findings == ("the decision reason is not what was written (revision 2)",)
    assert second.findings[0].startswith(f"the record has verdict of {CAROL}'s vote")


@pytest.mark.parametrize(
    ("unlike", "statement", "finding"),
    [
        ({"decided_by": MALLORY}, None, "the record named somebody else than its history"),
        ({"status": "approved"}, None, "the record was not what its history ended with"),
        ({"title": "Other"}, None, "the record was not what its history ended with"),
        ({}, "UPDATE event SET actor = 'U1' WHERE revision = 1", "revision 1 did not hold"),
        ({}, "DELETE FROM event WHERE revision = 1", "revision 1 is missing"),
        ({"revision": 1}, None, "its history has a revision 2, the record ends with 1"),
    ],
)
async def test_what_was_wrong_with_it_is_not_sealed_away(
    older: Database, unlike: dict[str, Any], statement: str | None, finding: str
) -> None:
    await keep(older, 1, **unlike)
    if statement:
        await said(older, f"{statement} RETURNING revision")
    await migrate.upgrade(older)

    (found,) = await checked(older)
    assert finding in found.findings[-1]


async def test_a_history_that_was_deleted_stays_a_finding(older: Database) -> None:
    await keep(older, 1)
    await said(older, "DELETE FROM event RETURNING revision")
    await migrate.upgrade(older)

    (found,) = await checked(older)
    assert found.findings[0] == "revision 1 is missing from its history"
