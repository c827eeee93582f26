"""New requests: judged beside those of their target, linked to the try before, stored once.

Those of one moment share a transaction. What must stay true: they end as they would one after the
other, with the same numbers, links and refusals.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Executable
from sqlmodel import bindparam, col, insert, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people, webhooks
from store.domain import target_rules
from store.domain.access import (
    Allowed,
    Denial,
    Refused,
    Rules,
    assignees,
    deserted_stage,
    may,
    stuck_stage,
)
from store.domain.lifecycle import Act
from store.domain.lists.query import searchable
from store.domain.policy import Asked, Policy, Rule, deadline
from store.domain.request import Request
from store.domain.submission import Submission, differing
from store.domain.target_rules import Blocked, Target
from store.engine import causes
from store.engine.causes import Outcome
from store.engine.columns import in_list
from store.engine.database import (
    AnyRow,
    AnySelect,
    Database,
    DialectInsert,
    advisory_lock,
    ask,
    dialect_insert,
)
from store.messages import cards, stand_ins
from store.requests import read, revisions, same_target
from store.requests.assigning import assignment_rows
from store.requests.revisions import Change, Known
from store.requests.same_target import Purpose, Try
from store.snapshots import FACTS, snapshots
from store.tables import AssignmentRow, RequestRow

# Hot: with every submission.
_STORED: AnySelect = select(*FACTS).where(in_list(col(RequestRow.external_id), "ids"))
_INSERT_ASSIGNMENT = insert(AssignmentRow)
_NEWEST = select(RequestRow.id).order_by(col(RequestRow.id).desc()).limit(bindparam("most"))
_COLUMNS = (
    *("revision", "external_id", "category", "title", "mini_program_id", "mini_program_name"),
    *("environment", "version", "submitted_by", "created_at", "status", "stage", "details"),
    *("resubmission_of", "attempt", "round", "due_at", "remind_at", "stage_key", "terms"),
    *("escalate_at", "evidence"),
)
"""What a request is inserted with as the snapshot has it; `_row` adds what is derived."""
NAMED_BEFORE = 5
"""How many requests before it the history of a new one names: who deletes one would have to change
the histories of all that name it. Several, since replicas may submit at the same time and not see
each other's."""


@dataclass(frozen=True)
class NewRequest:
    """A submission, who submits it, and when it arrived (aware UTC).

    `from_platform` (import, HTTP intake) says that the platform has taken it already: it is put on
    record as it is, and what the platform's rules would say stands on its card as a warning. What
    is submitted here is refused, with the request in its way and the `field` to change. Who did not
    submit it here has no `receipt`. `quiet`: nobody is told of it at all.

    `by_key` is the API key (`key:3`) that hands it in; the history names it.

    `resubmission_of` names the try before, and counts if that ended without an approval, concerns
    the same and is the submitter's own (an admin may take up anybody's). Left out, it is found.
    """

    submission: Submission
    submitter: str
    at: datetime
    from_platform: bool = False
    resubmission_of: int | None = None
    by_key: str | None = None
    receipt: bool = True
    quiet: bool = False
    cause: str | None = field(default_factory=causes.current_id, compare=False)
    """The id of the click that it comes from; see `store.engine.causes`."""

    @cached_property
    def target(self) -> Target:
        """Where it would take effect."""
        return Target.asked(self.submission)

    @cached_property
    def purpose(self) -> Purpose:
        """What it is a try for."""
        return self.target, self.submission.category, self.submitter

    @property
    def external_id(self) -> str:
        """By which it is stored once."""
        return self.submission.external_id

    @property
    def created_at(self) -> datetime:
        """Its own word for when it was made; else when it arrived."""
        return self.submission.created_at or self.at


@dataclass(frozen=True, slots=True)
class Submitted:
    """The stored request; `new` is False when its external id had been stored before.

    `unlike` are then the fields that were other than what is stored; what is stored stays.
    """

    request: Request
    new: bool
    unlike: tuple[str, ...] = ()


async def submit(db: Database, new: NewRequest, policy: Policy) -> Submitted | Refused:
    """Store a request and owe its cards. The same external id again is the same request."""
    answer: Submitted | Refused = await db.write_batches.run(submit_batch, new, policy)
    if isinstance(answer, Submitted):
        causes.note(answer.request.id)
    else:
        causes.end(Outcome.REFUSED, answer.denial.value)
    return answer


async def submit_all(
    db: Database, new: Sequence[NewRequest], policy: Policy
) -> list[Submitted | Refused]:
    """The same for several, in this order and in one transaction."""
    async with db.transaction() as session:
        return await submit_batch(session, new, policy)


