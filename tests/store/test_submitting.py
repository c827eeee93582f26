"""Requests that share a transaction end as they would one after the other."""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from store.domain import submission
from store.domain.access import Denial, Refused
from store.domain.policy import Policy
from store.domain.request import Category, Verdict
from store.engine.database import Database
from store.requests.submit import NewRequest, Submitted, submit_all
from store.tables import AssignmentRow, CardRow, EventRow, OutboxRow, RequestRow
from tests.cast import ALICE, BOB, MALLORY, NOW, sample_of
from tests.harness_store import POLICY, new_submission, outbox_rows, submit, vote, withdraw

ONE_REVIEWER = Policy(reviewers=(BOB,))
"""Who is the only reviewer can submit nothing: nobody could decide it."""
TABLES = (RequestRow, AssignmentRow, CardRow, EventRow, OutboxRow)
Answer = Submitted | Refused
Facts = dict[str, Any]


def handed(facts: Facts) -> NewRequest:
    """A submission for one of few targets, so that many are tries for the same."""
    sample = sample_of(facts["category"])
    details = sample["details"] | {"target_app": facts["app"]}
    filled = sample | {
        "details": details,
        "external_id": f"apply-{facts['number']}",
        "version": facts["version"],
        "mini_program": {"id": facts["program"], "name": "Bills Pay"},
        "created_at": (NOW + timedelta(days=facts["day"])).isoformat(),
        "submitted_by": facts["by"],
    }
    return NewRequest(submission.read(filled, now=NOW), facts["by"], NOW, facts["from_platform"])


FACTS = st.fixed_dictionaries(
    {
        "category": st.sampled_from([Category.RELEASE, Category.RELEASE, Category.OFFLINE]),
        "app": st.sampled_from(["Wallet PH", "WALLET ph"]),
        "version": st.sampled_from(["1.0", "2.0"]),
        "program": st.sampled_from(["71", "71", "72"]),
        "day": st.integers(-2, 1),
        "by": st.sampled_from([ALICE, ALICE, ALICE, MALLORY, BOB]),
        "from_platform": st.sampled_from([True, True, False]),
        "number": st.integers(0, 30),
    }
)
ENDED = st.tuples(FACTS, st.sampled_from([None, "withdrawn", "withdrawn", *Verdict]))


async def all_at_once(db: Database, given_in: Sequence[NewRequest]) -> list[Answer]:
    return await submit_all(db, given_in, ONE_REVIEWER)


async def one_by_one(db: Database, given_in: Sequence[NewRequest]) -> list[Answer]:
    return [answer for each in given_in for answer in await all_at_once(db, [each])]


async def end(db: Database, facts: Facts, ending: str | None) -> None:
    """A request from before, and what became of it."""
    (answer,) = await one_by_one(db, [handed(facts)])
    if not isinstance(answer, Submitted) or not ending:
        return
    request = answer.request
    if ending == "withdrawn":
        await withdraw(db, request, request.submitted_by, policy=ONE_REVIEWER)
    else:
        await vote(db, request, BOB, Verdict(ending), policy=ONE_REVIEWER)


async def rows(db: Database) -> list[dict[str, Any]]:
    """Everything that is stored, but what is drawn by lot and what was there before: a salt, the
    hashes that are made with it, the numbers that a transaction found, and how often a message was
    asked for.
    """
    async with db.snapshot() as session:
        found = [row.model_dump() for table in TABLES for row in await session.exec(select(table))]
    for row in found:
        if "hash" in row:
            row |= {"hash": "", "previous": ""}
            row["data"] = {**row["data"], "texts": sorted(row["data"].get("texts", ()))}
            row["data"].pop("after", None)
        if "wanted" in row:
            row |= {"id": 0, "wanted": 0}
    return sorted(found, key=lambda row: row.get("key", ""))


@asynccontextmanager
async def two_stores(template: Path) -> AsyncIterator[tuple[Database, Database]]:
    with TemporaryDirectory() as folder:
        paths = [shutil.copy(template, Path(folder) / name) for name in ("one.db", "other.db")]
        one, other = (Database(f"sqlite:///{path}") for path in paths)
        try:
            yield one, other
        finally:
            await one.dispose()
            await other.dispose()


@pytest.mark.slow
@settings(max_examples=25)
@given(before=st.lists(ENDED, max_size=4), now=st.lists(FACTS, min_size=2, max_size=8))
async def test_all_at_once_is_the_same_as_one_by_one(
    sqlite_template: Path, before: list[tuple[Facts, str | None]], now: list[Facts]
) -> None:
    async with two_stores(sqlite_template) as (one, other):
        for db in (one, other):
            for facts, ending in before:
                await end(db, facts, ending)
        together = await all_at_once(one, [*map(handed, now)])
        assert together == await one_by_one(other, [*map(handed, now)])
        assert await rows(one) == await rows(other)


async def test_each_of_a_crowd_is_stored_told_and_numbered_in_order(db: Database) -> None:
    crowd = [NewRequest(new_submission(), ALICE, NOW, from_platform=True) for _ in range(12)]
    answers = await submit_all(db, crowd, POLICY.model_copy(update={"burst": 5}))
    stored = [answer.request for answer in answers if isinstance(answer, Submitted)]
    assert [request.external_id for request in stored] == [each.external_id for each in crowd]
    assert [request.id for request in stored] == list(range(1, 13))
    to_bob = [key for key, row in (await outbox_rows(db)).items() if row.recipient == BOB]
    assert to_bob == ["burst:2"], "twelve at once are one message"


async def test_the_same_twice_in_a_crowd_is_one_request(db: Database) -> None:
    twice = [NewRequest(new_submission(external_id="same"), ALICE, NOW, from_platform=True)] * 2
    first, again = await submit_all(db, twice, POLICY)
    assert isinstance(first, Submitted)
    assert (first.new, again) == (True, Submitted(first.request, new=False))


@pytest.mark.parametrize(("hours", "attempts"), [(0, [2, 1, 1]), (1, [2, 1, 1]), (-1, [2, 2, 2])])
async def test_in_a_crowd_the_newest_is_the_try_before(
    db: Database, hours: int, attempts: list[int]
) -> None:
    await vote(db, await submit(db), BOB, Verdict.REJECT)
    created = (NOW + timedelta(hours=hours)).isoformat()
    tries = [new_submission(created_at=created) for _ in range(3)]
    crowd = [NewRequest(each, ALICE, NOW, from_platform=True) for each in tries]
    answers = await submit_all(db, crowd, POLICY)
    assert [a.request.attempt for a in answers if isinstance(a, Submitted)] == attempts


async def test_of_a_crowd_here_the_platform_takes_a_version_once(db: Database) -> None:
    rivals = [NewRequest(new_submission(version="9.0"), ALICE, NOW) for _ in range(3)]
    first, *others = await submit_all(db, rivals, POLICY)
    assert isinstance(first, Submitted)
    assert others == [Refused(Denial.RELEASED_ONCE, 1, first.request, "version")] * 2
