"""What was approved in an emergency, looked at afterwards: another admin marks it as reviewed.

What must stay true: it stays in the digest and on the Home of the other admins until one of them
marks it. Where the only admin has approved it alone, of everybody else who sees every request.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from store import people
from store.domain.access import Denial, Denied, Refused, may
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine import causes
from store.engine.database import Database
from store.messages import cards
from store.messages.cards import Clicked
from store.requests import read, revisions
from store.requests.revisions import Change

REVIEWED = "emergency_reviewed"
"""The kind of the event."""
_CHANGED_FIELDS = ("reviewed_by", "reviewed_at")


@dataclass(frozen=True, slots=True)
class Marking:
    """Somebody has looked at it; `at` is aware UTC, `clicked` the message they clicked in."""

    request_id: int
    actor: str
    at: datetime
    clicked: Clicked | None = None


async def mark_reviewed(db: Database, marking: Marking, policy: Policy) -> Request | Refused:
    """Write down that somebody has looked at an approval in an emergency, and owe its cards."""
    return causes.noted(await _mark(db, marking, policy), marking.request_id)


async def _mark(db: Database, marking: Marking, policy: Policy) -> Request | Refused:
    async with db.transaction() as session:
        request = await read.find_locked(session, marking.request_id)
        if request is None:
            return Refused(Denial.UNKNOWN, marking.request_id)
        rules = await people.rules(session, policy)  # of everybody: it may be up to others
        answer = may(marking.actor, Act.MARK_REVIEWED, request, rules, marking.at)
        if isinstance(answer, Denied):
            if answer.reason is Denial.UNKNOWN:
                return Refused(Denial.UNKNOWN, request.id)
            await cards.bring_up_to_date(
                *(session, request),
                reader=marking.actor,
                clicked=marking.clicked,
                now=marking.at,
            )
            return Refused(answer.reason, request.id, request)
        marked = replace(
            request,
            revision=request.revision + 1,
            reviewed_by=marking.actor,
            reviewed_at=marking.at,
        )
        revisions.advance(session, [marked], *_CHANGED_FIELDS)
        columns = revisions.written(marked, *_CHANGED_FIELDS)
        change = Change(marked, REVIEWED, marking.actor, marking.at, columns)
        await revisions.record(session, [change])
        clicked = [(request.id, marking.clicked)] if marking.clicked else []
        await cards.owe(session, [request.id], now=marking.at, clicked=clicked)
        return marked
