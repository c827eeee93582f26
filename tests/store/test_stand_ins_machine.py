"""Reviews in stages while people go away and come back, whatever they do in whatever order: the
record is what a plain model says, on both databases.
"""

import asyncio
import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from store.audit.verify import check_all
from store.domain.absences import AbsenceDenial, Leave
from store.domain.access import Denial, Refused
from store.domain.policy import Policy
from store.domain.request import Request, Status, Verdict
from store.engine.database import Database
from store.requests import read
from store.requests.away import come_back, go_away
from store.requests.submit import NewRequest, Submitted
from store.requests.submit import submit as store
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.conftest import TEMPLATE
from tests.harness_store import denial, new_submission, vote, withdraw
from tests.postgres_server import Server

DAN, ERIN = "UDAN", "UERIN"
SEATS = {1: {CAROL, DAN}, 2: {DAN, ERIN, BOB}}
NEEDED = {1: 1, 2: 2}
POLICY = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    reviewers = ["{BOB}"]
    [[rules]]
    name = "Two parties"
    stages = [
      {{name = "Product", reviewers = ["{CAROL}", "{DAN}"], needed = 1}},
      {{name = "Compliance", reviewers = ["{DAN}", "{ERIN}", "{BOB}"], needed = 2}},
    ]
""")
_numbers = itertools.count()
people = st.sampled_from([BOB, CAROL, DAN, ERIN] * 2 + [ADA, ALICE, MALLORY])
roles = st.sampled_from([BOB, CAROL, DAN, ERIN, ADA])
Away = dict[str, str | None]
"""Who is away, and whom they named."""
verdicts = st.sampled_from(
    [Verdict.APPROVE, Verdict.APPROVE, Verdict.APPROVE, Verdict.REJECT, None]
)
lags = st.sampled_from([None, None, 0, 0, 1])
"""How many rounds behind the clicked card is; None for a typed command."""


def stand_in(user: str, away: Away) -> str | None:
    """Along the names, three steps at most, to somebody who is there."""
    here, passed = user, [user]
    for _ in range(3):
        if here not in away:
            break
        found = away[here]
        if found is None or found in passed:
            return None
        here = found
        passed.append(here)
    return None if here in away or here == user else here


@dataclass
class Expected:
    """One request as the model sees it."""

    request: Request
    status: Status = Status.UNDER_REVIEW
    stage: int = 1
    round: int = 1
    revision: int = 1
    approvals: dict[int, list[tuple[str, str | None]]] = field(
        default_factory=lambda: {1: [], 2: []}
    )
    """Of each stage who approved, and in whose place."""
    away: Away = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.status is Status.UNDER_REVIEW

    def voters(self, stage: int) -> list[str]:
        return [who for who, _ in self.approvals[stage]]

    def filled(self) -> set[str]:
        return {place or who for who, place in self.approvals[self.stage]}

    def absent_for(self, who: str, stage: int) -> list[str]:
        """Whose places of a stage somebody has; nobody has the submitter's, nor without a role."""
        if who in (ALICE, MALLORY):
            return []
        return [user for user in sorted(SEATS[stage]) if stand_in(user, self.away) == who]

    def place(self, who: str, verdict: Verdict) -> str | None:
        """In whose place somebody votes now."""
        if who in SEATS[self.stage]:
            return None
        before = self.voters(1) if self.stage == 2 else []
        taken = {*self.filled(), *before} if verdict is Verdict.APPROVE else set()
        free = [user for user in self.absent_for(who, self.stage) if user not in taken]
        return free[0] if free else None

    def refusal(self, who: str, verdict: Verdict | None, seen: int | None) -> Denial | None:
        """The rules of the house, told once more in other words; no verdict is a withdrawal."""
        seats = SEATS.items()
        held = [stage for stage, seat in seats if who in seat or self.absent_for(who, stage)]
        if who == MALLORY:
            return Denial.UNKNOWN
        if verdict is None and who != ALICE:
            return Denial.NOT_THE_SUBMITTER
        if verdict and who == ALICE:
            return Denial.OWN_REQUEST
        if verdict and who != ADA and self.stage not in held:
            if not self.is_open:
                return Denial.CLOSED
            return Denial.STAGE_TO_COME if min(held) > self.stage else Denial.STAGE_PASSED
        if not self.is_open:
            return Denial.CLOSED
        if verdict is Verdict.APPROVE and who in self.voters(self.stage):
            return Denial.VOTED
        if verdict is Verdict.APPROVE and self.stage == 2 and who in self.voters(1):
            return Denial.VOTED_BEFORE
        seated = who in SEATS[self.stage]
        taken = who in self.filled() if seated else who != ADA and not self.place(who, verdict)
        if verdict is Verdict.APPROVE and taken:
            return Denial.SEAT_TAKEN
        return Denial.STALE if seen not in (None, self.round) else None

    def apply(self, who: str, verdict: Verdict | None) -> None:
        self.revision += 1
        place = self.place(who, verdict) if verdict else None
        if verdict is not Verdict.APPROVE:
            self.status = Status.REJECTED if verdict else Status.WITHDRAWN
            self.approvals[self.stage] = [
                each for each in self.approvals[self.stage] if each[0] != who
            ]
            self.round += 1
            return
        self.approvals[self.stage].append((who, place))
        if len(self.approvals[self.stage]) < NEEDED[self.stage]:
            return
        self.round += 1
        if self.stage == 2:
            self.status = Status.APPROVED
        else:
            self.stage = 2


