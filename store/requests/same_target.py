"""What the store knows around a request: its target, the try before it, the release before it.

Each look-up is one row or a few from an index, however much a target has seen.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.orm import aliased
from sqlmodel import and_, bindparam, col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain import target_rules as rules
from store.domain.request import (
    Category,
    Move,
    PlatformAnswer,
    Predecessor,
    ReleaseStage,
    Request,
    Status,
)
from store.domain.target_rules import NAMED, UNDER_WAY, Namesakes, Precedents, Target
from store.snapshots import predecessor
from store.tables import APPROVED, TARGET, EventRow, RequestRow

MOVED = "moved"
"""The kind of the event by which a release reaches a stage."""
REDRAWN = 10
"""How many waiting requests of a target are drawn again after a change there."""
_NOT_REFUSED = or_(
    col(RequestRow.platform_answer).is_(None),
    col(RequestRow.platform_answer) != PlatformAnswer.REFUSED.value,
)
# Hot: with every submission.
_OF_TRY: tuple[Any, ...] = (
    *(RequestRow.created_at, RequestRow.id, RequestRow.attempt),
    *(RequestRow.status, RequestRow.platform_answer),
)
_TRY = (
    select(*_OF_TRY)
    .where(*(col(getattr(RequestRow, name)) == bindparam(name) for name in TARGET))
    .where(RequestRow.category == bindparam("category"), RequestRow.submitted_by == bindparam("by"))
    .order_by(col(RequestRow.created_at).desc(), col(RequestRow.id).desc())
    .limit(1)
)


async def precedents(
    session: AsyncSession,
    target: Target,
    version: str | None,
    *,
    beside: int = 0,
    only_of: str | None = None,
) -> Precedents:
    """What speaks for or against a request for this target; `beside` is its own id.

    `only_of` leaves out what others submitted.
    """
    others = and_(_on(target), col(RequestRow.id) != beside)
    if only_of:
        others = and_(others, col(RequestRow.submitted_by) == only_of)
    same = and_(others, _is(Category.RELEASE), col(RequestRow.version) == version)
    statuses = [Status.UNDER_REVIEW.value, Status.APPROVED.value]
    live = and_(col(RequestRow.status).in_(statuses), _NOT_REFUSED)
    return Precedents(
        standing=await _newest(session, and_(same, live), 1),
        rejected=await _newest(session, and_(same, _has(Status.REJECTED)), 2),
        under_way=await _under_way(session, others),
    )


@dataclass(frozen=True, slots=True)
class Try:
    """A request as far as a later one for the same counts on from it."""

    created_at: datetime
    id: int = 0
    attempt: int = 1
    status: str = Status.UNDER_REVIEW.value
    platform_answer: str | None = None

    @property
    def came_to_nothing(self) -> bool:
        """Rejected, withdrawn or not accepted, so that the next one is another try."""
        refused = self.platform_answer == PlatformAnswer.REFUSED
        return self.status in {Status.REJECTED, Status.WITHDRAWN} or refused


Purpose = tuple[Target, Category, str]
"""What makes two requests tries for the same: where to, what for, and whose they are."""


async def newest_tries(
    session: AsyncSession, purposes: Collection[Purpose]
) -> dict[Purpose, Try | None]:
    """The newest request for each."""

    def ask(connection: Connection) -> dict[Purpose, Try | None]:
        rows = {each: connection.execute(_TRY, _asked(each)).first() for each in purposes}
        return {each: Try(*row) if row else None for each, row in rows.items()}

    # One by one, each the first row of an index; in one go, since changing over costs more.
    return await (await session.connection()).run_sync(ask)


async def in_context(
    session: AsyncSession, request: Request, *, only_of: str | None = None
) -> Request:
    """The request with its predecessor, the release before it, warnings and moves.

    Who sees only their own requests (`only_of`) learns nothing of other people's by them: anybody
    may submit a release of any mini program, and would read in what changed what the last had.
    """
    earlier = _unless_hidden(await _predecessor(session, request), only_of)
    request, found = replace(request, predecessor=earlier), Precedents()
    if request.category.spec.has_target_app:
        target = Target.of(request)
        base = await _base(session, target, request)
        request = replace(
            request,
            base=_unless_hidden(base, only_of),
            first_on_target=base is None and request.category is Category.RELEASE,
            moves=await _moves(session, request) if request.release_stage else (),
        )
        if request.is_open:
            asked = (session, target, request.version)
            found = await precedents(*asked, beside=request.id, only_of=only_of)
    if not request.is_open:
        return request
    namesakes = await _namesakes(session, request, only_of)
    return replace(request, warnings=rules.warnings(request, found, namesakes))


async def waiting_beside(session: AsyncSession, request_id: int) -> list[int]:
    """The REDRAWN newest requests that wait for the same target: their cards speak of this one."""
    changed = aliased(RequestRow)
    waiting = (
        select(RequestRow.id)
        .join(changed, and_(*(col(getattr(changed, n)) == getattr(RequestRow, n) for n in TARGET)))
        .where(changed.id == request_id, RequestRow.id != request_id, col(changed.target_app) != "")
        .where(_has(Status.UNDER_REVIEW))
        .order_by(col(RequestRow.completed_on).desc(), col(RequestRow.id).desc())
        .limit(REDRAWN)
    )
    return list((await session.exec(waiting)).all())


async def last_change_beside(session: AsyncSession, request: Request) -> datetime | None:
    """When another request for its target was last submitted, decided or moved; None for never."""
    if not request.category.spec.has_target_app:
        return None
    others = and_(_on(Target.of(request)), col(RequestRow.id) != request.id)
    newest = select(
        func.max(RequestRow.created_at),
        func.max(RequestRow.completed_on),
        func.max(RequestRow.moved_at),
    )
    moments = (await session.exec(newest.where(others))).one()
    return max((moment for moment in moments if moment), default=None)


async def others_in_full_release(session: AsyncSession, request: Request) -> list[int]:
    """The other releases of the target that are in Full Release."""
    full = and_(
        _on(Target.of(request)),
        _has(Status.APPROVED),
        col(RequestRow.release_stage) == ReleaseStage.FULL.value,
    )
    others = select(RequestRow.id).where(full, col(RequestRow.id) != request.id)
    return list((await session.exec(others.order_by(col(RequestRow.id)))).all())


def _asked(purpose: Purpose) -> dict[str, str]:
    target, category, submitter = purpose
    place = (target.mini_program_id, target.environment.value, target.app)
    return dict(zip(TARGET, place, strict=True)) | {"category": category.value, "by": submitter}


def _unless_hidden(row: RequestRow | None, only_of: str | None) -> Predecessor | None:
    if row is None or (only_of and row.submitted_by != only_of):
        return None
    return predecessor(row)


async def _predecessor(session: AsyncSession, request: Request) -> RequestRow | None:
    if request.resubmission_of is None:
        return None
    return await session.get_one(RequestRow, request.resubmission_of)


async def _base(session: AsyncSession, target: Target, request: Request) -> RequestRow | None:
    """The last release approved there, before this one was itself; none that was refused there."""
    approved = and_(_on(target), _is(Category.RELEASE), _has(Status.APPROVED), _NOT_REFUSED)
    last = select(RequestRow).where(approved, _before(request))
    last = last.order_by(col(RequestRow.completed_on).desc(), col(RequestRow.id).desc())
    return (await session.exec(last.limit(1))).first()


async def _namesakes(session: AsyncSession, request: Request, only_of: str | None) -> Namesakes:
    """Each the first row of an index; of one name, the nearest ids before and after this one."""
    mine, id_ = request.mini_program_id, col(RequestRow.mini_program_id)
    seen: tuple[Any, ...] = (APPROVED,)
    if only_of:
        seen = (APPROVED, col(RequestRow.submitted_by) == only_of)
    newest = (col(RequestRow.completed_on).desc(), col(RequestRow.id).desc())
    last = select(RequestRow).where(*seen, id_ == mine).order_by(*newest).limit(1)
    called = select(RequestRow).where(
        *seen, RequestRow.mini_program_name == request.mini_program_name
    )
    others = (
        called.where(id_ < mine).order_by(id_.desc()).limit(1),
        called.where(id_ > mine).order_by(id_).limit(1),
    )
    found = [(await session.exec(asked)).first() for asked in (last, *others)]
    last_one, before, after = (predecessor(row) if row else None for row in found)
    return Namesakes(last_one, before or after)


def _before(request: Request) -> ColumnElement[bool]:
    """Completed before it; of two at the same moment the smaller number came first."""
    at, id_ = col(RequestRow.completed_on), col(RequestRow.id)
    if request.completed_on is None:
        return id_ != request.id
    moment = request.completed_on
    return or_(at < moment, and_(at == moment, id_ < request.id))


async def _moves(session: AsyncSession, request: Request) -> tuple[Move, ...]:
    moved = select(EventRow).where(EventRow.request_id == request.id, EventRow.kind == MOVED)
    events = await session.exec(moved.order_by(col(EventRow.revision)))
    return tuple(
        Move(ReleaseStage(e.data["stage"]), e.data.get("on_behalf_of", e.actor), e.at)
        for e in events
    )


async def _newest(
    session: AsyncSession, wanted: ColumnElement[bool], limit: int
) -> tuple[Predecessor, ...]:
    """The last ones to be completed, what waits before them; in the order of the index."""
    order = col(RequestRow.completed_on).desc(), col(RequestRow.id).desc()
    newest = select(RequestRow).where(wanted).order_by(*order).limit(limit)
    return tuple(predecessor(row) for row in (await session.exec(newest)).all())


def _on(target: Target) -> ColumnElement[bool]:
    return and_(
        col(RequestRow.mini_program_id) == target.mini_program_id,
        col(RequestRow.environment) == target.environment.value,
        col(RequestRow.target_app) == target.app,
    )


def _is(category: Category) -> ColumnElement[bool]:
    return col(RequestRow.category) == category.value


def _has(status: Status) -> ColumnElement[bool]:
    return col(RequestRow.status) == status.value


async def _under_way(session: AsyncSession, there: ColumnElement[bool]) -> tuple[Predecessor, ...]:
    """Two questions, because one with an OR in it would read all that a target has ever seen."""
    moving = col(RequestRow.release_stage).in_([stage.value for stage in UNDER_WAY])
    waiting = await _newest(session, and_(there, _has(Status.UNDER_REVIEW)), NAMED + 1)
    return waiting + await _newest(session, and_(there, moving), NAMED + 1)
