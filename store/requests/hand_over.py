"""Handing a request to somebody: of the same stage's reviewers, or by an admin to anybody.

What must stay true: whoever is handed it may decide this request at that stage and nothing more,
and only while they are known and in Slack (`store.domain.access`). It makes no click stale.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from sqlalchemy import Insert
from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import (
    Denial,
    Denied,
    HandDenial,
    Refused,
    Rules,
    handing,
    may,
    with_hand_over,
)
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import HandOver, Request
from store.engine import causes
from store.engine.database import Database, DialectInsert, dialect_insert, execute
from store.messages import cards, stand_ins
from store.messages.outbox import Kind, Owed
from store.requests import read, revisions
from store.requests.assigning import assignment_rows
from store.requests.revisions import TESTING, Change
from store.tables import AssignmentRow

HANDED_OVER = "handed_over"
"""The kind of the event."""


@dataclass(frozen=True, slots=True)
class Handing:
    """Somebody wants to hand a request to somebody; `at` is aware UTC.

    `round` is what they saw of the request. `by_key` is the API key (`key:3`) that hands it over
    for them; the history names it.
    """

    request_id: int
    actor: str
    to: str
    at: datetime
    round: int | None = None
    by_key: str | None = None


async def examine(db: Database, wanted: Handing, policy: Policy) -> Request | Refused:
    """Whether this person may hand it on: a courtesy before the form opens, not the rule."""
    async with db.snapshot() as session:
        request = await read.find(session, wanted.request_id)
        about = [request] if request else []
        rules = await people.rules(session, policy, only={wanted.actor}, about=about)
    return causes.noted(_judge(wanted, request, rules), wanted.request_id)


async def hand_over(
    db: Database, wanted: Handing, policy: Policy
) -> Request | Refused | HandDenial:
    """Give somebody the request at its open stage, with its card."""
    async with db.transaction() as session:
        request = await read.find_locked(session, wanted.request_id)
        about = [request] if request else []
        rules = await people.rules(session, policy, only={wanted.actor, wanted.to}, about=about)
        judged = causes.noted(_judge(wanted, request, rules), wanted.request_id)
        if isinstance(judged, Refused):
            if judged.request:
                await cards.bring_up_to_date(
                    *(session, judged.request), reader=wanted.actor, clicked=None, now=wanted.at
                )
            return judged
        if await people.forgotten(session, [wanted.to]):
            return causes.denied(HandDenial.LEFT)
        handed = handing(wanted.actor, wanted.to, judged, rules, wanted.at)
        if isinstance(handed, HandDenial):
            return causes.denied(handed)
        return await _write(
            session, judged, handed, rules, by_key=wanted.by_key, burst=policy.burst
        )


def _judge(wanted: Handing, request: Request | None, rules: Rules) -> Request | Refused:
    if request is None:
        return Refused(Denial.UNKNOWN, wanted.request_id)
    allowed = may(wanted.actor, Act.HAND, request, rules, wanted.at)
    if isinstance(allowed, Denied):
        return Refused.of(allowed, request)
    if wanted.round not in {None, request.round}:
        return Refused(Denial.STALE, request.id, request)
    return request


async def _write(
    session: AsyncSession,
    request: Request,
    handed: HandOver,
    rules: Rules,
    *,
    by_key: str | None,
    burst: int,
) -> Request:
    """The guarded UPDATE, the assignment, the event; then what is owed for it.

    Whoever was testing it and hands it on does not test it any more.
    """
    changed = replace(with_hand_over(request, handed), revision=request.revision + 1)
    names = TESTING if request.tester == handed.by else ()
    changed = revisions.let_go(changed) if names else changed
    revisions.advance(session, [changed], *names)

    its = col(AssignmentRow.request_id) == request.id, col(AssignmentRow.reviewer) == handed.to
    elsewhere = col(AssignmentRow.stage) != handed.stage
    await session.exec(update(AssignmentRow).where(*its, elsewhere).values(shown=False))
    place = (handed.stage, handed.to)
    rows = [
        row for row in assignment_rows(changed, rules) if (row["stage"], row["reviewer"]) == place
    ]
    await execute(session, _giving(dialect_insert(session)), rows)

    is_new = handed.to not in request.assigned_at(handed.stage)
    columns = revisions.written(changed, *names)
    assigned = [place] if is_new else []
    change = Change(
        *(changed, HANDED_OVER, by_key or handed.by, handed.at, columns),
        notes=revisions.behalf(handed.by, by_key),
        assigned=assigned,
        handed=[handed],
    )
    await revisions.record(session, [change])

    cards.add_reviewers(session, [replace(changed, reviewers=(handed.to,))])
    if rules.roster.absences:
        await stand_ins.refresh(session, [changed], rules, now=handed.at)
    about = (request.id, changed.revision, handed.to)
    told = Owed.post(Kind.HANDED, handed.to, *about, request_id=request.id)
    # A new card says it itself.
    also = [] if is_new else [told]
    await cards.owe(session, [request.id], now=handed.at, also=also, burst=burst)
    return changed


@cache
def _giving(insert: DialectInsert) -> Insert:
    """An assignment; of who stood in there, or held it before, it becomes their own."""
    new = insert(AssignmentRow)
    kept = {"request_id", "stage", "reviewer", "created_at", "completed_on"}
    return new.on_conflict_do_update(
        index_elements=["request_id", "stage", "reviewer"],
        set_={name: new.excluded[name] for name in AssignmentRow.model_fields if name not in kept},
    )
