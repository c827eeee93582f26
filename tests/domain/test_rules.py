"""Which rule is for a request, what its stage still needs, and what a policy cannot mean."""

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
    may,
    sees_only,
    votes_left,
)
from store.domain.lifecycle import Act
from store.domain.policy import Asked, Policy, PolicyError, Rule
from store.domain.policy_check import problems
from store.domain.request import Category, Environment, Request, Verdict, Vote
from store.domain.terms import ALL, Stage, Terms, seat
from tests.cast import ADA, ALICE, BOB, CAROL, MALLORY, NOW, request

DAN, ERIN = "UDAN", "UERIN"
NAMES = ("wallet ph", "Wallet PH", "Ｗallet ph", "kape")
FOLDED = {"wallet ph": "wallet ph", "Wallet PH": "wallet ph", "Ｗallet ph": "wallet ph"}


def some(values: type[Category] | type[Environment]) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from([each.value for each in values]), max_size=2)


keys = st.fixed_dictionaries(
    {
        "category": some(Category),
        "environment": some(Environment),
        "target_app": st.none() | st.lists(st.sampled_from(NAMES), max_size=2),
        "mini_program": st.none() | st.lists(st.sampled_from(["21", "22"]), max_size=2),
    }
)
asked = st.builds(
    Asked,
    st.sampled_from(Category),
    st.sampled_from(Environment),
    st.sampled_from(["", "wallet ph", "kape"]),
    st.sampled_from(["21", "22", "23"]),
)


def naive(rules: list[dict[str, list[str] | None]], found: Asked) -> int | None:
    """The same once more, as one would tell it: the first rule of which no key speaks against."""
    values = {
        "category": found.category.value,
        "environment": found.environment.value,
        "target_app": found.target_app,
        "mini_program": found.mini_program,
    }
    for number, rule in enumerate(rules):
        named = {name: given for name, given in rule.items() if given is not None}
        if all(values[n] in [FOLDED.get(each, each) for each in named[n]] for n in named):
            return number
    return None


@given(st.lists(keys, max_size=4), asked)
def test_the_first_rule_that_matches_counts(
    rules: list[dict[str, list[str] | None]], found: Asked
) -> None:
    policy = Policy(
        admins=(ADA,),
        rules=tuple(Rule.model_validate({"name": str(n), **rule}) for n, rule in enumerate(rules)),
    )
    matched = policy.rule_for(found)
    assert (int(matched.name) if matched else None) == naive(rules, found)


everybody = st.sampled_from([BOB, CAROL, DAN, ERIN, ADA])
groups = st.frozensets(everybody, max_size=4)


@given(
    given_to=groups,
    today=groups,
    needed=st.sampled_from([1, 2, 3, ALL]),
    voted=st.lists(everybody, unique=True, max_size=4),
)
def test_a_stage_needs_what_the_naive_count_says(
    given_to: frozenset[str], today: frozenset[str], needed: int, voted: list[str]
) -> None:
    terms = Terms("rule", (Stage("Product", needed),))
    roster = Roster(frozenset({ADA}), seats={seat("rule", "Product"): sorted(today)})
    votes = tuple(Vote(who, 1, Verdict.APPROVE, NOW) for who in voted)
    people = tuple(sorted(given_to))
    found = request(terms=terms, assigned={1: people}, reviewers=people, votes=votes)
    if needed != ALL:
        expected = max(0, needed - len(voted))
    else:
        waiting = given_to & today - set(voted)
        expected = len(waiting) or (0 if given_to & set(voted) else 1)
    assert votes_left(found, Rules(roster), NOW) == expected


def staged(stage: int = 1, *votes: Vote) -> Request:
    """Product is Bob's, then Compliance Carol's and Dan's."""
    terms = Terms("rule", (Stage("Product", 1), Stage("Compliance", 2)))
    assigned = {1: (BOB,), 2: (CAROL, DAN)}
    return request(
        terms=terms, assigned=assigned, reviewers=assigned[stage], stage=stage, votes=votes
    )


TODAY = Rules(
    Roster(
        frozenset({ADA}),
        seats={seat("rule", "Product"): (BOB,), seat("rule", "Compliance"): ("SCOMPLIANCE",)},
        members={"SCOMPLIANCE": frozenset({CAROL, DAN, ERIN})},
    )
)
BOBS = Vote(BOB, 1, Verdict.APPROVE, NOW)


