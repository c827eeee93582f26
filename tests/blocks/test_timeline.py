"""The process shows what was done, what is now, and never claims what only the platform knows."""

from datetime import timedelta

import pytest

from blocks.timeline import State, next_stage, render, steps
from store.domain.request import Category, Environment, Move, ReleaseStage, Request, Status
from tests.cast import ALICE, BOB, NOW, PEOPLE, request
from tests.harness_blocks import ended

PRODUCTION = ["Release Preparation", "Pilot Testing", "Grayscale Release", "Full Release"]


def states(shown: Request) -> list[tuple[str, str]]:
    return [(step.name, step.state.value) for step in steps(shown)]


def test_a_release_under_review_shows_all_that_is_to_come() -> None:
    assert states(request()) == [
        ("New Version Created", "done"),
        ("Under Review", "current"),
        *((name, "later") for name in PRODUCTION),
    ]


def test_an_approved_release_is_in_preparation_and_not_live() -> None:
    shown = ended(Status.APPROVED)
    assert states(shown)[:3] == [
        ("New Version Created", "done"),
        ("Approved", "done"),
        ("Release Preparation", "current"),
    ]
    assert "✓  *Approved* · Bob · " in render(shown, PEOPLE)
    assert steps(shown)[1].by == BOB
    assert next_stage(shown) == "Release Preparation"


def test_sandbox_knows_neither_preparation_nor_grayscale() -> None:
    names = [step.name for step in steps(request(environment=Environment.SANDBOX))]
    assert names == ["New Version Created", "Under Review", "Pilot Testing", "Full Release"]


@pytest.mark.parametrize("status", [Status.REJECTED, Status.WITHDRAWN])
def test_a_process_that_ended_shows_nothing_beyond(status: Status) -> None:
    last = steps(ended(status))[-1]
    assert (last.name, last.state) == (status.label, State.ENDED)
    assert last.by == (BOB if status is Status.REJECTED else ALICE)


def test_other_categories_go_from_submitted_to_their_end() -> None:
    shown = ended(Status.APPROVED, category=Category.OFFLINE)
    assert states(shown) == [("Submitted", "done"), ("Approved", "done")]
    waiting = request(category=Category.LAUNCH)
    assert states(waiting)[-1] == ("Approved", "later")


def moved(*stages: ReleaseStage, **changes: object) -> Request:
    """The approved release, moved an hour apart by Alice."""
    reached = [Move(stage, ALICE, NOW + timedelta(hours=n)) for n, stage in enumerate(stages)]
    last = {"release_stage": stages[-1], "moved_at": reached[-1].at}
    return ended(Status.APPROVED, moves=tuple(reached), **last, **changes)


def test_a_release_that_was_moved_shows_where_it_really_is() -> None:
    assert states(moved(ReleaseStage.PILOT, ReleaseStage.GRAYSCALE))[2:] == [
        ("Pilot Testing", "done"),
        ("Grayscale Release", "current"),
        ("Full Release", "later"),
    ]


def test_the_stages_say_by_whom_and_when() -> None:
    shown = render(moved(ReleaseStage.PILOT), PEOPLE)
    assert f"➤  *Pilot Testing* · Alice · <!date^{int(NOW.timestamp())}^" in shown


@pytest.mark.parametrize(
    ("stage", "state"),
    [
        (ReleaseStage.FULL, State.DONE),
        (ReleaseStage.CANCELED, State.ENDED),
        (ReleaseStage.ARCHIVED, State.ENDED),
    ],
)
def test_after_a_final_stage_nothing_is_to_come(stage: ReleaseStage, state: State) -> None:
    last = steps(moved(ReleaseStage.PILOT, stage))[-1]
    assert (last.name, last.state) == (stage.label, state)


def test_after_preparation_there_is_no_pilot_testing() -> None:
    names = [step.name for step in steps(moved(ReleaseStage.PREPARATION))][2:]
    assert names == ["Release Preparation", "Grayscale Release", "Full Release"]


def test_the_current_step_says_whom_it_waits_for() -> None:
    assert "➤  *Under Review* · waiting for Bob or Carol\n○  _Release" in render(request(), PEOPLE)
