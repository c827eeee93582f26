"""After the approval: where a release stands, as its submitter or an admin says.

What must stay true: a target has one release in Full Release; a newer one archives it in the same
transaction.
"""

from dataclasses import replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain import release_stages
from store.domain.access import Denial, Denied, Refused, may
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import ReleaseStage, Request
from store.domain.target_rules import Target
from store.engine.database import Database, hold
from store.messages import cards
from store.requests import read, revisions, same_target
from store.requests.revisions import Change


async def move_stage(
    db: Database,
    request_id: int,
    *,
    actor: str,
    stage: ReleaseStage,
    policy: Policy,
    now: datetime,
) -> Request | Refused:
    """Note that an approved release has reached a stage on the platform, and owe its cards.

    Refused where the platform's order has no such step; `request` is then as it stands.
    """
    async with db.transaction() as session:
        admitted = await _admit(session, request_id, actor, policy, now)
        if isinstance(admitted, Refused):
            return admitted
        await hold(session, Target.of(admitted).key)
        request = await read.one(session, request_id)
        if stage not in release_stages.possible(request):
            return Refused(Denial.WRONG_STAGE, request_id, request)
        older = await same_target.live(session, request) if stage is ReleaseStage.FULL else []
        await _reach(session, request, stage, actor, now)
        for other in older:
            archived = await read.one(session, other)
            await _reach(session, archived, ReleaseStage.ARCHIVED, actor, now)
        beside = await same_target.waiting_beside(session, [request])
        await cards.owe(session, [request_id, *older, *beside], now=now)
        return await read.one(session, request_id)


async def _admit(
    session: AsyncSession, request_id: int, actor: str, policy: Policy, now: datetime
) -> Request | Refused:
    request = await read.find(session, request_id)
    if request is None:
        return Refused(Denial.UNKNOWN, request_id)
    rules = await people.rules(session, policy, only={actor})
    answer = may(actor, Act.MOVE, request, rules, now)
    if not isinstance(answer, Denied):
        return request
    known = answer.reason is not Denial.UNKNOWN
    return Refused(answer.reason, request_id, request if known else None)


async def _reach(
    session: AsyncSession, request: Request, stage: ReleaseStage, actor: str, now: datetime
) -> None:
    """The target is held, so nobody else moves its releases at this moment."""
    moved = replace(request, revision=request.revision + 1, release_stage=stage, moved_at=now)
    await revisions.advance(session, [moved], "release_stage", "moved_at")
    change = Change(moved, same_target.MOVED, actor, now, {"stage": stage})
    await revisions.record(session, [change])
