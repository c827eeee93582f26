"""The platform's rules about a target hold for what is submitted here, however many try at once."""

import asyncio
from typing import Any

import pytest

from store.domain.access import Denial, Refused
from store.domain.request import Category, ReleaseStage, Request, Verdict
from store.engine.database import Database
from store.requests import read
from store.requests.release_stage import StageMove, move_stage
from store.requests.submit import NewRequest, Submitted
from store.requests.submit import submit as store_request
from tests.cast import ADA, ALICE, BOB, MALLORY, NOW, sample_of
from tests.harness_store import (
    POLICY,
    accepted,
    denial,
    new_submission,
    submit,
    vote,
    withdraw,
)

RIVALS = 20


async def try_to(db: Database, by: str = ALICE, **changes: Any) -> Submitted | Refused:
    handed = new_submission(**changes)
    return await store_request(db, NewRequest(handed, by, NOW), POLICY)


async def record(db: Database, **changes: Any) -> Request:
    """What the platform has taken already."""
    answer = await store_request(
        db, NewRequest(new_submission(**changes), ALICE, NOW, from_platform=True), POLICY
    )
    assert isinstance(answer, Submitted)
    return answer.request


async def seen(db: Database, request: Request) -> Request:
    async with db.snapshot() as session:
        return await read.in_context(session, request.id)


def offline() -> dict[str, Any]:
    mini_program = new_submission().mini_program.model_dump()
    return sample_of(Category.OFFLINE) | {"mini_program": mini_program}


async def test_a_version_goes_to_a_target_once(db: Database) -> None:
    first = await submit(db, version="9.0")
    refused = await try_to(db, version="9.0")
    assert refused == Refused(Denial.RELEASED_ONCE, first.id, first, "version")


async def test_a_canceled_release_blocks_its_version_for_good(db: Database) -> None:
    first = await submit(db, version="9.0")
    accepted(await vote(db, first, BOB))
    await move_stage(db, StageMove(first.id, ALICE, ReleaseStage.CANCELED, NOW), POLICY)
    refused = await try_to(db, version="9.0")
    assert isinstance(refused, Refused)
    assert refused.denial is Denial.RELEASED_ONCE


@pytest.mark.parametrize("ending", ["rejected", "withdrawn"])
async def test_after_an_ending_without_approval_it_may_come_again(
    db: Database, ending: str
) -> None:
    first = await submit(db, version="9.0")
    await (withdraw(db, first) if ending == "withdrawn" else vote(db, first, BOB, Verdict.REJECT))
    assert isinstance(await try_to(db, version="9.0"), Submitted)


@pytest.mark.parametrize(
    "other",
    [
        {"version": "9.1"},
        {"environment": "sandbox"},
        {"mini_program": {"id": "7", "name": "Other"}},
    ],
)
async def test_another_version_or_target_is_free(db: Database, other: dict[str, Any]) -> None:
    await submit(db, version="9.0")
    assert isinstance(await try_to(db, **({"version": "9.0"} | other)), Submitted)


async def test_twenty_equal_releases_at_once_are_one(db: Database) -> None:
    answers = await asyncio.gather(*(try_to(db, version="9.0") for _ in range(RIVALS)))
    (winner,) = [answer for answer in answers if isinstance(answer, Submitted)]
    losers = [answer for answer in answers if isinstance(answer, Refused)]
    assert [loser.request for loser in losers] == [winner.request] * (RIVALS - 1)


async def test_twenty_takings_offline_at_once_are_one(db: Database) -> None:
    numbers = [{**offline(), "external_id": f"off-{n}"} for n in range(RIVALS)]
    answers = await asyncio.gather(*(try_to(db, **filled) for filled in numbers))
    assert sum(isinstance(answer, Submitted) for answer in answers) == 1


async def test_nothing_goes_offline_while_a_release_is_under_review(db: Database) -> None:
    release = await submit(db)
    refused = await try_to(db, **offline())
    assert isinstance(refused, Refused)
    assert (refused.denial, refused.request) == (Denial.TARGET_BUSY, release)
    assert refused.field == "details.target_app"
    accepted(await vote(db, release, BOB))
    assert isinstance(await try_to(db, **offline()), Submitted)


async def test_a_pilot_under_way_keeps_it_online(db: Database) -> None:
    release = accepted(await vote(db, await submit(db), BOB))
    await move_stage(db, StageMove(release.id, ALICE, ReleaseStage.PILOT, NOW), POLICY)
    assert isinstance(await try_to(db, **offline()), Refused)
    await move_stage(db, StageMove(release.id, ALICE, ReleaseStage.FULL, NOW), POLICY)
    assert isinstance(await try_to(db, **offline()), Submitted)


async def test_what_the_platform_has_taken_is_recorded_with_a_warning(db: Database) -> None:
    await record(db, version="9.0")
    again = await seen(db, await record(db, version="9.0"))
    assert again.warnings == (
        "9.0 was already submitted for this target (MP-1, Under Review); "
        "the platform releases a version once",
    )
    down = await seen(db, await record(db, **offline()))
    assert "MP-2 (9.0)" in down.warnings[0]


