"""What a person may be offered in the form: mini programs and target apps seen before.

What must stay true: it is read from requests that this person may see, and from no others.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from store import people
from store.domain.access import Denial, Refused, Rules, assignees, sees_only
from store.domain.draft import Draft
from store.domain.lists.query import searchable
from store.domain.policy import Asked, Policy, Rule
from store.domain.request import (
    Category,
    Environment,
    People,
    Request,
    Status,
    target_app,
)
from store.domain.target_rules import Blocked, Target, judge
from store.domain.typed_text import folded
from store.engine.database import Database, execute
from store.requests import read, same_target
from store.snapshots import bare
from store.tables import NOT_REFUSED, RequestRow

LOOKED_THROUGH = 500
"""Of how many newest requests mini programs and apps are gathered: more are found by typing."""
OFFERED = 99
"""Slack: 100 options; one is for what was typed."""


class Program(NamedTuple):
    """A mini program, by the name its newest request gives it."""

    id: str
    name: str


class Known(NamedTuple):
    """What is known around a draft. `reviewers` would decide it, and `channel` have a copy;
    `id_lengths` are those of the ids of mini programs seen before; `refused` is what stands in its
    way now.
    """

    released: Request | None
    id_lengths: frozenset[int]
    reviewers: tuple[str, ...]
    channel: str | None
    people: People
    refused: Refused | None


async def offered(db: Database, user: str, policy: Policy) -> Mapping[str, Sequence[str]] | None:
    """Of each category that somebody may submit the environments; None: everything.

    A courtesy: whether they may is asked when they submit.
    """
    if not _names_submitters(policy):
        return None
    async with db.snapshot() as session:
        may_by = await _may_by(session, user, policy)
    found = {
        category.value: [
            environment.value
            for environment in Environment
            if any(map(may_by, policy.rules_of(category, environment)))
        ]
        for category in Category
    }
    return {category: places for category, places in found.items() if places}


def _names_submitters(policy: Policy) -> bool:
    named = [policy.submitters, *(rule.submitters for rule in policy.rules)]
    return any(each is not None for each in named)


async def _may_by(
    session: AsyncSession, user: str, policy: Policy
) -> Callable[[Rule | None], bool]:
    """Whether somebody may submit what goes by a rule."""
    roster = await people.roster(session, policy, only={user})

    @cache
    def may_by(name: str | None) -> bool:
        able = policy.submitters_by(policy.rule_named(name))
        return able is None or roster.includes(user, able)

    return lambda rule: may_by(rule.name if rule else None)


async def _able(
    session: AsyncSession, draft: Draft | None, asker: str, policy: Policy
) -> Callable[[str | None, str | None], bool]:
    """Whether somebody may submit anything for a target app or a mini program, of the kind that the
    draft is of as far as it is filled in.
    """
    may_by = await _may_by(session, asker, policy)
    is_open = not _names_submitters(policy)
    values = draft.values if draft else {}
    named = values.get("environment")
    kinds = [draft.category] if draft and draft.category else list(Category)
    places = [Environment(named)] if named in tuple(Environment) else list(Environment)
    chosen_program = str((values.get("mini_program") or {}).get("id") or "") or None
    chosen_app = str((values.get("details") or {}).get("target_app") or "") or None

    def able(app: str | None, program: str | None) -> bool:
        app, program = app or chosen_app, program or chosen_program
        known = {"app": app and folded(app), "program": program and folded(program)}
        return is_open or any(
            may_by(rule)
            for kind in kinds
            for place in places
            for rule in policy.rules_of(kind, place, **known)
        )

    return able


async def programs(
    db: Database, typed: str, *, asker: str, policy: Policy, draft: Draft | None = None
) -> Sequence[Program]:
    """Mini programs whose name or id has what was typed in it, the newest first; those that the
    asker may submit something for.
    """
    async with db.snapshot() as session:
        able = await _able(session, draft, asker, policy)
        found = await _programs(session, typed, await _only_of(session, asker, policy))
    return [each for each in found if able(None, each.id)]


async def target_apps(
    db: Database, typed: str, *, asker: str, policy: Policy, draft: Draft | None = None
) -> Sequence[str]:
    """Target apps with what was typed in them, as they were written last; those that the asker may
    submit something for.
    """
    wanted = folded(typed)
    async with db.snapshot() as session:
        able = await _able(session, draft, asker, policy)
        newest = _newest(await _only_of(session, asker, policy))
        named = newest.where(col(RequestRow.target_app) != "")
        if wanted:
            named = named.where(col(RequestRow.target_app).contains(wanted, autoescape=True))
        apps: dict[str, str] = {}
        for row in await session.exec(named):
            apps.setdefault(row.target_app, str(row.details.get("target_app") or row.target_app))
    return [app for app in apps.values() if able(app, None)][:OFFERED]


async def last_release(
    db: Database, program_id: str, *, asker: str, policy: Policy
) -> tuple[Program | None, Request | None]:
    """A mini program by its id, and its release that was approved last; None for what the asker
    may not see.
    """
    async with db.snapshot() as session:
        only_of = await _only_of(session, asker, policy)
        found = await session.exec(
            _newest(only_of).where(RequestRow.mini_program_id == program_id).limit(1)
        )
        row = found.first()
        program = Program(row.mini_program_id, row.mini_program_name) if row else None
        return program, await _released(session, program_id, only_of)


async def known(db: Database, draft: Draft, policy: Policy) -> Known:
    """What the form says of a draft beyond what was typed."""
    program_id = str((draft.values.get("mini_program") or {}).get("id") or "")
    async with db.snapshot() as session:
        rules = await people.rules(session, policy)
        only_of = sees_only(draft.owner, rules)
        rule = _rule(draft, policy)
        terms = policy.terms(rule)
        given = assignees(draft.owner, terms, rules)
        reviewers = tuple(dict.fromkeys(user for users in given.values() for user in users))
        seen = await _programs(session, "", only_of)
        return Known(
            released=await _released(session, program_id, only_of),
            id_lengths=frozenset(len(each.id) for each in seen),
            reviewers=reviewers,
            channel=policy.channel_by(rule),
            people=await people.known(session, reviewers),
            refused=_by_rule(draft, policy, rules) or await _in_the_way(session, draft),
        )


def _rule(draft: Draft, policy: Policy) -> Rule | None:
    """The rule that would be for it, as far as it is filled in."""
    values, category = draft.values, draft.category
    environment = values.get("environment")
    if not category or environment not in tuple(Environment):
        return None
    app = target_app(category, values.get("details") or {})
    program = str((values.get("mini_program") or {}).get("id") or "")
    return policy.rule_for(Asked.of(category, Environment(environment), app, program))


def _by_rule(draft: Draft, policy: Policy, rules: Rules) -> Refused | None:
    """Whether its owner may not submit it, by the policy as it is."""
    rule = _rule(draft, policy)
    able = policy.submitters_by(rule)
    if able is None or rules.roster.includes(draft.owner, able):
        return None
    return Refused(Denial.NOT_A_SUBMITTER, rule=rule.name if rule else None)


async def _in_the_way(session: AsyncSession, draft: Draft) -> Refused | None:
    """What the platform's rules say of it, once its target is filled in."""
    values, category = draft.values, draft.category
    program_id = (values.get("mini_program") or {}).get("id")
    environment, app = values.get("environment"), (values.get("details") or {}).get("target_app")
    if not (category and program_id and app and environment in tuple(Environment)):
        return None
    if not category.spec.has_target_app:
        return None
    target = Target(str(program_id), Environment(environment), folded(str(app)))
    found = await same_target.precedents(session, target, values.get("version"))
    answer = judge(category, found)
    if not isinstance(answer, Blocked):
        return None
    return Refused(answer.reason, answer.by.id, await read.one(session, answer.by.id), answer.field)


