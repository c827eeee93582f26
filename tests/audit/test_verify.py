"""Whoever changes the record past the code is found, and what they changed is named."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean
from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.audit import verify
from store.audit.verify import check_all, check_portion, count
from store.engine.database import Database
from store.tables import AssignmentRow, EventRow, RequestRow, SaltRow, VoteRow
from tests.audit.manipulations import LATER, TABLE, Manipulation, lived_in
from tests.cast import BOB, NOW, PEOPLE


class TakenBackError(Exception):
    """Nothing of the transaction is to stay."""


async def after(db: Database, manipulation: Manipulation) -> dict[int, str]:
    """What is found once that is done, by the number of the request; then it is taken back."""
    with suppress(TakenBackError):
        async with db.transaction() as session:
            await manipulation(session)
            await session.flush()
            found, _ = await check_portion(session)
            raise TakenBackError
    return {each.request_id: " / ".join(each.findings) for each in found if each.findings}


async def test_an_untouched_record_is_what_its_histories_say(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "PORTION", 2)
    await lived_in(db)
    checked = [each async for each in check_all(db)]
    assert [(each.request_id, each.events, each.findings) for each in checked] == [
        (1, 3, ()), (2, 2, ()), (3, 1, ()),
    ]  # fmt: skip


async def test_every_manipulation_is_found_and_named(
    db: Database, subtests: pytest.Subtests
) -> None:
    await lived_in(db)
    async with db.transaction() as session:
        await people.remember(session, list(PEOPLE.values()), now=NOW)
    for each in TABLE:
        with subtests.test(each.what):
            found = await after(db, each.done)
            assert found.keys() == {2}
            assert each.said in found[2]


async def test_a_number_that_is_far_too_high_is_counted_and_not_listed(db: Database) -> None:
    await lived_in(db)
    highest = 2**31 - 1

    async def rewritten(session: AsyncSession) -> None:
        await session.exec(
            update(RequestRow).where(col(RequestRow.id) == 2).values(revision=highest)
        )

    found = (await after(db, rewritten))[2]
    assert found.startswith("revision 3 is missing from its history / revision 4 is missing")
    assert f"{highest - 2 - 3} more revisions are missing" in found


async def test_a_change_of_any_column_is_found(db: Database, subtests: pytest.Subtests) -> None:
    """Whoever adds a column finds here that it is not sealed."""
    await lived_in(db)
    for table, where in ROWS.items():
        which = [col(getattr(table, name)) == value for name, value in where.items()]
        for name in table.model_fields:
            if (table, name) in {(RequestRow, "id"), (AssignmentRow, "request_id")}:
                continue  # the database does not let it: others refer to it; MP-3 has it as well
            change = update(table).where(*which).values({name: another(table, name)})
            with subtests.test(f"{table.__tablename__}.{name}"):
                assert 2 in await after(db, lambda session, change=change: session.exec(change))


ROWS: dict[Any, dict[str, Any]] = {
    RequestRow: {"id": 2},
    AssignmentRow: {"request_id": 2, "reviewer": BOB},
    VoteRow: {"request_id": 2},
    EventRow: {"request_id": 2, "revision": 2},
    SaltRow: {"request_id": 2, "name": "decision_reason"},
}
"""One row of each table that belongs to a request."""


def another(table: Any, name: str) -> object:
    """A value that the database takes and that was not there."""
    taken = {"category": "mini_program_launch", "environment": "sandbox", "status": "approved",
             "rejection_class": "other_prohibited_activities", "verdict": "approve",
             "release_stage": "full", "platform_answer": "refused", "resubmission_of": 1,
             "request_id": 3}  # fmt: skip
    kind = table.__table__.columns[name].type
    if name in taken:
        return taken[name]
    if isinstance(kind, Boolean):
        return name in {"waits", "turn"}  # it is over: it is nobody's turn, and was shown
    if isinstance(kind, JSON):
        return {"another": 1}
    return {int: 77, str: "another"}.get(kind.python_type, LATER)


async def test_only_what_changed_since_then_is_checked(db: Database) -> None:
    await lived_in(db)
    since = NOW + timedelta(hours=1)
    checked = [each.request_id async for each in check_all(db, since=since)]
    assert (checked, await count(db, since=since), await count(db)) == ([1], 1, 3)
