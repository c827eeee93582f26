"""Who may do what: Alice submits, Bob and Carol review, Ada administers, Mallory must not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.access import (
    Allowed,
    Denial,
    Denied,
    Roster,
    Rules,
    as_reviewed_now,
    assignees,
    may,
)
from store.domain.lifecycle import Act
from store.domain.request import HandOver, ReleaseStage, Request, Status, Verdict, Vote
from store.domain.terms import BY_WORKSPACE
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW, RULES, request

FINAL = [status for status in Status if status is not Status.UNDER_REVIEW]
OPEN = request()
FOR_BOB = request(reviewers=(BOB,))
BOBS_OWN = request(submitted_by=BOB)
ADAS_OWN = request(submitted_by=ADA)
WITHOUT_BOB = Rules(Roster(admins=frozenset({ADA}), reviewers=frozenset({CAROL})))
OWN_ALLOWED = replace(RULES, own_requests=True)

YES = Allowed()
UNKNOWN = Denied(Denial.UNKNOWN)
CLOSED = Denied(Denial.CLOSED)
OWN = Denied(Denial.OWN_REQUEST)
NO_REVIEWER = Denied(Denial.NOT_A_REVIEWER)
NO_SUBMITTER = Denied(Denial.NOT_THE_SUBMITTER)


@pytest.mark.parametrize(
    ("case", "user", "act", "found", "answer"),
    [
        ("the submitter sees their own", ALICE, Act.SEE, OPEN, YES),
        ("an assigned reviewer sees it", BOB, Act.SEE, OPEN, YES),
        ("a reviewer sees what others review", CAROL, Act.SEE, FOR_BOB, YES),
        ("an admin sees everything", ADA, Act.SEE, OPEN, YES),
        ("nobody else learns that it exists", MALLORY, Act.SEE, OPEN, UNKNOWN),
        ("an assigned reviewer approves", BOB, Act.APPROVE, OPEN, YES),
        ("an assigned reviewer rejects", CAROL, Act.REJECT, OPEN, YES),
        ("a reviewer who is not assigned does not", CAROL, Act.APPROVE, FOR_BOB, NO_REVIEWER),
        ("an admin decides any", ADA, Act.REJECT, FOR_BOB, YES),
        ("the submitter does not decide", ALICE, Act.APPROVE, OPEN, OWN),
        ("a reviewer does not decide their own", BOB, Act.APPROVE, BOBS_OWN, OWN),
        ("an admin does not decide their own", ADA, Act.APPROVE, ADAS_OWN, OWN),
        ("an outsider decides nothing", MALLORY, Act.APPROVE, OPEN, UNKNOWN),
        ("the submitter withdraws", ALICE, Act.WITHDRAW, OPEN, YES),
        ("a reviewer withdraws their own", BOB, Act.WITHDRAW, BOBS_OWN, YES),
        ("a reviewer withdraws nobody else's", BOB, Act.WITHDRAW, OPEN, NO_SUBMITTER),
        ("an admin withdraws nobody else's", ADA, Act.WITHDRAW, OPEN, NO_SUBMITTER),
        ("an outsider withdraws nothing", MALLORY, Act.WITHDRAW, OPEN, UNKNOWN),
    ],
)
def test_the_rule(case: str, user: str, act: Act, found: Request, answer: Allowed | Denied) -> None:
    assert may(user, act, found, RULES, NOW) == answer, case


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize(
    ("user", "act", "answer"),
    [
        (BOB, Act.APPROVE, CLOSED),
        (ADA, Act.REJECT, CLOSED),
        (ALICE, Act.WITHDRAW, CLOSED),
        (ALICE, Act.SEE, YES),
        (ALICE, Act.APPROVE, OWN),
        (BOB, Act.WITHDRAW, NO_SUBMITTER),
        (MALLORY, Act.APPROVE, UNKNOWN),
    ],
)
def test_only_who_might_have_acted_hears_that_it_is_closed(
    status: Status, user: str, act: Act, answer: Allowed | Denied
) -> None:
    assert may(user, act, request(status=status), RULES, NOW) == answer


@pytest.mark.parametrize(
    ("user", "answer"),
    [
        (ALICE, YES),
        (ADA, YES),
        (BOB, Denied(Denial.NOT_THE_MOVER)),
        (MALLORY, UNKNOWN),
    ],
)
def test_the_submitter_and_admins_move_a_release_on(user: str, answer: Allowed | Denied) -> None:
    release = request(status=Status.APPROVED, release_stage=ReleaseStage.PREPARATION)
    assert may(user, Act.MOVE, release, RULES, NOW) == answer


@pytest.mark.parametrize("status", Status)
def test_the_submitter_and_admins_resubmit_what_was_rejected_or_withdrawn(status: Status) -> None:
    ended = status in {Status.REJECTED, Status.WITHDRAWN}
    found = request(status=status)
    allowed = {
        user
        for user in (ALICE, BOB, ADA, MALLORY)
        if may(user, Act.RESUBMIT, found, RULES, NOW) == YES
    }
    assert allowed == ({ALICE, ADA} if ended else set())


def test_a_former_reviewer_neither_sees_nor_decides_what_they_were_given() -> None:
    assert may(BOB, Act.SEE, OPEN, WITHOUT_BOB, NOW) == UNKNOWN
    assert may(BOB, Act.APPROVE, OPEN, WITHOUT_BOB, NOW) == NO_REVIEWER
    assert may(BOB, Act.MOVE, OPEN, WITHOUT_BOB, NOW) == UNKNOWN


def test_who_was_handed_one_request_gets_nothing_back_of_another() -> None:
    bob_is_a_guest = Rules(replace(WITHOUT_BOB.roster, guests={BOB}))
    handed = replace(OPEN, handed=(HandOver(1, BOB, ADA, NOW, as_guest=True),))
    assert may(BOB, Act.APPROVE, handed, bob_is_a_guest, NOW) == YES
    assert may(BOB, Act.APPROVE, OPEN, bob_is_a_guest, NOW) == NO_REVIEWER
    assert may(BOB, Act.APPROVE, handed, WITHOUT_BOB, NOW) == NO_REVIEWER


def test_a_former_reviewer_sees_what_they_decided() -> None:
    vote = Vote(BOB, 1, Verdict.REJECT, NOW)
    decided = request(status=Status.REJECTED, decided_by=BOB, votes=(vote,))
    assert may(BOB, Act.SEE, decided, WITHOUT_BOB, NOW) == YES
    assert may(BOB, Act.APPROVE, decided, WITHOUT_BOB, NOW) == NO_REVIEWER
    by_carol = request(
        status=Status.REJECTED, decided_by=CAROL, votes=(replace(vote, reviewer=CAROL),)
    )
    assert may(BOB, Act.SEE, by_carol, WITHOUT_BOB, NOW) == UNKNOWN


def test_an_open_request_names_as_reviewers_who_may_decide_it_now() -> None:
    assert as_reviewed_now(OPEN, WITHOUT_BOB, NOW).reviewers == (CAROL,)
    assert as_reviewed_now(OPEN, Rules(), NOW).reviewers == ()
    decided = request(status=Status.APPROVED)
    assert as_reviewed_now(decided, WITHOUT_BOB, NOW).reviewers == (BOB, CAROL)


@pytest.mark.parametrize(("user", "own"), [(BOB, BOBS_OWN), (ADA, ADAS_OWN)])
def test_the_policy_may_let_people_decide_their_own(user: str, own: Request) -> None:
    assert may(user, Act.APPROVE, own, OWN_ALLOWED, NOW) == YES


def test_that_leave_makes_no_reviewer_of_the_submitter() -> None:
    assert may(ALICE, Act.APPROVE, OPEN, OWN_ALLOWED, NOW) == NO_REVIEWER


def test_with_an_empty_roster_nobody_decides() -> None:
    assert may(BOB, Act.APPROVE, OPEN, Rules(), NOW) == NO_REVIEWER
    assert may(ADA, Act.APPROVE, OPEN, Rules(), NOW) == UNKNOWN


@pytest.mark.parametrize(
    ("case", "submitter", "rules", "cards"),
    [
        ("the reviewers", ALICE, RULES, (BOB, CAROL)),
        ("but not the submitter", BOB, RULES, (CAROL,)),
        ("unless the policy says so", BOB, OWN_ALLOWED, (BOB, CAROL)),
        ("without reviewers the admins", ALICE, Rules(Roster(admins={ADA})), (ADA,)),
        ("when only the submitter reviews", BOB, Rules(Roster({ADA}, {BOB})), (ADA,)),
        ("nobody is left", ADA, Rules(Roster(admins={ADA})), ()),
        ("nobody is configured", ALICE, Rules(), ()),
    ],
)
def test_who_gets_the_card(case: str, submitter: str, rules: Rules, cards: tuple[str, ...]) -> None:
    assert assignees(submitter, BY_WORKSPACE, rules) == {1: cards}, case


everybody = st.sampled_from([ALICE, BOB, CAROL, ADA, MALLORY])
rosters = st.builds(Roster, st.frozensets(everybody), st.frozensets(everybody))
any_rules = st.builds(Rules, rosters, st.booleans())


@given(everybody, any_rules)
def test_whoever_gets_the_card_may_decide(submitter: str, rules: Rules) -> None:
    cards = assignees(submitter, BY_WORKSPACE, rules)[1]
    found = request(submitted_by=submitter, reviewers=cards)
    for user in cards:
        assert may(user, Act.APPROVE, found, rules, NOW) == YES
