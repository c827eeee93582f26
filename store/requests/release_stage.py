"""After the approval: where a release stands, as its submitter or an admin says.

What must stay true: a target has one release in Full Release; a newer one archives it in the same
transaction.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain import release_stages
from store.domain.access import Denial, Denied, Refused, may
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import ReleaseStage, Request
from store.domain.target_rules import Target
from store.engine import causes
from store.engine.database import Database, advisory_lock
from store.messages import cards
from store.requests import read, revisions, same_target
from store.requests.revisions import Change

_CHANGED_FIELDS = ("release_stage", "moved_at")


@dataclass(frozen=True, slots=True)
class StageMove:
    """Somebody's word that an approved release has reached a stage; `at` is aware UTC.

    `by_key` is the API key (`key:3`) that says so for them; the history names it.
    """

    request_id: int
    actor: str
    stage: ReleaseStage
    at: datetime
    by_key: str | None = None


async def move_stage(db: Database, move: StageMove, policy: Policy) -> Request | Refused:
    """Write down where a release stands on the platform, and owe its cards.

    Where the platform's order has no such step, the refusal has the request as it stands.
    """
    return causes.noted(await _move(db, move, policy), move.request_id)


async def _move(db: Database, move: StageMove, policy: Policy) -> Request | Refused:
    """Step by step.

    1. Judge whether this person may move it.
    2. Lock its target, so that nobody else moves a release of it, and the release itself, which the
       platform may answer meanwhile; read it again.
    3. Refuse where the platform's order has no such step.
    4. Write the stage; one that goes to Full Release archives the one before it.
    """
    async with db.transaction() as session:
        request = await read.find(session, move.request_id)
        if request is None:
            return Refused(Denial.UNKNOWN, move.request_id)
        rules = await people.rules(session, policy, only={move.actor})
        answer = may(move.actor, Act.MOVE, request, rules, move.at)
        if isinstance(answer, Denied):
            return Refused.of(answer, request)

        advisory_lock(session, Target.of(request).key)
        request = await read.locked(session, request.id)
        if move.stage not in release_stages.possible(request):
            return Refused(Denial.WRONG_RELEASE_STAGE, request.id, request)

        full = move.stage is ReleaseStage.FULL
        older = await same_target.others_in_full_release(session, request) if full else []
        await _write(session, request, move.stage, move)
        for id_ in older:
            await _write(session, await read.locked(session, id_), ReleaseStage.ARCHIVED, move)
        await cards.owe(session, [request.id, *older], now=move.at)
        return await read.one(session, request.id)


async def _write(
    session: AsyncSession, request: Request, stage: ReleaseStage, move: StageMove
) -> None:
    """The guarded UPDATE and its event."""
    moved = replace(request, revision=request.revision + 1, release_stage=stage, moved_at=move.at)
    revisions.advance(session, [moved], *_CHANGED_FIELDS)
    columns = revisions.written(moved, *_CHANGED_FIELDS)
    noted = {"stage": stage} | revisions.behalf(move.actor, move.by_key)
    actor = move.by_key or move.actor
    change = Change(moved, same_target.MOVED, actor, move.at, columns, notes=noted)
    await revisions.record(session, [change])
