"""How a review in stages reads, on every surface."""

import pytest

from blocks import buttons, notices, refusals, request_card, request_details, request_text, why
from store.domain.access import Denial, Refused
from store.domain.explanation import Why
from store.domain.request import Request, Status, Verdict, Vote
from store.domain.terms import ALL, Stage, Terms
from tests.cast import ADA, BOB, CAROL, NOW, PEOPLE, request
from tests.harness_blocks import EVERY_ACT, ended, words

TERMS = Terms(
    "Production", (Stage("Product", 1), Stage("Compliance", 2)), "Check the agreement.", 16
)
PEOPLE_AT = {1: (BOB,), 2: (CAROL, ADA)}
BOBS = Vote(BOB, 1, Verdict.APPROVE, NOW)
CAROLS = Vote(CAROL, 2, Verdict.APPROVE, NOW)
AT_COMPLIANCE = request(
    terms=TERMS, assigned=PEOPLE_AT, stage=2, round=2, reviewers=(ADA,), votes=(BOBS, CAROLS),
    due_at=NOW,
)  # fmt: skip
STANDS = "Stage 2 of 2 · Product ✓ Bob · Compliance 1 of 2 ✓ Carol"


def test_every_surface_says_where_it_stands() -> None:
    for shown in (
        request_card.build(AT_COMPLIANCE, PEOPLE),
        request_card.receipt(AT_COMPLIANCE, PEOPLE),
        request_details.build(AT_COMPLIANCE, PEOPLE, EVERY_ACT),
        why.build(Why(AT_COMPLIANCE, BOB, (ADA,), None, (), (), NOW, PEOPLE)),
    ):
        assert STANDS in words(shown)
        assert "Ada" in words(shown)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (
            request(terms=TERMS, assigned=PEOPLE_AT, reviewers=(BOB,)),
            "Stage 1 of 2 · Product 0 of 1 · Compliance 0 of 2",
        ),
        (
            ended(
                Status.APPROVED, terms=TERMS, assigned=PEOPLE_AT, stage=2,
                votes=(BOBS, CAROLS, Vote(ADA, 2, Verdict.APPROVE, NOW)),
            ),
            "Stage 2 of 2 · Product ✓ Bob · Compliance ✓ Carol and Ada",
        ),
        (
            ended(
                Status.REJECTED, terms=TERMS, assigned=PEOPLE_AT, stage=2,
                votes=(BOBS, Vote(CAROL, 2, Verdict.REJECT, NOW)),
            ),
            "Stage 2 of 2 · Product ✓ Bob · Compliance ✕",
        ),
        (
            request(
                terms=Terms("All", (Stage("Everybody", ALL),)), assigned={1: (BOB, CAROL)},
                reviewers=(CAROL,), votes=(BOBS,),
            ),
            "Everybody 1 of all 2 ✓ Bob",
        ),
        (request(), ""),
    ],
)  # fmt: skip
def test_the_line_of_its_stages(shown: Request, said: str) -> None:
    assert request_text.stages(shown, PEOPLE) == said


def test_the_warning_and_what_is_due_stand_on_the_card_while_it_is_open() -> None:
    card = words(request_card.build(AT_COMPLIANCE, PEOPLE))
    assert "\n⚠️ Check the agreement.\n" in card
    assert " · due Today at 11:00 AM" in card
    asked = buttons.approve(AT_COMPLIANCE).to_dict()["confirm"]["text"]["text"]
    assert asked.startswith("Check the agreement. Release Bills Pay 3.2.4")
    assert "your vote at “Compliance”" in asked
    approved = ended(Status.APPROVED, terms=TERMS, assigned=PEOPLE_AT, stage=2)
    assert "Check the agreement." not in words(request_card.build(approved, PEOPLE))


def test_a_step_of_the_process_for_each_stage() -> None:
    shown = words(request_details.build(AT_COMPLIANCE, PEOPLE, EVERY_ACT))
    assert "✓  Under Review: Product · Bob · " in shown
    assert "➤  Under Review: Compliance · Carol · waiting for Ada" in shown
    assert "Rule\nProduction" in shown


def test_a_vote_that_ends_nothing_is_confirmed_in_words() -> None:
    said = notices.decided(AT_COMPLIANCE, PEOPLE)
    assert said.startswith("✓ Your approval of Release Bills Pay 3.2.4")
    assert STANDS in said


@pytest.mark.parametrize(
    ("denial", "said"),
    [
        (Denial.STAGE_PASSED, "MP-128 has passed your stage already. “Compliance” is wait"),
        (Denial.STAGE_TO_COME, "MP-128 is still at “Compliance”."),
        (Denial.VOTED, "Your approval of MP-128 already counts."),
        (Denial.VOTED_BEFORE, "You approved MP-128 at an earlier stage, and each stage"),
    ],
)  # fmt: skip
def test_a_no_says_where_it_stands(denial: Denial, said: str) -> None:
    refused = Refused(denial, AT_COMPLIANCE.id, AT_COMPLIANCE)
    assert refusals.word(refused, PEOPLE, asker=BOB).startswith(said)


def test_what_was_not_submitted_names_the_setting() -> None:
    stuck = Refused(Denial.NOBODY_CAN_DECIDE, rule="Production", stage="Compliance")
    said = refusals.word(stuck, PEOPLE, asker=BOB)
    assert "“Production” names too few people besides you for its stage “Compliance”" in said
    other = Refused(Denial.NOT_A_SUBMITTER, rule="Production")
    assert "the rule “Production” of the policy names who may submit it" in refusals.word(
        other, PEOPLE, asker=BOB
    )
