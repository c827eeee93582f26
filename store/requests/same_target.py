"""What the store knows around a request: its target, the try before it, the release before it.

Each look-up is one row or a few from an index, however much a target has seen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import String, UTCDateTime, and_, bindparam, col, func, or_, select
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
from store.engine.database import Answer, AnyRow, AnySelect, Reading, ask
from store.snapshots import PREDECESSOR, predecessor
from store.tables import APPROVED, NOT_REFUSED, TARGET, EventRow, RequestRow

MOVED = "moved"
"""The kind of the event by which a release reaches a stage."""
REDRAWN = 10
"""How many waiting requests of a target are drawn again after a change there."""
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


def precedents(
    session: AsyncSession,
    target: Target,
    version: str | None,
    *,
    beside: int = 0,
    only_of: str | None = None,
) -> Reading[Precedents]:
    """What speaks for or against a request for this target, asked for now; `beside` is its own id.

    `only_of` leaves out what others submitted.
    """
    asked = _place(target) | {"its_version": version, "beside": beside, "by": only_of}

    def read(*found: Sequence[AnyRow]) -> Precedents:
        standing, rejected, *under_way = (tuple(map(predecessor, rows)) for rows in found)
        return Precedents(standing=standing, rejected=rejected, under_way=sum(under_way, ()))

    # What is under way takes two: one with an OR in it would read all a target has ever seen.
    statements = (_STANDING, _REJECTED, _WAITING, _MOVING)
    return Reading(read, *(ask(session, each, asked) for each in statements))


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


def newest_tries(
    session: AsyncSession, purposes: Collection[Purpose]
) -> Reading[dict[Purpose, Try | None]]:
    """The newest request for each, asked for now: one by one, each the first row of an index."""

    def read(*found: Sequence[AnyRow]) -> dict[Purpose, Try | None]:
        newest = zip(purposes, found, strict=True)
        return {each: Try(*rows[0]) if rows else None for each, rows in newest}

    return Reading(read, *(ask(session, _TRY, _asked(each)) for each in purposes))


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a request, asked for and not yet awaited; `only_of` is whose of it."""

    only_of: str | None
    earlier: Answer | None
    base: Answer | None
    moves: Answer | None
    precedents: Reading[Precedents] | None
    namesakes: Reading[Namesakes] | None


def around(session: AsyncSession, request: Request, only_of: str | None = None) -> Around:
    """Ask for what `in_context` adds to this request."""
    its = {"its_id": request.id}
    earlier = base = moves = precedents_there = namesakes = None
    if request.resubmission_of is not None:
        earlier = ask(session, _EARLIER, {"its_id": request.resubmission_of})
    if request.category.spec.has_target_app:
        target = Target.of(request)
        before = {"moment": request.completed_on} if request.completed_on else {}
        statement = _BASE_THEN if before else _BASE
        base = ask(session, statement, _place(target) | its | before)
        if request.is_open:
            precedents_there = precedents(
                session, target, request.version, beside=request.id, only_of=only_of
            )
        if request.release_stage:
            moves = ask(session, _MOVES, its)
    if request.is_open:
        namesakes = _namesakes(session, request, only_of)
    return Around(only_of, earlier, base, moves, precedents_there, namesakes)


async def in_context(
    session: AsyncSession,
    request: Request,
    found: Around,
    only_of: str | None = None,
) -> Request:
    """The request with its predecessor, the release before it, warnings and moves.

    Who sees only their own requests (`only_of`) learns nothing of other people's by them: anybody
    may submit a release of any mini program, and would read in what changed what the last had.
    `found` is what `around` asked for. Where it asked for who sees more, it asks again, for others'
    requests among the warnings; of a request that has ended it asks for no warnings, and the rest
    is hidden here.
    """
    if request.is_open and found.only_of != only_of:
        found = around(session, request, only_of)
    (earlier_row,) = await found.earlier if found.earlier else (None,)
    request = replace(request, predecessor=_unless_hidden(earlier_row, only_of))
    if found.base:
        base_row = next(iter(await found.base), None)
        request = replace(
            request,
            base=_unless_hidden(base_row, only_of),
            first_on_target=base_row is None and request.category is Category.RELEASE,
            moves=tuple(map(_move, await found.moves)) if found.moves else (),
        )
    if found.namesakes is None:  # it has ended: what is still to be added goes above this line
        return request
    precedents_there = await found.precedents if found.precedents else Precedents()
    warnings = rules.warnings(request, precedents_there, await found.namesakes)
    return replace(request, warnings=warnings)


async def waiting_beside(session: AsyncSession, request_id: int) -> list[int]:
    """The REDRAWN newest requests that wait for the same target: their cards speak of this one."""
    return [row.id for row in await ask(session, _WAITING_BESIDE, {"its_id": request_id})]


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


def _place(target: Target) -> dict[str, str]:
    return {"program": target.mini_program_id, "place": target.environment.value, "app": target.app}


