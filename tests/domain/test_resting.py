"""The clock of a review rests while its submitter has the word, in working time, for so long."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from store.domain.deadlines import WorkingTime, working_after, working_between
from store.domain.policy import Policy
from store.domain.request import Request, Status
from tests.cast import request

FRIDAY = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)  # 16:00 in Manila, 9:00 in Berlin
MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # 11:00 in Manila
HOUR = timedelta(hours=1)
MANILA = Policy(timezone="Asia/Manila", office_hours=("09:00", "18:00"))
BERLIN = MANILA.model_copy(update={"timezone": "Europe/Berlin"})


def waiting(due: datetime, remind: datetime | None = None) -> Request:
    return request(due_at=due, remind_at=remind or due, escalate_at=due)


@pytest.mark.parametrize(
    ("policy", "hours"),
    [
        (MANILA, 4),  # Friday 16:00 to 18:00, Monday 9:00 to 11:00
        (MANILA.model_copy(update={"holidays": ("2026-11-23",)}), 2),
        (BERLIN, 9),  # Friday 9:00 to 18:00; on Monday it is 4:00 there
        (Policy(timezone="Asia/Manila"), 8 + 11),  # whole days, but for the weekend
    ],
)
def test_what_is_due_moves_on_by_the_working_time_that_it_rested(
    policy: Policy, hours: int
) -> None:
    due = working_after(FRIDAY, HOUR, policy.working_time)
    resting = policy.resting.begin(waiting(due), FRIDAY)
    assert resting.rest
    assert resting.rest.since == FRIDAY

    on = policy.resting.end(resting, MONDAY)
    assert (on.rest, on.rested) == (None, hours * 3600)
    assert (
        on.due_at
        == on.remind_at
        == on.escalate_at
        == working_after(due, hours * HOUR, policy.working_time)
    )
    assert on.due_at > MONDAY


def test_what_was_overdue_is_not_so_while_it_rests_and_is_again_after() -> None:
    due = datetime(2026, 11, 2, tzinfo=UTC)
    resting = MANILA.resting.begin(waiting(due), FRIDAY)
    assert resting.due_at
    assert resting.due_at > MONDAY
    on = MANILA.resting.end(resting, MONDAY)
    assert on.due_at
    assert due < on.due_at < FRIDAY


def test_it_rests_so_many_working_days_together_and_then_goes_on_by_itself() -> None:
    policy = MANILA.model_copy(update={"question_rest_days": 2})
    due = FRIDAY + HOUR
    first = policy.resting.begin(waiting(due), FRIDAY)
    # Two working days of nine hours from when it was due: Friday 17:00 to Tuesday 17:00.
    assert first.due_at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    on = policy.resting.end(first, MONDAY)
    again = policy.resting.begin(on, MONDAY)
    assert again.due_at == first.due_at, "what it has rested already counts"
    late = policy.resting.end(again, MONDAY + timedelta(days=30))
    assert (late.rested, late.due_at) == (18 * 3600, first.due_at)
    assert policy.resting.begin(late, MONDAY + timedelta(days=31)) == late


def test_a_clock_that_rests_or_runs_already_is_left_alone() -> None:
    resting = MANILA.resting.begin(waiting(MONDAY), FRIDAY)
    assert MANILA.resting.begin(resting, MONDAY) == resting
    running = waiting(MONDAY)
    assert MANILA.resting.end(running, MONDAY) == running
    ended = replace(running, status=Status.APPROVED)
    assert MANILA.resting.begin(ended, FRIDAY) == ended


def test_working_time_between_two_moments() -> None:
    working = WorkingTime("Asia/Manila", frozenset(range(5)), hours=(time(9), time(18)))
    assert working_between(FRIDAY, MONDAY, working) == 4 * HOUR
    assert working_between(MONDAY, FRIDAY, working) == timedelta()
    assert working_between(FRIDAY + 4 * HOUR, FRIDAY + 9 * HOUR, working) == timedelta()
    assert working_after(FRIDAY + 4 * HOUR, timedelta(), working) == FRIDAY + 4 * HOUR
