"""The platform's rules about one target, and what a reviewer should know of it."""

import pytest

from store.domain.access import Allowed, Denial
from store.domain.request import Category, Predecessor, ReleaseStage, Request, Status
from store.domain.target_rules import (
    Blocked,
    Namesakes,
    Precedents,
    Target,
    is_older,
    judge,
    warnings,
)
from tests.cast import request


def earlier(number: int = 12, status: Status = Status.UNDER_REVIEW, **more: object) -> Predecessor:
    mine = request()
    named = {"mini_program_id": mine.mini_program_id, "mini_program_name": mine.mini_program_name}
    given = {"category": Category.RELEASE, "version": "3.2.4", **named, **more}
    return Predecessor(id=number, status=status, **given)  # type: ignore[arg-type]  # a story's facts


def offline() -> Request:
    return request(category=Category.OFFLINE)


def test_a_version_is_released_to_a_target_once() -> None:
    there = earlier(status=Status.APPROVED)
    found = Precedents(standing=(there,))
    assert judge(Category.RELEASE, found) == Blocked(Denial.RELEASED_ONCE, there, "version")


def test_a_rejected_version_may_be_handed_in_again() -> None:
    assert judge(Category.RELEASE, Precedents(rejected=(earlier(),))) == Allowed()


def test_another_version_under_review_is_no_obstacle_to_a_release() -> None:
    assert judge(Category.RELEASE, Precedents(under_way=(earlier(),))) == Allowed()


def test_nothing_goes_offline_while_something_is_under_way() -> None:
    there = earlier()
    blocked = judge(Category.OFFLINE, Precedents(under_way=(there,)))
    assert blocked == Blocked(Denial.TARGET_BUSY, there, "details.target_app")


@pytest.mark.parametrize("category", [Category.LAUNCH, Category.FEATURES, Category.OPTIMIZATION])
def test_the_other_categories_have_no_such_rule(category: Category) -> None:
    everything = Precedents((earlier(),), (earlier(),), (earlier(),))
    assert judge(category, everything) == Allowed()
    assert warnings(request(category=category), everything) == ()


def test_an_offline_request_beside_others_names_what_they_are() -> None:
    launch = earlier(7, category=Category.OFFLINE, version=None)
    (said,) = warnings(request(), Precedents(under_way=(earlier(8, version="3.3"), launch)))
    assert said == "2 more requests for Bills Pay in Wallet PH are open: MP-8 (3.3), MP-7 (offline)"


def test_the_reviewer_hears_of_an_earlier_rejection() -> None:
    found = Precedents(rejected=(earlier(status=Status.REJECTED),))
    assert warnings(request(), found) == ("3.2.4 was rejected here before (MP-12)",)


def test_the_rejection_it_answers_is_not_said_twice() -> None:
    found = Precedents(rejected=(earlier(status=Status.REJECTED),))
    assert warnings(request(resubmission_of=12), found) == ()


def test_the_reviewer_hears_what_else_is_under_way() -> None:
    piloted = earlier(15, Status.APPROVED, release_stage=ReleaseStage.PILOT, version="3.2.3")
    assert warnings(request(), Precedents(under_way=(piloted,))) == (
        "1 more request for Bills Pay in Wallet PH is open: MP-15 (3.2.3, Pilot Testing)",
    )


def test_the_same_version_is_said_once_and_with_the_rule() -> None:
    found = Precedents(standing=(earlier(),), under_way=(earlier(),))
    assert warnings(request(), found) == (
        "3.2.4 was already submitted for this target (MP-12, Under Review); "
        "the platform releases a version once",
    )


def test_of_many_under_way_three_are_named() -> None:
    (said,) = warnings(offline(), Precedents(under_way=tuple(map(earlier, (4, 3, 2, 1)))))
    assert [ref for ref in ("MP-4", "MP-3", "MP-2", "MP-1") if f"{ref} (" in said] == [
        "MP-4",
        "MP-3",
        "MP-2",
    ]
    assert said.startswith("More than 3 other requests for Bills Pay in Wallet PH are open: MP-4")


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        ("3.2.4", "3.8.0", True),
        ("3.9", "3.10", True),  # numbers, not letters
        ("3.10", "3.9", False),
        ("3.2", "3.2.0", False),  # the same
        ("3.2.0.1", "3.2", False),
        ("v3.2.4", "3.8.0", True),
        ("3.2-beta", "3.8.0", False),  # nobody knows
        ("", "3.8.0", False),
        (None, "3.8.0", False),
        ("٣.٢", "3.8.0", False),  # digits to int(), no version of ours
    ],
)
def test_versions_are_older_by_their_numbers(
    version: str | None, than: str, *, older: bool
) -> None:
    assert is_older(version, than) is older


def test_the_reviewer_hears_that_it_is_older_than_what_is_approved() -> None:
    base = earlier(5, Status.APPROVED, version="3.8.0")
    assert warnings(request(base=base), Precedents()) == ("Older than the approved 3.8.0 (MP-5)",)
    newer = earlier(5, Status.APPROVED, version="3.2.3")
    assert warnings(request(base=newer), Precedents()) == ()


def test_the_reviewer_hears_that_the_type_changes() -> None:
    other = earlier(5, Status.APPROVED, version="3.2.3", details={"type": "H5+"})
    said = ("The type changes, H5+ → DSL: the platform does not allow it (MP-5)",)
    assert warnings(request(base=other), Precedents()) == said
    assert warnings(request(), Precedents(), Namesakes(last=other)) == said


def test_the_reviewer_hears_that_name_and_id_disagree_with_what_is_known() -> None:
    renamed = earlier(5, Status.APPROVED, mini_program_name="Pay Bills")
    other = earlier(6, Status.APPROVED, mini_program_id="2171020092719999")
    launch = request(category=Category.LAUNCH)
    assert warnings(launch, Precedents(), Namesakes(renamed, other)) == (
        "2171020092715498 was “Pay Bills” before (MP-5)",
        "“Bills Pay” is known with another id: 2171020092719999 (MP-6)",
    )
    same = earlier(5, Status.APPROVED, mini_program_name="bills  pay")
    assert warnings(launch, Precedents(), Namesakes(same)) == ()


def test_after_the_decision_nothing_is_left_to_warn_of() -> None:
    found = Precedents(standing=(earlier(),))
    assert warnings(request(status=Status.APPROVED), found) == ()


def test_case_and_spaces_make_no_other_target() -> None:
    typed = request(details={"target_app": " WALLET  ph"})
    assert Target.of(typed) == Target.of(request())
    assert Target.of(request(category=Category.LAUNCH)).app == ""
