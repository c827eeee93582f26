"""Why a request stands where it stands, said to one person."""

from dataclasses import replace
from datetime import timedelta

from blocks import why
from store.domain.access import Denial
from store.domain.explanation import Delivery, Why
from store.domain.request import Audience, Move, ReleaseStage, Status
from tests.cast import ADA, ALICE, BOB, CAROL, NOW, PEOPLE, request
from tests.harness_blocks import ended, words

OPEN = Why(
    request=request(),
    asker=ALICE,
    deciders=(BOB, CAROL, ADA),
    denial=Denial.OWN_REQUEST,
    deliveries=(
        Delivery("CREVIEWS", Audience.CHANNEL, failed="channel_not_found"),
        Delivery(BOB, Audience.REVIEWER, NOW - timedelta(minutes=5)),
        Delivery(CAROL, Audience.REVIEWER),
        Delivery(ALICE, Audience.SUBMITTER, NOW - timedelta(minutes=5)),
    ),
    reminded=((BOB, NOW - timedelta(minutes=2)),),
    remind_at=NOW + timedelta(hours=1),
    people=PEOPLE,
)


def test_an_open_request_is_explained_from_who_decides_to_what_comes_next() -> None:
    own = "You submitted MP-128, so somebody else decides it."
    assert words(why.build(OPEN, refusal=own)).splitlines() == [
        "Release Bills Pay 3.2.4 · MP-128",
        "⏳ Under Review · waiting for Bob or Carol",
        "Who may decide",
        "Bob, Carol, Ada.",
        own,
        "Who was told",
        "#CREVIEWS · could not be told: channel_not_found",
        "Bob (reviewer) · Today at 10:55 AM",
        "Carol (reviewer) · on its way",
        "Alice (submitter) · Today at 10:55 AM",
        "⏰ Bob was reminded Today at 10:58 AM",
        "What happens next",
        "The first decision ends the review, and the submitter hears it at once. Until then it is"
        " in its reviewers' digest. Reviewers are reminded from Today at 12:00 PM on.",
        "[ Details ]",
    ]


def test_what_is_overdue_is_said_to_be() -> None:
    late = replace(OPEN, remind_at=NOW - timedelta(days=1), is_late=True)
    assert (
        "Overdue since Yesterday at 11:00 AM; reviewers are reminded each working morning."
        in words(why.build(late))
    )


def test_who_may_decide_is_told_so() -> None:
    said = words(why.build(replace(OPEN, asker=BOB, denial=None)))
    assert "You can: the card and the details have the buttons." in said


def test_when_nobody_is_left_to_decide_it_names_the_setting() -> None:
    assert "set reviewers in the policy file" in words(why.build(replace(OPEN, deciders=())))


def test_after_the_end_it_says_by_whom_and_what_to_do() -> None:
    said = words(why.build(replace(OPEN, request=ended(Status.REJECTED), deciders=())))
    assert "Nobody any more: it was rejected by Bob." in said
    assert "Change what the reason names, then submit it again." in said


def test_a_release_under_way_says_where_it_is_and_where_it_may_go() -> None:
    moves = (Move(ReleaseStage.PILOT, ALICE, NOW),)
    moved = ended(Status.APPROVED, release_stage=ReleaseStage.PILOT, moves=moves)
    said = words(why.build(replace(OPEN, request=moved)))
    assert "It is in Pilot Testing. Then: Grayscale Release or Full Release or Canceled." in said


def test_many_who_were_told_are_counted() -> None:
    crowd = tuple(Delivery(f"U{n}", Audience.REVIEWER, NOW) for n in range(30))
    assert "and 20 more" in words(why.build(replace(OPEN, deliveries=crowd)))