async def _only_of(session: AsyncSession, asker: str, policy: Policy) -> str | None:
    return sees_only(asker, await people.rules(session, policy, only={asker}))


async def _programs(session: AsyncSession, typed: str, only_of: str | None) -> list[Program]:
    wanted = _newest(only_of)
    for word in searchable(typed).split():
        wanted = wanted.where(col(RequestRow.search_text).contains(word, autoescape=True))
    found: dict[str, Program] = {}
    names = col(RequestRow.mini_program_id), col(RequestRow.mini_program_name)
    for program_id, name in await execute(session, wanted.with_only_columns(*names)):
        found.setdefault(program_id, Program(program_id, name))
    return list(found.values())[:OFFERED]


async def _released(session: AsyncSession, program_id: str, only_of: str | None) -> Request | None:
    last = (
        _of(only_of)
        .where(
            RequestRow.mini_program_id == program_id,
            RequestRow.category == Category.RELEASE.value,
            RequestRow.status == Status.APPROVED.value,
            NOT_REFUSED,
        )
        .order_by(col(RequestRow.completed_on).desc(), col(RequestRow.id).desc())
        .limit(1)
    )
    row = (await session.exec(last)).first()
    return bare(row) if row else None


def _newest(only_of: str | None) -> SelectOfScalar[RequestRow]:
    newest = _of(only_of).order_by(col(RequestRow.created_at).desc(), col(RequestRow.id).desc())
    return newest.limit(LOOKED_THROUGH)


def _of(only_of: str | None) -> SelectOfScalar[RequestRow]:
    every = select(RequestRow)
    return every.where(RequestRow.submitted_by == only_of) if only_of else every
