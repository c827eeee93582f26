"""Whatever people do in whatever order, the record keeps its promises.

Hypothesis drives the real store on SQLite; beside it a plain Python model says what must come out.
"""

import asyncio
import itertools
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select

from store.audit.verify import check_all
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.request import Request, Status, Verdict
from store.engine.database import Database
from store.tables import EventRow, RequestRow, VoteRow
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY
from tests.harness_store import denial, submit, vote, withdraw

OVERSEERS = {BOB, CAROL, ADA}
ENDS = {
    Act.APPROVE: Status.APPROVED,
    Act.REJECT: Status.REJECTED,
    Act.WITHDRAW: Status.WITHDRAWN,
}
_numbers = itertools.count()

people = st.sampled_from([ALICE, BOB, CAROL, ADA, MALLORY])
lags = st.sampled_from([None, None, 0, 0, 1])
"""How many rounds behind the clicked card is; None for a typed command."""


@dataclass
class Expected:
    """One request as the model sees it."""

    request: Request
    status: Status = Status.UNDER_REVIEW
    decided_by: str | None = None

    @property
    def revision(self) -> int:
        return 1 if self.status is Status.UNDER_REVIEW else 2

    @property
    def round(self) -> int:
        return self.revision

    def refusal(self, user: str, act: Act, seen: int | None) -> Denial | None:
        """The rules of the house, told once more in other words."""
        own = user == self.request.submitted_by
        if not own and user not in OVERSEERS:
            return Denial.UNKNOWN if seen is None else Denial.NOT_A_REVIEWER
        if own != (act is Act.WITHDRAW):
            return Denial.OWN_REQUEST if own else Denial.NOT_THE_SUBMITTER
        if self.status is not Status.UNDER_REVIEW:
            return Denial.CLOSED
        return Denial.STALE if seen not in (None, self.round) else None


class Lifecycle(RuleBasedStateMachine):
    """Submit, approve, reject and withdraw by anybody, from current and from old cards."""

    template: Path
    folder: Path
    submitted: Bundle[Expected] = Bundle("submitted")

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / f"{next(_numbers)}.db"
        shutil.copy(self.template, path)
        self.runner = asyncio.Runner()
        self.db = Database(f"sqlite:///{path}")
        self.all: list[Expected] = []

    @rule(target=submitted, by=people)
    def submit(self, by: str) -> Expected:
        expected = Expected(self.runner.run(submit(self.db, submitted_by=by)))
        self.all.append(expected)
        return expected

    @rule(expected=submitted, by=people, verdict=st.sampled_from(Verdict), lag=lags)
    def vote(self, expected: Expected, by: str, verdict: Verdict, lag: int | None) -> None:
        seen = None if lag is None else expected.round - lag
        answer = self.runner.run(vote(self.db, expected.request, by, verdict, round=seen))
        self.check(expected, answer, by, Act(verdict), seen)

    @rule(expected=submitted, by=people, lag=lags)
    def withdraw(self, expected: Expected, by: str, lag: int | None) -> None:
        seen = None if lag is None else expected.round - lag
        answer = self.runner.run(withdraw(self.db, expected.request, by, round=seen))
        self.check(expected, answer, by, Act.WITHDRAW, seen)

    def check(
        self, expected: Expected, answer: Request | Refused, by: str, act: Act, seen: int | None
    ) -> None:
        """The answer is the model's; a yes changes the model as well."""
        assert denial(answer) is expected.refusal(by, act, seen)
        if not isinstance(answer, Refused):
            expected.status, expected.decided_by = ENDS[act], by

    @invariant()
    def the_record_agrees_with_the_model(self) -> None:
        self.runner.run(self.compare())

    async def compare(self) -> None:
        async with self.db.snapshot() as session:
            stored = (await session.exec(select(RequestRow).order_by(col(RequestRow.id)))).all()
            kept = Counter(await session.exec(select(EventRow.request_id)))
            votes = {row.request_id: row for row in await session.exec(select(VoteRow))}
        for found, expected in zip(stored, self.all, strict=True):
            assert (found.status, found.decided_by) == (expected.status, expected.decided_by)
            assert found.revision == expected.revision == kept[found.id]
            assert (found.completed_on is None) == (expected.status is Status.UNDER_REVIEW)
        decided = (Status.APPROVED, Status.REJECTED)
        assert {number: row.reviewer for number, row in votes.items()} == {
            each.request.id: each.decided_by for each in self.all if each.status in decided
        }

    async def close(self) -> None:
        assert [checked async for checked in check_all(self.db) if checked.findings] == []
        await self.db.dispose()

    def teardown(self) -> None:
        self.runner.run(self.close())
        self.runner.close()


@pytest.mark.slow
def test_no_order_of_acts_breaks_the_record(sqlite_template: Path, tmp_path: Path) -> None:
    class Here(Lifecycle):
        template, folder = sqlite_template, tmp_path

    run_state_machine_as_test(Here, settings=settings(max_examples=12, stateful_step_count=16))
