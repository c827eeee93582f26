"""After the approval: the platform's order of stages, every step of it."""

import pytest

from store.domain import release_stages
from store.domain.request import Category, Environment, ReleaseStage, Request, Status
from tests.cast import request

MOVES = [stage for stage in ReleaseStage if stage is not ReleaseStage.ARCHIVED]
FINAL = [ReleaseStage.FULL, ReleaseStage.CANCELED, ReleaseStage.ARCHIVED]


def approved(**changes: object) -> Request:
    return request(status=Status.APPROVED, **changes)


@pytest.mark.parametrize(
    ("environment", "at", "possible"),
    [
        (Environment.PRODUCTION, None, "preparation pilot grayscale full canceled"),
        (Environment.PRODUCTION, "preparation", "grayscale full canceled"),
        (Environment.PRODUCTION, "pilot", "grayscale full canceled"),
        (Environment.PRODUCTION, "grayscale", "full canceled"),
        (Environment.SANDBOX, None, "pilot full canceled"),
        (Environment.SANDBOX, "pilot", "full canceled"),
    ],
)
def test_a_release_moves_on_in_the_platforms_order(
    environment: Environment, at: str | None, possible: str
) -> None:
    shown = approved(environment=environment, release_stage=ReleaseStage(at) if at else None)
    assert [stage.value for stage in release_stages.possible(shown)] == possible.split()


@pytest.mark.parametrize("environment", Environment)
@pytest.mark.parametrize("stage", FINAL)
def test_a_final_stage_leads_nowhere(environment: Environment, stage: ReleaseStage) -> None:
    shown = approved(environment=environment, release_stage=stage)
    assert release_stages.possible(shown) == release_stages.ahead(shown) == ()


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.APPROVED])
def test_before_the_approval_there_is_no_stage(status: Status) -> None:
    assert release_stages.current(request(status=status)) is None
    assert release_stages.possible(request(status=status)) == ()


def test_only_releases_have_stages() -> None:
    assert not release_stages.has_stages(approved(category=Category.OFFLINE))


def test_until_somebody_says_otherwise_it_is_in_the_first_stage() -> None:
    assert release_stages.current(approved()) is ReleaseStage.PREPARATION
    assert release_stages.current(approved(environment=Environment.SANDBOX)) is ReleaseStage.PILOT


def test_pilot_testing_does_not_follow_release_preparation() -> None:
    moved = approved(release_stage=ReleaseStage.PREPARATION)
    assert release_stages.ahead(moved) == (ReleaseStage.GRAYSCALE, ReleaseStage.FULL)


@pytest.mark.parametrize("stage", MOVES)
def test_a_person_names_a_stage_by_its_word_or_the_platforms_name(stage: ReleaseStage) -> None:
    assert release_stages.read(stage.value.upper()) is stage
    assert release_stages.read(f"\u200b{stage.label}") is stage


@pytest.mark.parametrize("word", ["archived", "", "live", "Archived", "Full Release please"])
def test_other_words_name_no_move(word: str) -> None:
    assert release_stages.read(word) is None
