"""Another policy tried on one's own history: who would have been asked, and what nobody could have
decided. Nothing is written.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

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

    The database counts what is alike: a million requests are read once, and some thousand kinds of
    them judged.
    """
    alike = (
        *(RequestRow.category, RequestRow.environment, RequestRow.target_app),
        *(RequestRow.mini_program_id, RequestRow.submitted_by),
    )
    kinds = select(*alike, func.count(), func.min(RequestRow.id))  # type: ignore[call-overload]
    kinds = kinds.where(col(RequestRow.created_at) >= since).group_by(*alike)
    async with db.snapshot(LONG) as session:
        rules = await people.rules(session, policy)
        rows = (await session.exec(kinds)).all()

    @cache
    def outcome(rule_name: str | None, submitter: str) -> tuple[frozenset[str], str | None]:
        """Who gets a card, and the stage that would be stuck."""
        terms = policy.terms(policy.rule_named(rule_name))
        given = assignees(submitter, terms, rules)
        stuck = stuck_stage(submitter, terms, given, rules)
        everybody = frozenset(user for users in given.values() for user in users)
        return everybody, terms.stages[stuck - 1].name if stuck else None

    tried = Tried()
    for category, environment, app, program, submitter, count, first in rows:
        asked = Asked.of(Category(category), Environment(environment), app, program)
        rule = policy.rule_for(asked)
        name = rule.name if rule else BY_WORKSPACE
        everybody, stuck = outcome(rule.name if rule else None, submitter)
        tried.requests += count
        tried.by_rule[name] += count
        if stuck:
            place = f"{name}: {stuck}"
            tried.stuck[place] += count
            tried.examples.setdefault(place, []).append(first)
        else:
            tried.asked.update(dict.fromkeys(everybody, count))
    for place, numbers in tried.examples.items():
        tried.examples[place] = sorted(numbers)[:EXAMPLES]
    return tried
