"""Rows in, snapshots of the domain out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.access import HANDED
from store.domain.evidence import Evidence
from store.domain.request import (
    Category,
    Environment,
    HandOver,
    PlatformAnswer,
    Predecessor,
    RejectionClass,
    ReleaseStage,
    Request,
    Status,
    Verdict,
    Vote,
)
from store.domain.rest import Rest
from store.domain.terms import Terms
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, Reading, ask
from store.tables import AssignmentRow, RequestRow, VoteRow

Made = TypeVar("Made")
# Hot: with every request that is read whole.
_OF_REVIEWER: tuple[Any, ...] = (
    *(AssignmentRow.request_id, AssignmentRow.stage, AssignmentRow.reviewer),
    *(AssignmentRow.handed_by, AssignmentRow.handed_at, AssignmentRow.seat),
)
_REVIEWERS: AnySelect = (
    select(*_OF_REVIEWER)
    .where(in_list(col(AssignmentRow.request_id), "ids"), col(AssignmentRow.for_whom).is_(None))
    .order_by(col(AssignmentRow.reviewer))
)
OF_VOTE: tuple[Any, ...] = tuple(getattr(VoteRow, name) for name in VoteRow.model_fields)
_VOTES: AnySelect = (
    select(*OF_VOTE)
    .where(in_list(col(VoteRow.request_id), "ids"))
    .order_by(col(VoteRow.at), col(VoteRow.stage), col(VoteRow.reviewer))  # many in one batch
)
_NAMES = [
    name
    for name in RequestRow.model_fields
    if name not in {"search_text", "target_app", "stage_key"}
]
_attributes_of = attrgetter(*_NAMES)
_WORDS: dict[str, type[StrEnum]] = {
    "category": Category,
    "environment": Environment,
    "status": Status,
    "rejection_class": RejectionClass,
    "release_stage": ReleaseStage,
    "platform_answer": PlatformAnswer,
}
FACTS: tuple[Any, ...] = tuple(getattr(RequestRow, name) for name in _NAMES)
"""What a snapshot is made of, but for its reviewers and votes: what a row has to begin with."""


async def snapshots(
    session: AsyncSession, rows: Sequence[RequestRow | AnyRow]
) -> tuple[Request, ...]:
    """The rows with their reviewers and votes, in the same order; two queries for any number."""
    ids = {"ids": [row.id for row in rows]}
    parts = (ask(session, _REVIEWERS, ids), ask(session, _VOTES, ids)) if rows else ()
    return _whole(rows, *[await part for part in parts])


def found(
    session: AsyncSession, facts: AnySelect, ids: Sequence[int]
) -> Reading[tuple[Request, ...]]:
    """The requests of these ids, whole, asked for now; `facts` is a SELECT of FACTS that takes
    `:ids` and gives the order.
    """
    asked = {"ids": ids}
    parts = (ask(session, each, asked) for each in (facts, _REVIEWERS, _VOTES))
    return Reading(_whole, *parts)


def bare(row: RequestRow | AnyRow) -> Request:
    """The row without its reviewers and votes."""
    return _request(row, {}, ())


PREDECESSOR = (*(field.name for field in fields(Predecessor)), "submitted_by")
"""The columns of an earlier request that are read, its submitter beside."""


def predecessor(row: RequestRow | AnyRow) -> Predecessor:
    """As much of an earlier request as a later one shows."""
    return Predecessor(
        id=row.id,
        category=Category(row.category),
        version=row.version,
        status=Status(row.status),
        completed_on=row.completed_on,
        rejection_class=_rejection_class(row.rejection_class),
        decision_reason=row.decision_reason,
        release_stage=_release_stage(row.release_stage),
        details=row.details,
        mini_program_id=row.mini_program_id,
        mini_program_name=row.mini_program_name,
        decided_by=row.decided_by,
        decided_for=row.decided_for,
        platform_decider=row.platform_decider,
        evidence=Evidence.read(row.evidence),
    )


def by_request(
    rows: Iterable[AnyRow], made: Callable[[AnyRow], Made]
) -> dict[int, tuple[Made, ...]]:
    """What is made of these rows, in their order, by the request; one without any is not in it."""
    found: dict[int, list[Made]] = {}
    for row in rows:
        found.setdefault(row.request_id, []).append(made(row))
    return {request_id: tuple(its) for request_id, its in found.items()}


def _whole(
    rows: Sequence[RequestRow | AnyRow],
    assigned: Sequence[AnyRow] = (),
    cast: Sequence[AnyRow] = (),
) -> tuple[Request, ...]:
    by_stage: dict[int, dict[int, list[str]]] = {}
    handed: dict[int, list[HandOver]] = {}
    for request_id, stage, reviewer, by, at, seat in assigned:
        by_stage.setdefault(request_id, {}).setdefault(stage, []).append(reviewer)
        if by:
            over = HandOver(stage, reviewer, by, at, as_guest=seat == HANDED)
            handed.setdefault(request_id, []).append(over)
    votes = by_request(cast, vote)
    return tuple(
        _request(row, by_stage.get(row.id, {}), votes.get(row.id, ()), handed.get(row.id, []))
        for row in rows
    )


def _rejection_class(value: str | None) -> RejectionClass | None:
    return RejectionClass(value) if value else None


def _release_stage(value: str | None) -> ReleaseStage | None:
    return ReleaseStage(value) if value else None


def vote(row: AnyRow) -> Vote:
    """The vote that is this row."""
    return Vote(
        reviewer=row.reviewer,
        stage=row.stage,
        verdict=Verdict(row.verdict),
        at=row.at,
        rejection_class=_rejection_class(row.rejection_class),
        reason=row.reason,
        cast_for=row.cast_for,
        note=row.note,
    )


def _request(
    row: RequestRow | AnyRow,
    assigned: Mapping[int, Sequence[str]],
    votes: Sequence[Vote],
    handed: Sequence[HandOver] = (),
) -> Request:
    # By place where it may be: by name each costs as much as all of them.
    values = _attributes_of(row) if isinstance(row, RequestRow) else row[: len(_NAMES)]
    facts = dict(zip(_NAMES, values, strict=True))
    for name, word in _WORDS.items():
        if facts[name] is not None:
            facts[name] = word(facts[name])
    facts["terms"] = Terms.read(facts["terms"])
    facts["escalated_to"] = tuple(facts["escalated_to"] or ())
    facts["rest"] = Rest.read(facts["rest"])
    facts["evidence"] = Evidence.read(facts["evidence"])
    by_stage = {stage: tuple(reviewers) for stage, reviewers in sorted(assigned.items())}
    return Request(
        **facts,
        assigned=by_stage,
        reviewers=by_stage.get(facts["stage"], ()),
        votes=tuple(votes),
        handed=tuple(sorted(handed, key=lambda each: (each.stage, each.to))),
    )
