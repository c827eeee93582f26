"""The write path: submit, vote, withdraw, move on. Each with what it owes, in one transaction; but
for moves, what comes at the same moment shares it.
"""

from datetime import datetime

from store import people, queries
from store.cards import card, shown
from store.database import Database
from store.deciding import Ending, admit, end, told
from store.domain.access import Refused
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import RejectionClass, Request, Verdict
from store.releases import move_stage
from store.submitting import Submitted, submit, submit_all

__all__ = [
    "Submitted",
    "card",
    "examine",
    "move_stage",
    "shown",
    "submit",
    "submit_all",
    "vote",
    "withdraw",
]


async def vote(
    db: Database,
    request_id: int,
    *,
    reviewer: str,
    verdict: Verdict,
    policy: Policy,
    now: datetime,
    revision: int | None = None,
    rejection_class: RejectionClass | None = None,
    reason: str | None = None,
) -> Request | Refused:
    """Approve or reject. `revision` is what the reviewer saw; None (a typed command) is any."""
    ending = Ending(request_id, Act.of(verdict), reviewer, now, revision, rejection_class, reason)
    return await db.together(end, ending, policy)


async def withdraw(
    db: Database,
    request_id: int,
    *,
    submitter: str,
    policy: Policy,
    now: datetime,
    revision: int | None = None,
) -> Request | Refused:
    """Take a request back while it is Under Review, and owe word of it to its reviewers."""
    ending = Ending(request_id, Act.WITHDRAW, submitter, now, revision)
    return await db.together(end, ending, policy)


async def examine(
    db: Database,
    request_id: int,
    *,
    actor: str,
    act: Act,
    policy: Policy,
    now: datetime,
    revision: int | None = None,
) -> Request | Refused:
    """Whether this act would be allowed now: a courtesy before a form is opened, not the rule.

    Who asks from an old card gets it redrawn, as if they had acted.
    """
    ending = Ending(request_id, act, actor, now, revision)
    async with db.snapshot() as session:
        request = await queries.find(session, request_id)
        roster = await people.roster(session, policy, only={actor})
    answer = admit(request, ending, roster, policy)
    if not isinstance(answer, Refused):
        return answer
    async with db.transaction() as session:
        return await told(session, answer, ending)
