"""The transition table, every pair of it."""

import pytest

from store.domain.lifecycle import TRANSITIONS, Act, after
from store.domain.request import Status, Verdict

FINAL = [status for status in Status if status is not Status.UNDER_REVIEW]
ENDS = {
    Act.APPROVE: Status.APPROVED,
    Act.REJECT: Status.REJECTED,
    Act.WITHDRAW: Status.WITHDRAWN,
}


@pytest.mark.parametrize("act", ENDS)
def test_a_review_ends_by_each_act(act: Act) -> None:
    assert after(Status.UNDER_REVIEW, act) is ENDS[act]


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize("act", list(Act))
def test_there_is_no_way_out_of_a_final_status(status: Status, act: Act) -> None:
    assert after(status, act) is None


def test_seeing_changes_nothing() -> None:
    assert after(Status.UNDER_REVIEW, Act.SEE) is None


def test_every_final_status_can_be_reached_and_under_review_cannot() -> None:
    assert set(TRANSITIONS.values()) == set(FINAL)


@pytest.mark.parametrize(
    ("verdict", "act"), [(Verdict.APPROVE, Act.APPROVE), (Verdict.REJECT, Act.REJECT)]
)
def test_a_vote_is_the_act_of_its_verdict(verdict: Verdict, act: Act) -> None:
    assert act.verdict is verdict