class Stages(RuleBasedStateMachine):
    """Submit, approve, reject, withdraw by anybody, while reviewers go away and come back."""

    fresh: Callable[[], str]
    submitted: Bundle[Expected] = Bundle("submitted")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.db = Database(type(self).fresh())
        self.away: Away = {}
        self.all: list[Expected] = []

    @rule(target=submitted)
    def submit(self) -> Expected:
        handed = new_submission()
        stored = self.runner.run(store(self.db, NewRequest(handed, ALICE, NOW, True), POLICY))
        assert isinstance(stored, Submitted)
        expected = Expected(stored.request, away=self.away)
        self.all.append(expected)
        return expected

    @rule(expected=submitted, by=people, verdict=verdicts, lag=lags)
    def act(self, expected: Expected, by: str, verdict: Verdict | None, lag: int | None) -> None:
        seen = None if lag is None else expected.round - lag
        acting = (
            vote(self.db, expected.request, by, verdict, policy=POLICY, round=seen)
            if verdict
            else withdraw(self.db, expected.request, by, policy=POLICY, round=seen)
        )
        answer = self.runner.run(acting)
        said = denial(answer)
        assert said is expected.refusal(by, verdict, seen)
        if not isinstance(answer, Refused):
            expected.apply(by, verdict)

    @rule(expected=submitted, data=st.data())
    def stand_in_approves(self, expected: Expected, data: st.DataObject) -> None:
        """Somebody who may have a place of the open stage, so that this is not left to chance."""
        seats = sorted(SEATS[expected.stage])
        able = sorted({who for user in seats if (who := stand_in(user, self.away))})
        by = data.draw(st.sampled_from(able or seats))
        self.act(expected=expected, by=by, verdict=Verdict.APPROVE, lag=None)

    @initialize(away=st.dictionaries(roles, roles, min_size=1, max_size=3))
    def some_are_away(self, away: dict[str, str]) -> None:
        for who, delegate in away.items():
            self.leave(who=who, delegate=delegate)

    @rule(who=roles, delegate=st.none() | roles)
    def leave(self, who: str, delegate: str | None) -> None:
        wish = Leave(who, by=who, delegate=delegate)
        answer = self.runner.run(go_away(self.db, wish, POLICY, now=NOW))
        if who == delegate:
            assert answer is AbsenceDenial.OWN_DELEGATE
        else:
            assert not isinstance(answer, AbsenceDenial)
            self.away[who] = delegate

    @rule(who=roles)
    def come_back(self, who: str) -> None:
        answer = self.runner.run(come_back(self.db, who, by=who, policy=POLICY, now=NOW))
        assert (answer is AbsenceDenial.NOT_AWAY) == (who not in self.away)
        self.away.pop(who, None)

    @invariant()
    def the_record_agrees_with_the_model(self) -> None:
        self.runner.run(self.compare())

    async def compare(self) -> None:
        for expected in self.all:
            async with self.db.snapshot() as session:
                found = await read.one(session, expected.request.id)
            assert (found.status, found.stage) == (expected.status, expected.stage)
            assert (found.round, found.revision) == (expected.round, expected.revision)
            for stage in SEATS:
                given = [vote for vote in found.votes if vote.stage == stage]
                given = [vote for vote in given if vote.verdict is Verdict.APPROVE]
                votes = [(vote.reviewer, vote.cast_for) for vote in given]
                # Cast at one moment, they are in no order.
                assert sorted(votes, key=str) == sorted(expected.approvals[stage], key=str)

    async def close(self) -> None:
        assert [checked async for checked in check_all(self.db) if checked.findings] == []
        await self.db.dispose()

    def teardown(self) -> None:
        self.runner.run(self.close())
        self.runner.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the address of a migrated, empty database each time."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")

        def copied() -> str:
            path = tmp_path / f"{next(_numbers)}.db"
            shutil.copy(template, path)
            return f"sqlite:///{path}"

        return copied
    server: Server = request.getfixturevalue("postgres")

    def created() -> str:
        name = f"machine_{next(_numbers)}"
        server.execute(f"CREATE DATABASE {{}} TEMPLATE {TEMPLATE}", name)
        return server.url(name)

    return created


@pytest.mark.slow
def test_no_order_of_absences_breaks_a_review_in_stages(fresh: Callable[[], str]) -> None:
    class Here(Stages):
        pass

    Here.fresh = staticmethod(fresh)  # type: ignore[assignment]
    run_state_machine_as_test(Here, settings=settings(max_examples=25, stateful_step_count=25))
