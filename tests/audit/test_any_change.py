"""Any single change of any column of a request's rows is found, whatever it is changed to."""

import string
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Integer
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col, select, update
from sqlmodel.sql.sqltypes import UTCDateTime

from store.audit.events import sealed_value
from store.audit.verify import check_portion
from store.domain.canonical import canonical
from store.domain.request import (
    Category,
    Environment,
    RejectionClass,
    ReleaseStage,
    Status,
    Verdict,
)
from store.engine.database import Database
from store.requests.ask import Answer, NewQuestion, answer, ask
from store.requests.hide import Hiding, hide
from store.requests.note import NewNote, note
from store.tables import (
    AssignmentRow,
    EventRow,
    HiddenRow,
    NoteRow,
    QuestionRow,
    RequestRow,
    SaltRow,
    VoteRow,
)
from tests.audit.manipulations import LATER, lived_in
from tests.audit.test_verify import TakenBackError
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY
from tests.harness_store import POLICY, accepted

TABLES: tuple[type[SQLModel], ...] = (
    *(RequestRow, AssignmentRow, VoteRow, EventRow, SaltRow, QuestionRow, NoteRow, HiddenRow),
)
"""All that belongs to a request; what people wrote stands in these."""
UNSEALED = {
    (QuestionRow, name) for name in ("channel", "ts", "answer_ts")
}  # where a message stands in Slack
COLUMNS = [(table, name) for table in TABLES for name in table.model_fields]
COLUMNS = [each for each in COLUMNS if each not in UNSEALED]
PLACES = st.integers(0, 5)

_WORDS = st.sampled_from(
    [
        *(word.value for kind in (Status, Verdict, Category, Environment) for word in kind),
        *(word.value for kind in (RejectionClass, ReleaseStage) for word in kind),
        *(ADA, ALICE, BOB, CAROL, MALLORY, "", "submitted", "erased", "title", "details", "0" * 64),
    ]
)
_TEXTS = _WORDS | st.text(max_size=20) | st.text(string.hexdigits, min_size=32, max_size=64)
_KEYS = st.sampled_from(["set", "texts", "assigned", "votes", "after", "before", "name", "status"])
_JSON = st.dictionaries(
    _KEYS | st.text(max_size=4),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(-1e6, 1e6) | _TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_MOVED = st.integers(-(10**7), 10**7).map(lambda n: timedelta(microseconds=n))


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(at=st.sampled_from(COLUMNS), place=PLACES, drawn=st.data())
async def test_any_single_change_of_any_column_is_found(
    lived: Database, at: tuple[type[SQLModel], str], place: int, drawn: st.DataObject
) -> None:
    table, name = at
    keys = [column.name for column in table.__table__.primary_key]  # type: ignore[attr-defined]
    found: Any = None
    with suppress(TakenBackError, DBAPIError):  # what the database does not take is no change
        async with lived.transaction() as session:
            ordered = select(table).order_by(*(col(getattr(table, key)) for key in keys))
            every = (await session.exec(ordered)).all()
            row = every[place % len(every)]
            old = getattr(row, name)
            new = drawn.draw(another(table, name, old), label=f"{table.__tablename__}.{name}")
            assume(canonical(sealed_value(new)) != canonical(sealed_value(old)))
            which = [col(getattr(table, key)) == getattr(row, key) for key in keys]
            assume(not is_free(row, name))
            await session.exec(update(table).where(*which).values({name: new}))
            found, _ = await check_portion(session)
            raise TakenBackError
    assert found is None or any(each.findings for each in found), f"{name} of {row!r}: {new!r}"


@pytest.fixture
async def lived(db: Database) -> Database:
    """A store with a history; each example takes its change back."""
    _, _, waiting = await lived_in(db)
    accepted(await ask(db, NewQuestion(waiting.id, BOB, "Who tests it?", LATER), POLICY))
    accepted(await answer(db, Answer(waiting.id, 1, ALICE, "We do.", LATER), POLICY))
    accepted(await ask(db, NewQuestion(waiting.id, CAROL, "Since when?", LATER), POLICY))
    accepted(await note(db, NewNote(waiting.id, BOB, "It works.", LATER), POLICY))
    accepted(await hide(db, Hiding(waiting.id, "answer 1", 3, ADA, LATER), POLICY))
    return db


def another(table: type[SQLModel], name: str, old: Any) -> st.SearchStrategy[Any]:
    """Values of the column's kind, near to what is there and far from it."""
    column = table.__table__.columns[name]  # type: ignore[attr-defined]
    nothing = st.none() if column.nullable else st.nothing()
    if isinstance(column.type, JSON):
        if not old:
            return nothing | _JSON
        one_key = st.tuples(st.sampled_from(sorted(old)), _JSON).map(lambda new: old | dict([new]))
        return nothing | _JSON | _JSON.map(lambda new: old | new) | one_key
    if isinstance(column.type, Boolean):
        return nothing | st.booleans()
    if isinstance(column.type, UTCDateTime):
        return nothing | _MOMENTS | (_MOVED.map(lambda by: old + by) if old else _MOMENTS)
    if isinstance(column.type, Integer):
        return nothing | st.integers(-3, 9) | st.integers(-(2**31), 2**31 - 1)
    return nothing | _TEXTS | (st.just(old.swapcase()) if old else _TEXTS)


def is_free(row: SQLModel, name: str) -> bool:
    """Whether an assignment of an open request waits follows today's roles, and no history."""
    is_open = isinstance(row, AssignmentRow) and row.status == Status.UNDER_REVIEW
    return is_open and name == "waits"