@pytest.mark.parametrize(
    ("who", "request_", "answer"),
    [
        (BOB, staged(), None),
        (CAROL, staged(), Denial.STAGE_TO_COME),
        (ADA, staged(), None),
        (ERIN, staged(), Denial.UNKNOWN),
        (BOB, staged(2, BOBS), Denial.STAGE_PASSED),
        (CAROL, staged(2, BOBS), None),
        (ADA, staged(2, Vote(ADA, 1, Verdict.APPROVE, NOW)), Denial.VOTED_BEFORE),
        (CAROL, staged(2, BOBS, Vote(CAROL, 2, Verdict.APPROVE, NOW)), Denial.VOTED),
        (ALICE, staged(), Denial.OWN_REQUEST),
        (MALLORY, staged(), Denial.UNKNOWN),
    ],
)
def test_who_may_approve_at_the_open_stage(
    who: str, request_: Request, answer: Denial | None
) -> None:
    expected = Denied(answer) if answer else Allowed()
    assert may(who, Act.APPROVE, request_, TODAY, NOW) == expected


def test_who_approved_may_still_reject_while_their_stage_is_open() -> None:
    found = staged(2, BOBS, Vote(CAROL, 2, Verdict.APPROVE, NOW))
    assert may(CAROL, Act.REJECT, found, TODAY, NOW) == Allowed()


def test_where_stages_need_not_differ_one_person_approves_at_both() -> None:
    both = replace(TODAY, distinct_stages=False)
    found = staged(2, Vote(ADA, 1, Verdict.APPROVE, NOW))
    assert may(ADA, Act.APPROVE, found, both, NOW) == Allowed()


def test_it_waits_for_those_of_the_stage_who_have_not_voted() -> None:
    found = staged(2, BOBS, Vote(CAROL, 2, Verdict.APPROVE, NOW))
    assert as_reviewed_now(found, TODAY, NOW).reviewers == (DAN,)


def test_who_is_named_only_in_rules_sees_their_own_stages() -> None:
    for who in (BOB, CAROL):
        assert may(who, Act.SEE, staged(), TODAY, NOW) == Allowed()
        assert sees_only(who, TODAY) == who
    other = replace(staged(), terms=Terms("other", (Stage("Product"), Stage("Compliance"))))
    assert may(CAROL, Act.SEE, other, TODAY, NOW) == Denied(Denial.UNKNOWN)


def policy(*rules: str) -> Policy:
    return Policy.parse(f'[workspace]\nadmins = ["{ADA}"]\n' + "\n".join(rules))


BOBS_STAGE = f'{{name = "Product", reviewers = ["{BOB}"]}}'


def rule(name: str, keys: str = "", stages: str = BOBS_STAGE) -> str:
    return f'[[rules]]\nname = "{name}"\nstages = [{stages}]\n{keys}'


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([rule("All"), rule("Late")], "The rule “Late” can never match: the rules above it"),
        (
            [
                rule("P", 'environment = ["production"]'),
                rule("S", 'environment = ["sandbox"]'),
                rule("Late", 'target_app = ["Wallet PH"]'),
            ],
            "The rule “Late” can never match: the rules above it",
        ),
        (
            [rule("No app", 'category = ["optimization_modify"]\ntarget_app = ["X"]')],
            "no request of its categories has one of its target apps",
        ),
        (
            [rule("Few", stages=f'{{name = "Two", reviewers = ["{BOB}"], needed = 2}}')],
            "needs 2 votes and has 1 to give them",
        ),
        (
            [rule("Empty", stages='{name = "Nobody", reviewers = ["SEMPTY"]}')],
            "has nobody who could decide",
        ),
        (
            [
                rule(
                    "Twice",
                    stages=f'{{name = "One", reviewers = ["{BOB}"]}},'
                    f'{{name = "Two", reviewers = ["{BOB}"]}}',
                )
            ],
            f"{BOB} is needed at the stages “One” and “Two”",
        ),
    ],
)
def test_what_a_policy_cannot_mean_is_said(rules: list[str], said: str) -> None:
    found = policy(*rules)
    (problem,) = problems(found, found.roster({}))
    assert said in problem


def test_rules_that_each_have_their_requests_are_well() -> None:
    found = policy(
        rule("Wallet", 'target_app = ["wallet ph"]'),
        rule("Other programs", 'mini_program = ["21"]'),
        rule("Rest"),
    )
    assert problems(found, found.roster({})) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rules]]\nstages = []", "[[rules]] number 1 lacks name."),
        (rule("x", "colour = 1"), "[[rules]] number 1 has no setting colour; it has name, "),
        (rule("x") + rule("X"), "[[rules]] has the name 'X' twice"),
        (rule("x", 'category = ["release"]'), "[[rules]] number 1 category: use 'mini_program_rel"),
        (
            rule("x", stages=f'{{name = "a", reviewers = ["{BOB}"], needed = 0}}'),
            'stages.needed: use a number from 1 to 100, or "all".',
        ),
        (rule("x", "target_hours = 0"), "target_hours: use a whole number of hours from 1 to 720."),
        ("[rules]\nname = 1", "Each rule of the policy file is a part [[rules]]"),
    ],
)
def test_a_wrong_rule_is_named_with_what_is_accepted(text: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        policy(text)
    assert said in str(refused.value)
