"""Another policy tried on one's own history: who would have been asked, and what nobody could have
decided. Nothing is written.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, func, select

from store import people
from store.domain.access import assignees, stuck_stage
from store.domain.policy import Asked, Policy
from store.domain.request import Category, Environment
from store.engine.database import Database
from store.engine.time_limits import LONG
from store.tables import RequestRow

BY_WORKSPACE = "[workspace]"
"""What requests go by that no rule matches."""
PORTION = 500
"""Kinds of requests that are read at a time."""
EXAMPLES = 5
"""Requests that are named of those nobody could have decided."""


@dataclass(slots=True)
class Tried:
    """What would have been: requests by rule, by person who would have had a card of them, and by
    the stage that nobody could have decided, with the first numbers of those.
    """

    requests: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    stuck: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[int]] = field(default_factory=dict)


async def try_policy(db: Database, policy: Policy, *, since: datetime) -> Tried:
    """What this policy would have made of what was submitted since then, by today's groups.

    The database counts what is alike, and is read a portion at a time: what is kept grows with the
    people and the rules, and not with the requests.
    """
    alike = (
        *(RequestRow.category, RequestRow.environment, RequestRow.target_app),
        *(RequestRow.mini_program_id, RequestRow.submitted_by),
    )
    kinds = select(*alike, func.count(), func.min(RequestRow.id))  # type: ignore[call-overload]
    kinds = kinds.where(col(RequestRow.created_at) >= since).group_by(*alike)
    counted: Counter[tuple[str | None, str]] = Counter()
    first_of: dict[tuple[str | None, str], list[int]] = {}
    async with db.snapshot(LONG) as session:
        rules = await people.rules(session, policy)
        found = await (await session.connection()).stream(kinds)
        async for portion in found.partitions(PORTION):
            for category, environment, app, program, submitter, count, first in portion:
                asked = Asked.of(Category(category), Environment(environment), app, program)
                rule = policy.rule_for(asked)
                case = (rule.name if rule else None, submitter)
                counted[case] += count
                first_of[case] = sorted((*first_of.get(case, ()), first))[:EXAMPLES]

    tried = Tried()
    for (rule_name, submitter), count in counted.items():
        name = rule_name or BY_WORKSPACE
        tried.requests += count
        tried.by_rule[name] += count
        terms = policy.terms(policy.rule_named(rule_name))
        given = assignees(submitter, terms, rules)
        if number := stuck_stage(submitter, terms, given, rules):
            place = f"{name}: {terms.stages[number - 1].name}"
            tried.stuck[place] += count
            numbers = (*tried.examples.get(place, ()), *first_of[rule_name, submitter])
            tried.examples[place] = sorted(numbers)[:EXAMPLES]
        else:
            everybody = {user for users in given.values() for user in users}
            tried.asked.update(dict.fromkeys(everybody, count))
    return tried
