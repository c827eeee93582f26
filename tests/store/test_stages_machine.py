"""Reviews in stages, whatever people do in whatever order: the record is what a plain model says.

Two stages, the second with a quorum; reviewers of one stage, of both, of the workspace, an admin.
"""

import asyncio
import itertools
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

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

from store import people as store_people
from store.audit.verify import check_all
from store.domain.access import Denial, HandDenial, Refused
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Person, Request, Status, Verdict
from store.engine.database import Database
from store.requests import read
from store.requests.emergencies import Marking, mark_reviewed
from store.requests.hand_over import Handing, hand_over
from store.requests.testing import OnIt, say_who_tests
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import alone, denial, submit, vote, withdraw

DAN, ERIN = "UDAN", "UERIN"
SEATS = {1: {CAROL, DAN}, 2: {DAN, ERIN, BOB}}
NEEDED = {1: 1, 2: 2}
POLICY = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    reviewers = ["{BOB}"]
    emergency = ["{CAROL}"]
    [[rules]]
    name = "Two parties"
    stages = [
      {{name = "Product", reviewers = ["{CAROL}", "{DAN}"], needed = 1}},
      {{name = "Compliance", reviewers = ["{DAN}", "{ERIN}", "{BOB}"], needed = 2}},
    ]
""")
_numbers = itertools.count()
people = st.sampled_from([ALICE, BOB, CAROL, DAN, ERIN, ADA, MALLORY])
lags = st.sampled_from([None, None, 0, 0, 1])
"""How many rounds behind the clicked card is; None for a typed command."""


@dataclass
class Expected:
    """One request as the model sees it."""

    request: Request
    status: Status = Status.UNDER_REVIEW
    stage: int = 1
    round: int = 1
    revision: int = 1
    tester: str | None = None
    alone: str | None = None
    reviewed_by: str | None = None
    handed: set[tuple[int, str]] = field(default_factory=set)
    approvals: dict[int, list[str]] = field(default_factory=lambda: {1: [], 2: []})

    @property
    def is_open(self) -> bool:
        return self.status is Status.UNDER_REVIEW

    def refusal(self, who: str, verdict: Verdict | None, seen: int | None) -> Denial | None:
        """The rules of the house, told once more in other words; no verdict is a withdrawal."""
        held = self.held(who)
        if who == MALLORY and not held:
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
        if verdict is Verdict.APPROVE and who in self.approvals[self.stage]:
            return Denial.VOTED
        if verdict is Verdict.APPROVE and self.stage == 2 and who in self.approvals[1]:
            return Denial.VOTED_BEFORE
        return Denial.STALE if seen not in (None, self.round) else None

    def held(self, who: str) -> list[int]:
        """The stages they decide at, by the policy or because it was handed to them there."""
        return [n for n, seat in SEATS.items() if who in seat or (n, who) in self.handed]

    def testing_refusal(self, who: str, act: Act, seen: int | None) -> Denial | None:
        """Whoever may approve may test, one at a time; who does may let go."""
        if who == MALLORY and not self.held(who):
            return Denial.UNKNOWN
        if act is Act.LET_GO:
            denied = None if self.tester == who else Denial.NOT_TESTING
        else:
            denied = self.refusal(who, Verdict.APPROVE, None)
            denied = denied or (Denial.TESTED if self.tester else None)
        return denied or (Denial.STALE if seen not in (None, self.round) else None)

    def alone_refusal(self, who: str, seen: int | None, said: bool) -> Denial | None:
        """Carol alone, of whatever is open, if she says why."""
        if who == MALLORY and not self.held(who):
            return Denial.UNKNOWN
        if who == ALICE:
            return Denial.OWN_REQUEST
        if who != CAROL:
            return Denial.NOT_IN_EMERGENCIES
        if not self.is_open:
            return Denial.CLOSED
        if seen not in (None, self.round):
            return Denial.STALE
        return None if said else Denial.NOT_SAID_WHY

    def mark_refusal(self, who: str) -> Denial | None:
        """Another admin, once."""
        if who == MALLORY and not self.held(who):
            return Denial.UNKNOWN
        if not self.alone or self.reviewed_by:
            return Denial.NOTHING_TO_MARK
        return None if who == ADA else Denial.NOT_TO_MARK

    def hand_refusal(self, who: str, to: str, seen: int | None) -> Denial | HandDenial | None:
        """Whoever may reject hands it to others of the stage, the admin to anybody but Alice."""
        denied = self.refusal(who, Verdict.REJECT, seen)
        if denied:
            return denied
        if to == who:
            return HandDenial.ONESELF
        if to == ALICE:
            return HandDenial.SUBMITTER
        if to not in SEATS[self.stage] and who != ADA:
            return HandDenial.NOT_THIS_STAGE
        if to in self.approvals[self.stage] or (self.stage == 2 and to in self.approvals[1]):
            return HandDenial.VOTED
        return HandDenial.HAS_IT if (self.stage, to) in self.handed else None

    def apply(self, who: str, verdict: Verdict | None) -> None:
        self.revision += 1
        if who == self.tester:
            self.tester = None
        if verdict is not Verdict.APPROVE:
            self.status = Status.REJECTED if verdict else Status.WITHDRAWN
            self.approvals[self.stage] = [w for w in self.approvals[self.stage] if w != who]
            self.round += 1
            self.tester = None
            return
        self.approvals[self.stage].append(who)
        if len(self.approvals[self.stage]) < NEEDED[self.stage]:
            return
        self.round += 1
        self.tester = None
        if self.stage == 2:
            self.status = Status.APPROVED
        else:
            self.stage = 2


class Stages(RuleBasedStateMachine):
    """Everything by anybody, from current and from old cards."""

    template: Path
    folder: Path
    submitted: Bundle[Expected] = Bundle("submitted")

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / f"{next(_numbers)}.db"
        shutil.copy(self.template, path)
        self.runner = asyncio.Runner()
        self.db = Database(f"sqlite:///{path}")
        self.runner.run(self.meet())
        self.all: list[Expected] = []

    async def meet(self) -> None:
        async with self.db.transaction() as session:
            met = [Person(user, user) for user in (ALICE, BOB, CAROL, DAN, ERIN, ADA, MALLORY)]
            await store_people.remember(session, met, now=NOW)

    @rule(target=submitted)
    def submit(self) -> Expected:
        expected = Expected(self.runner.run(submit(self.db, policy=POLICY)))
        self.all.append(expected)
        return expected

    @rule(expected=submitted, by=people, verdict=st.sampled_from([*Verdict, None]), lag=lags)
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

    @rule(expected=submitted, by=people, act=st.sampled_from([Act.TEST, Act.LET_GO]), lag=lags)
    def test(
        self, expected: Expected, by: str, act: Literal[Act.TEST, Act.LET_GO], lag: int | None
    ) -> None:
        seen = None if lag is None else expected.round - lag
        said = OnIt(expected.request.id, act, by, NOW, seen)
        answer = self.runner.run(say_who_tests(self.db, said, POLICY))
        assert denial(answer) is expected.testing_refusal(by, act, seen)
        if not isinstance(answer, Refused):
            expected.revision += 1
            expected.tester = by if act is Act.TEST else None

    @rule(expected=submitted, by=people, to=people, lag=lags)
    def hand(self, expected: Expected, by: str, to: str, lag: int | None) -> None:
        seen = None if lag is None else expected.round - lag
        wanted = Handing(expected.request.id, by, to, NOW, seen)
        answer = self.runner.run(hand_over(self.db, wanted, POLICY))
        refused = answer if isinstance(answer, HandDenial) else denial(answer)
        assert refused is expected.hand_refusal(by, to, seen)
        if refused is None:
            expected.revision += 1
            expected.handed.add((expected.stage, to))
            expected.tester = None if expected.tester == by else expected.tester

    @rule(expected=submitted, by=people, lag=lags, said=st.booleans())
    def approve_alone(self, expected: Expected, by: str, lag: int | None, said: bool) -> None:
        seen = None if lag is None else expected.round - lag
        incident = "https://incidents.example/7" if said else None
        answer = self.runner.run(alone(self.db, expected.request, by, POLICY, seen, incident))
        assert denial(answer) is expected.alone_refusal(by, seen, said)
        if not isinstance(answer, Refused):
            expected.revision += 1
            expected.round += 1
            expected.status, expected.alone, expected.tester = Status.APPROVED, by, None

    @rule(expected=submitted, by=people)
    def mark(self, expected: Expected, by: str) -> None:
        marking = Marking(expected.request.id, by, NOW)
        answer = self.runner.run(mark_reviewed(self.db, marking, POLICY))
        assert denial(answer) is expected.mark_refusal(by)
        if not isinstance(answer, Refused):
            expected.revision += 1
            expected.reviewed_by = by

    @invariant()
    def the_record_agrees_with_the_model(self) -> None:
        self.runner.run(self.compare())

    async def compare(self) -> None:
        for expected in self.all:
            async with self.db.snapshot() as session:
                found = await read.one(session, expected.request.id)
            assert (found.status, found.stage) == (expected.status, expected.stage)
            assert (found.round, found.revision) == (expected.round, expected.revision)
            assert found.tester == expected.tester
            assert (found.is_emergency, found.reviewed_by) == (
                bool(expected.alone),
                expected.reviewed_by,
            )
            assert {(each.stage, each.to) for each in found.handed} == expected.handed
            for stage in SEATS:
                assert list(found.approvers(stage)) == expected.approvals[stage]

    async def close(self) -> None:
        assert [checked async for checked in check_all(self.db) if checked.findings] == []
        await self.db.dispose()

    def teardown(self) -> None:
        self.runner.run(self.close())
        self.runner.close()


@pytest.mark.slow
def test_no_order_of_acts_breaks_a_review_in_stages(sqlite_template: Path, tmp_path: Path) -> None:
    class Here(Stages):
        template, folder = sqlite_template, tmp_path

    run_state_machine_as_test(Here, settings=settings(max_examples=25, stateful_step_count=20))
