"""What open requests need, brought to today's policy: only when an operator asks for it.

What must stay true: a vote counts at the stage it was cast at. So a request with votes changes only
where the stages up to the open one keep their names and order; else it stays as it was submitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import col, delete, insert, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import Rules, assignees, stuck_stage, votes_left
from store.domain.policy import Policy, asked
from store.domain.request import HandOver, Request
from store.domain.terms import Terms
from store.engine.database import Database, execute
from store.messages import cards, stand_ins
from store.requests import revisions
from store.requests.assigning import assignment_rows
from store.requests.clock import CLOCK
from store.requests.revisions import Change
from store.snapshots import snapshots
from store.tables import OPEN, AssignmentRow, RequestRow

APPLIED = "policy_applied"
"""The kind of the event."""
PORTION = 50
"""Requests of one transaction: on SQLite every click waits for its end."""
_WRITTEN = ("terms", "stage_key", "round", *CLOCK)


@dataclass(frozen=True, slots=True)
class Difference:
    """An open request that would need something else by today's policy.

    `changed` is as it would be; `why_not` says why it stays as it is; None where it can be changed.
    """

    request: Request
    changed: Request
    why_not: str | None


async def differences(db: Database, policy: Policy, *, now: datetime) -> list[Difference]:
    """Every open request that would need something else, in the order of their numbers.

    Who is away at `now` (aware UTC) counts for what a stage still needs.
    """
    found: list[Difference] = []
    last: int | None = 0
    while last is not None:
        async with db.snapshot() as session:
            rules = await people.rules(session, policy)
            requests = await _open(session, after=last)
        found += [each for r in requests if (each := _difference(r, rules, policy, now))]
        last = requests[-1].id if len(requests) == PORTION else None
    return found


async def apply_policy(db: Database, policy: Policy, *, actor: str, now: datetime) -> int:
    """Change what can be changed, tell the people on their cards; how many were."""
    wanted = [
        each.request.id for each in await differences(db, policy, now=now) if not each.why_not
    ]
    count = 0
    for place in range(0, len(wanted), PORTION):
        async with db.transaction() as session:
            ids = wanted[place : place + PORTION]
            count += await _apply(session, ids, policy, actor, now)
    return count


async def _apply(
    session: AsyncSession, ids: Sequence[int], policy: Policy, actor: str, now: datetime
) -> int:
    """Judge these once more, with their rows locked, and write what differs."""
    locked = select(RequestRow).where(OPEN, col(RequestRow.id).in_(ids)).with_for_update()
    rows = (await session.exec(locked.order_by(col(RequestRow.id)))).all()
    rules = await people.rules(session, policy)
    changes = []
    for request in await snapshots(session, rows):
        difference = _difference(request, rules, policy, now)
        if difference and not difference.why_not:
            changes.append(await _change(session, difference, rules, policy, actor, now))
    if changes:
        changed = [change.request for change in changes]
        revisions.advance(session, changed, *_WRITTEN)
        await revisions.record(session, changes)
        cards.add_reviewers(session, changed)
        await stand_ins.refresh(session, changed, rules, now=now)
        await cards.owe(session, [request.id for request in changed], now=now, burst=policy.burst)
    return len(changes)


async def _change(
    session: AsyncSession,
    difference: Difference,
    rules: Rules,
    policy: Policy,
    actor: str,
    now: datetime,
) -> Change:
    """Give the stages to today's people; the row itself is written with the others'."""
    request = difference.request
    rested = policy.resting.end(request, now)  # by today's policy, like all that is applied
    changed = replace(
        difference.changed,
        revision=request.revision + 1,
        round=request.round + 1,
        due_at=policy.due_at(difference.changed.terms, request.created_at),
        escalate_at=policy.escalate_at(difference.changed.terms, request.created_at),
        remind_at=rested.remind_at,
        rest=None,
        rested=rested.rested,
    )
    changed = policy.resting.move(changed, "due_at", "escalate_at")
    if request.rest:
        changed = policy.resting.begin(changed, now)
    before = {(stage, user) for stage, users in request.assigned.items() for user in users}
    after = {(stage, user) for stage, users in changed.assigned.items() for user in users}
    not_handed = {(h.stage, h.to) for h in request.handed if h not in changed.handed}
    await session.exec(delete(AssignmentRow).where(col(AssignmentRow.request_id) == request.id))
    await execute(session, insert(AssignmentRow), list(assignment_rows(changed, rules)))
    return Change(
        changed,
        APPLIED,
        actor,
        now,
        revisions.written(changed, *_WRITTEN),
        assigned=sorted((after - before) | (not_handed & after)),
        unassigned=sorted((before - after) | not_handed),
        notes={"policy": policy.sha256},
    )


def _difference(request: Request, rules: Rules, policy: Policy, now: datetime) -> Difference | None:
    terms = policy.terms(policy.rule_for(asked(request)))
    assigned = assignees(request.submitted_by, terms, rules)
    kept = _kept(request, terms)
    for handed in kept:
        assigned[handed.stage] = tuple(sorted({*assigned[handed.stage], handed.to}))
    if (terms, assigned) == (request.terms, request.assigned):
        return None
    changed = replace(
        request,
        terms=terms,
        assigned=assigned,
        handed=kept,
        reviewers=assigned.get(request.stage, ()),
    )
    return Difference(request, changed, _why_not(request, changed, rules, now))


def _kept(request: Request, terms: Terms) -> tuple[HandOver, ...]:
    """To whom it was handed at stages that it keeps: that was a word about this one request."""
    names = [stage.name for stage in terms.stages]
    now = [stage.name for stage in request.terms.stages]
    return tuple(h for h in request.handed if names[h.stage - 1 : h.stage] == [now[h.stage - 1]])


def _why_not(request: Request, changed: Request, rules: Rules, now: datetime) -> str | None:
    terms = changed.terms
    stuck = stuck_stage(request.submitted_by, terms, changed.assigned, rules)
    if stuck:
        return f"nobody could give its votes at “{terms.stages[stuck - 1].name}”"
    names = [stage.name for stage in request.terms.stages[: request.stage]]
    if request.stage > 1 or request.votes:
        if names != [stage.name for stage in terms.stages[: request.stage]]:
            return "votes were cast at stages that it would not have any more"
        if votes_left(changed, rules, now) == 0:
            return "the votes it has would be enough already, and no other would come to pass it"
    return None


async def _open(session: AsyncSession, *, after: int) -> tuple[Request, ...]:
    rows = select(RequestRow).where(OPEN, col(RequestRow.id) > after)
    found = await session.exec(rows.order_by(col(RequestRow.id)).limit(PORTION))
    return await snapshots(session, found.all())