async def submit_batch(
    session: AsyncSession, new: Sequence[NewRequest], policy: Policy
) -> list[Submitted | Refused]:
    """Store these requests as far as they are allowed; one answer for each, in order.

    1. Lock their targets until the end of the transaction: what stands there must not change
       between the question and the INSERT. In one order, against deadlocks.
    2. Store them in groups. What the platform has taken is not judged by its rules and is stored
       together; what is submitted here is judged beside all that came before it, so it is a group
       of its own.
    """
    for key in sorted({each.target.key for each in new}):
        advisory_lock(session, key)
    absent = people.absences(session)
    by_rules = [policy.rule_for(_asked(each)) for each in new]
    submitters = {each.submitter for each in new}
    rules = await people.rules_of_submitting(session, policy, submitters, by_rules, absent)
    answers: list[Submitted | Refused] = []
    for from_platform, run in groupby(new, attrgetter("from_platform")):
        members = list(run)
        for group in [members] if from_platform else [[each] for each in members]:
            answers += await _store(session, group, rules, policy)
    return answers


async def _store(
    session: AsyncSession, group: Sequence[NewRequest], rules: Rules, policy: Policy
) -> list[Submitted | Refused]:
    """Store a group with one set of statements; one answer for each, in order.

    1. Judge each whose external id is new, to the store and in the group.
    2. Insert requests and assignments, give everybody concerned a card, begin the histories, and
       owe the cards.
    3. Answer. An external id that came twice, or that another replica has stored since step 1
       (on PostgreSQL), is answered with the request that is there.
    """
    newest = same_target.newest_tries(session, {each.purpose for each in group})
    hooks = webhooks.wishes(session)
    known = await _known(session, {each.external_id for each in group})
    tries = await newest
    allowed: dict[str, tuple[NewRequest, Request]] = {}
    channels: dict[str, str | None] = {}
    refused: dict[int, Refused] = {}
    for place, each in enumerate(group):
        if each.external_id in known or each.external_id in allowed:
            continue
        rule = policy.rule_for(_asked(each))
        answer = await _judge(session, each, rules, policy, rule, tries)
        if isinstance(answer, Refused):
            refused[place] = answer
        else:
            allowed[each.external_id] = (each, answer)
            channels[each.external_id] = policy.channel_by(rule)

    stored: dict[str, Request] = {}
    if allowed:
        rows = {id_: _row(request) for id_, (_, request) in allowed.items()}
        for number, external_id in await _insert(session, list(rows.values())):
            stored[external_id] = replace(allowed[external_id][1], id=number)
    if stored:
        requests = sorted(stored.values(), key=attrgetter("id"))
        ask(
            session,
            _INSERT_ASSIGNMENT,
            [row for each in requests for row in assignment_rows(each, rules)],
        )
        arrived = [allowed[request.external_id][0] for request in requests]
        to_post = [
            cards.New(request, channels[request.external_id], has_receipt=by.receipt)
            for request, by in zip(requests, arrived, strict=True)
        ]
        await cards.create(session, to_post)
        before = await _before(session, requests)
        changes = [
            Change(
                request,
                "submitted",
                by.by_key or by.submitter,
                by.at,
                rows[request.external_id],
                notes={"after": before[request.id], "policy": policy.sha256}
                | revisions.behalf(by.submitter, by.by_key),
            )
            for request, by in zip(requests, arrived, strict=True)
        ]
        acted = zip(requests, arrived, strict=True)
        causes.name(session, ((request.id, by.cause) for request, by in acted))
        await revisions.record(session, changes, Known(seals={}, hooks=await hooks))
        now = max(each.at for each in arrived)
        if rules.roster.absences:
            await stand_ins.refresh(session, requests, rules, now=now)
        quiet = [request.id for request, by in zip(requests, arrived, strict=True) if by.quiet]
        cards.silence(session, quiet)
        await cards.owe(session, [request.id for request in requests], now=now, burst=policy.burst)

    known |= await _known(session, allowed.keys() - stored.keys())
    answers: list[Submitted | Refused] = []
    for place, each in enumerate(group):
        if place in refused:
            answers.append(refused[place])
        elif each.external_id in known:
            request = known[each.external_id]
            other = differing(each.submission, each.submitter, request)
            answers.append(Submitted(request, new=False, unlike=other))
        else:
            request = known[each.external_id] = stored[each.external_id]
            answers.append(Submitted(request, new=True))
    return answers