async def test_what_else_is_under_way_is_said_until_it_is_decided(db: Database) -> None:
    first, second = await submit(db), await submit(db)
    assert "open: MP-" in (await seen(db, second)).warnings[0]
    accepted(await vote(db, first, BOB))
    assert (await seen(db, second)).warnings == ()


async def test_the_base_is_the_last_release_approved_before(db: Database) -> None:
    old = accepted(await vote(db, await submit(db, version="1.0"), BOB))
    first = await seen(db, old)
    assert (first.base, first.first_on_target) == (None, True)
    mid = accepted(await vote(db, await submit(db, version="2.0"), BOB))
    assert mid.completed_on == old.completed_on, "of one moment: the smaller number came first"
    second = await seen(db, mid)
    assert second.base is not None
    assert (second.base.id, (await seen(db, old)).base) == (old.id, None)
    await vote(db, await submit(db, version="2.5"), BOB, Verdict.REJECT)
    new = await seen(db, await submit(db, version="3.0"))
    assert new.base is not None
    assert (new.base.id, new.base.version, new.first_on_target) == (mid.id, "2.0", False)


async def test_what_is_approved_of_the_name_and_of_the_id_is_found(db: Database) -> None:
    old = {"id": "70", "name": "Old Name"}
    accepted(await vote(db, await submit(db, mini_program=old), BOB))
    accepted(await vote(db, await submit(db, mini_program={"id": "69", "name": "Taken"}), BOB))
    again = {"id": "70", "name": "Taken"}
    shown = await seen(db, await submit(db, mini_program=again))
    assert shown.warnings[-2:] == (
        "70 was “Old Name” before (MP-1)",
        "“Taken” is known with another id: 69 (MP-2)",
    )
    accepted(await vote(db, shown, BOB))
    fine = await seen(db, await submit(db, mini_program=again))
    assert fine.warnings == ("“Taken” is known with another id: 69 (MP-2)",)


async def test_of_other_peoples_requests_a_submitter_is_told_nothing(db: Database) -> None:
    accepted(await vote(db, await submit(db, version="1.0"), BOB))
    await submit(db, version="2.0")
    theirs = await submit(db, version="3.0", submitted_by=MALLORY)
    look = await read.look(db, theirs.id, viewer=MALLORY, policy=POLICY, now=NOW)
    assert isinstance(look, read.Seen)
    shown = look.request
    assert (shown.base, shown.warnings, shown.first_on_target) == (None, (), False)
    decides = await read.look(db, theirs.id, viewer=BOB, policy=POLICY, now=NOW)
    assert isinstance(decides, read.Seen)
    assert decides.request.base is not None
    assert "open: MP-" in decides.request.warnings[0]


async def test_of_their_own_requests_a_submitter_is_told(db: Database) -> None:
    accepted(await vote(db, await submit(db, version="1.0"), BOB))
    await submit(db, version="2.0")
    look = await read.look(db, (await submit(db)).id, viewer=ALICE, policy=POLICY, now=NOW)
    assert isinstance(look, read.Seen)
    assert look.request.base is not None
    assert "open: MP-" in look.request.warnings[0]


async def test_a_second_try_is_linked_by_itself(db: Database) -> None:
    first = await submit(db, version="9.0")
    accepted(await vote(db, first, BOB, Verdict.REJECT, reason="No contact"))
    second = await seen(db, await submit(db, version="9.1"))
    assert (second.attempt, second.resubmission_of) == (2, first.id)
    assert second.predecessor is not None
    assert second.predecessor.decision_reason == "No contact"
    accepted(await withdraw(db, second))
    assert (await submit(db, version="9.2")).attempt == 3


async def test_who_was_approved_in_between_begins_anew(db: Database) -> None:
    accepted(await withdraw(db, await submit(db)))
    accepted(await vote(db, await submit(db), BOB))
    assert (await submit(db)).resubmission_of is None


async def test_somebody_elses_try_is_not_taken_up_by_itself(db: Database) -> None:
    accepted(await withdraw(db, await submit(db)))
    assert (await submit(db, submitted_by=ADA)).attempt == 1


@pytest.mark.parametrize(("by", "linked"), [(ALICE, True), (ADA, True), (BOB, False)])
async def test_a_named_try_counts_for_its_submitter_and_for_admins(
    db: Database, by: str, linked: bool
) -> None:
    first = await submit(db)
    accepted(await withdraw(db, first))
    answer = await store_request(
        db, NewRequest(new_submission(), by, NOW, resubmission_of=first.id), POLICY
    )
    assert isinstance(answer, Submitted)
    assert (answer.request.resubmission_of == first.id) is linked


async def test_a_named_try_of_something_else_does_not_count(db: Database) -> None:
    other = await submit(db, mini_program={"id": "7", "name": "Other"})
    accepted(await withdraw(db, other))
    open_ = await submit(db)
    for named in (other.id, open_.id, 999):
        answer = await store_request(
            db, NewRequest(new_submission(), ADA, NOW, resubmission_of=named), POLICY
        )
        assert isinstance(answer, Submitted)
        assert answer.request.resubmission_of is None
    assert denial(open_) is None