def _unless_hidden(row: AnyRow | None, only_of: str | None) -> Predecessor | None:
    if row is None or (only_of and row.submitted_by != only_of):
        return None
    return predecessor(row)


def _move(event: AnyRow) -> Move:
    stage = ReleaseStage(event.data["stage"])
    return Move(stage, event.data.get("on_behalf_of", event.actor), event.at)


def _namesakes(session: AsyncSession, request: Request, only_of: str | None) -> Reading[Namesakes]:
    """Each the first row of an index; of one name, the nearest ids before and after this one.
    Asked for now."""
    asked = {"program": request.mini_program_id, "name": request.mini_program_name, "by": only_of}

    def read(*found: Sequence[AnyRow]) -> Namesakes:
        last, before, after = (predecessor(rows[0]) if rows else None for rows in found)
        return Namesakes(last, before or after)

    return Reading(read, *(ask(session, each, asked) for each in (_LAST, _BEFORE, _AFTER)))


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


# Hot, all below: with every submission, and every card and details that are drawn.

_COLUMNS: tuple[Any, ...] = tuple(getattr(RequestRow, name) for name in PREDECESSOR)
_EARLIER: AnySelect = select(*_COLUMNS).where(col(RequestRow.id) == bindparam("its_id"))


def _last(*where: ColumnElement[bool]) -> AnySelect:
    """On a target, the last ones to be completed, what waits before them; as the index has them."""
    there = (
        col(RequestRow.mini_program_id) == bindparam("program"),
        col(RequestRow.environment) == bindparam("place"),
        col(RequestRow.target_app) == bindparam("app"),
    )
    last: AnySelect = select(*_COLUMNS).where(*there, *where)
    return last.order_by(col(RequestRow.completed_on).desc(), col(RequestRow.id).desc())


_APPROVED = (_is(Category.RELEASE), _has(Status.APPROVED), NOT_REFUSED)
_AT, _ID = col(RequestRow.completed_on), col(RequestRow.id)
_MOMENT = bindparam("moment", type_=UTCDateTime())
_BASE = _last(*_APPROVED, bindparam("its_id") != _ID).limit(1)
_BASE_THEN = _last(
    *_APPROVED, or_(_AT < _MOMENT, and_(_AT == _MOMENT, bindparam("its_id") > _ID))
).limit(1)
"""The last release approved there, and not refused by the platform: now; and before one that was
approved at a moment, where of two at the same moment the smaller number came first.
"""
_changed = aliased(RequestRow)
_WAITING_BESIDE: AnySelect = (
    select(RequestRow.id)
    .join(_changed, and_(*(col(getattr(_changed, n)) == getattr(RequestRow, n) for n in TARGET)))
    .where(
        col(_changed.id) == bindparam("its_id"),
        col(RequestRow.id) != bindparam("its_id"),
        col(_changed.target_app) != "",
        _has(Status.UNDER_REVIEW),
    )
    .order_by(col(RequestRow.completed_on).desc(), col(RequestRow.id).desc())
    .limit(REDRAWN)
)
_BY = bindparam("by", type_=String())
_OTHERS = (bindparam("beside") != _ID, or_(_BY.is_(None), col(RequestRow.submitted_by) == _BY))
_MINE, _NAME = col(RequestRow.mini_program_id), col(RequestRow.mini_program_name)
_SEEN = (APPROVED, NOT_REFUSED, or_(_BY.is_(None), col(RequestRow.submitted_by) == _BY))
_CALLED = select(*_COLUMNS).where(*_SEEN, bindparam("name") == _NAME).limit(1)
_BEFORE = _CALLED.where(bindparam("program") > _MINE).order_by(_MINE.desc())
_AFTER = _CALLED.where(bindparam("program") < _MINE).order_by(_MINE)
_LAST = (
    select(*_COLUMNS)
    .where(*_SEEN, bindparam("program") == _MINE)
    .order_by(_AT.desc(), _ID.desc())
    .limit(1)
)
_VERSION = (_is(Category.RELEASE), col(RequestRow.version) == bindparam("its_version"))
_LIVE = col(RequestRow.status).in_([Status.UNDER_REVIEW.value, Status.APPROVED.value])
_STANDING = _last(*_OTHERS, *_VERSION, _LIVE, NOT_REFUSED).limit(1)
_REJECTED = _last(*_OTHERS, *_VERSION, _has(Status.REJECTED)).limit(2)
_AT_A_STAGE = col(RequestRow.release_stage).in_([stage.value for stage in UNDER_WAY])
_WAITING = _last(*_OTHERS, _has(Status.UNDER_REVIEW)).limit(NAMED + 1)
_MOVING = _last(*_OTHERS, _AT_A_STAGE).limit(NAMED + 1)
_MOVES = (
    select(EventRow.data, EventRow.actor, EventRow.at)
    .where(EventRow.request_id == bindparam("its_id"), EventRow.kind == MOVED)
    .order_by(col(EventRow.revision))
)