async def _judge(
    session: AsyncSession,
    new: NewRequest,
    rules: Rules,
    policy: Policy,
    rule: Rule | None,
    tries: dict[Purpose, Try | None],
) -> Request | Refused:
    """The request as it would be stored, still without a number; else why not.

    `tries` has the newest request for each purpose; this one is entered for those after it.
    """
    submission = new.submission
    terms = policy.terms(rule)
    assigned = assignees(new.submitter, terms, rules)
    stuck = stuck_stage(new.submitter, terms, assigned, rules)
    if stuck:
        stage = terms.stages[stuck - 1].name if terms.named else None
        return Refused(Denial.NOBODY_CAN_DECIDE, rule=terms.rule, stage=stage)
    if not new.from_platform:
        able = policy.submitters_by(rule)
        if able is not None and not rules.roster.includes(new.submitter, able):
            return Refused(Denial.NOT_A_SUBMITTER, rule=terms.rule)
        if number := deserted_stage(new.submitter, assigned, rules, new.at):
            stage = terms.stages[number - 1].name if terms.named else None
            return Refused(Denial.EVERYBODY_AWAY, rule=terms.rule, stage=stage)
        found = await same_target.precedents(session, new.target, submission.version)
        answer = target_rules.judge(submission.category, found)
        if isinstance(answer, Blocked):
            there = await read.one(session, answer.by.id)
            return Refused(answer.reason, there.id, there, answer.field)

    newest = tries[new.purpose]
    if newest is None or new.created_at >= newest.created_at:
        tries[new.purpose] = Try(created_at=new.created_at)
    before: Request | Try | None = newest if newest and newest.came_to_nothing else None
    named = await read.find(session, new.resubmission_of) if new.resubmission_of else None
    if (
        named
        and may(new.submitter, Act.RESUBMIT, named, rules, new.at) == Allowed()
        and named.category is submission.category
        and named.mini_program_id == submission.mini_program.id
    ):
        before = named

    return Request(
        id=0,
        revision=1,
        external_id=submission.external_id,
        category=submission.category,
        title=submission.title,
        mini_program_id=submission.mini_program.id,
        mini_program_name=submission.mini_program.name,
        environment=submission.environment,
        version=submission.version,
        submitted_by=new.submitter,
        created_at=new.created_at,
        details=submission.details,
        reviewers=assigned[1],
        assigned=assigned,
        terms=terms,
        due_at=policy.due_at(terms, new.created_at),
        escalate_at=policy.escalate_at(terms, new.created_at),
        remind_at=deadline(new.created_at, policy.remind_after_hours, policy),
        resubmission_of=before.id if before else None,
        attempt=before.attempt + 1 if before else 1,
        evidence=submission.attached,
    )


async def _known(session: AsyncSession, external_ids: Iterable[str]) -> dict[str, Request]:
    """Those of these that are stored, by external id."""
    ids = sorted(external_ids)
    rows = await ask(session, _STORED, {"ids": ids}) if ids else ()
    return {request.external_id: request for request in await snapshots(session, rows)}


async def _before(session: AsyncSession, new: Sequence[Request]) -> dict[int, list[int]]:
    """The requests just before each of these new ones, the last first."""
    most = {"most": len(new) + NAMED_BEFORE}
    newest = [row.id for row in await ask(session, _NEWEST, most)]
    return {each.id: [id_ for id_ in newest if id_ < each.id][:NAMED_BEFORE] for each in new}


async def _insert(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> list[AnyRow]:
    """Insert these requests; number and external id of those whose external id was free.

    One by one and sent together: all in one statement would be another for each number of them.
    """
    statement = _inserting(dialect_insert(session))
    inserted = [ask(session, statement, row) for row in rows]
    return [found for each in inserted for found in await each]


@cache
def _inserting(insert: DialectInsert) -> Executable:
    """Inserts requests; answers with number and external id of those whose external id was free."""
    new = insert(RequestRow).on_conflict_do_nothing()
    return new.returning(col(RequestRow.id), col(RequestRow.external_id))


def _asked(new: NewRequest) -> Asked:
    """What rules compare of it."""
    target = new.target
    category, program = new.submission.category, target.mini_program_id
    return Asked.of(category, target.environment, target.app, program)


def _row(request: Request) -> dict[str, Any]:
    return revisions.plain({name: getattr(request, name) for name in _COLUMNS}) | {
        "target_app": Target.of(request).app,
        "search_text": searchable(request.mini_program_name, request.mini_program_id),
    }
