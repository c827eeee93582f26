"""What a policy says that cannot be meant: rules that no request comes to, stages without enough
people. Pure: who is in which group is handed over.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from store.domain.access import Roster
from store.domain.policy import Asked, Policy, Rule, RuleStage
from store.domain.request import Category, Environment
from store.domain.terms import ALL
from store.domain.typed_text import folded

_ANY_OTHER = "\n"
"""Stands for every name that no rule has."""


def problems(policy: Policy, roster: Roster) -> list[str]:
    """Every problem as a sentence; none where the policy can be meant as it stands."""
    found = []
    for number, rule in enumerate(policy.rules):
        if why := _never_matches(rule, policy.rules[:number]):
            found.append(f"The rule “{rule.name}” can never match: {why}.")
        for stage in rule.stages:
            found += _of_stage(rule, stage, roster)
        if policy.distinct_stages:
            found += _alone_twice(rule, roster)
    return found


def _never_matches(rule: Rule, before: Sequence[Rule]) -> str | None:
    """Why no request comes to it; None where one may."""
    categories = rule.category or tuple(Category)
    if rule.target_app is not None:
        categories = tuple(each for each in categories if each.spec.has_target_app)
        if not categories or not rule.target_app:
            return "no request of its categories has one of its target apps"
    if any(given == () for given in (rule.category, rule.environment, rule.mini_program)):
        return "one of its keys names nothing"
    above = [each.matching() for each in before]
    if all(any(matches(asked) for matches in above) for asked in _asked(rule, before)):
        return "the rules above it match all that it is for"
    return None


def _asked(rule: Rule, before: Sequence[Rule]) -> Iterator[Asked]:
    """One request of each kind that the rule is for, as far as those above tell them apart."""
    apps = _names(rule.target_app, [each.target_app for each in before], "")
    programs = _names(rule.mini_program, [each.mini_program for each in before], _ANY_OTHER)
    environments = rule.environment or tuple(Environment)
    # What no rule names comes first: where the rule matches at all, it is found at once.
    for app, program in product(apps, programs):
        for category, environment in product(rule.category or tuple(Category), environments):
            if category.spec.has_target_app or not app:
                yield Asked(category, environment, app, program)


def _names(
    own: tuple[str, ...] | None, above: Sequence[tuple[str, ...] | None], none: str
) -> list[str]:
    if own is not None:
        return list(map(folded, own))
    named = dict.fromkeys(folded(name) for names in above for name in names or ())
    return list(dict.fromkeys((_ANY_OTHER, none, *named)))


def _of_stage(rule: Rule, stage: RuleStage, roster: Roster) -> Iterator[str]:
    people = roster.people(stage.reviewers)
    place = f"“{stage.name}” of the rule “{rule.name}”"
    if not people:
        yield f"The stage {place} has nobody who could decide: look at its `reviewers`."
    elif stage.needed != ALL and stage.needed > len(people):
        yield (
            f"The stage {place} needs {stage.needed} votes and has {len(people)} to give them: "
            "add people to its `reviewers`, or lower `needed`."
        )


def _alone_twice(rule: Rule, roster: Roster) -> Iterator[str]:
    """Whoever is needed at two stages and counts at one."""
    needed_at: dict[str, str] = {}
    for stage in rule.stages:
        people = roster.people(stage.reviewers)
        if stage.needed != ALL and len(people) > stage.needed:
            continue
        for person in sorted(people):
            if person in needed_at:
                yield (
                    f"{person} is needed at the stages “{needed_at[person]}” and “{stage.name}” of "
                    f"the rule “{rule.name}”, and with `distinct_stages` counts at one of them."
                )
            needed_at.setdefault(person, stage.name)
