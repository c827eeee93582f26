"""New requests: checked beside those of their target, linked to the try before, stored once.

Those of one moment share a transaction. What must stay true: they end as they would one after the
other, with the same numbers, links and refusals.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Executable, bindparam
from sqlalchemy import insert as insert_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain import target_rules
from store.domain.access import Denial, Refused, Rules, assignees, may_resubmit
from store.domain.deadlines import working_deadline
from store.domain.lists.query import searchable
from store.domain.policy import Policy
from store.domain.request import Request
from store.domain.submission import Submission
from store.domain.target_rules import Blocked, Target
from store.engine.database import Database, DialectInsert, dialect_insert, execute, hold
from store.messages import cards
from store.requests import read, revisions, same_target
from store.requests.revisions import Change
from store.requests.same_target import Purpose, Try
from store.snapshots import FACTS, snapshots
from store.tables import AssignmentRow, RequestRow

_STORED = select(*FACTS).where(col(RequestRow.external_id).in_(bindparam("ids", expanding=True)))
_ASSIGN = insert_(AssignmentRow)
_WRITTEN = (
    *("revision", "external_id", "category", "title", "mini_program_id", "mini_program_name"),
    *("environment", "version", "submitted_by", "created_at", "status", "stage", "details"),
    *("resubmission_of", "attempt"),
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The stored request; `new` is False when its external id had been stored before."""

    request: Request
    new: bool


@dataclass(frozen=True)
class HandedIn:
    """A submission as it arrived: whose it is, when, and what `submit` says of the rest."""

    submission: Submission
    submitter: str
    at: datetime
    from_platform: bool = False
    resubmission_of: int | None = None

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


async def submit(
    db: Database,
    submission: Submission,
    *,
    submitter: str,
    policy: Policy,
    now: datetime,
    from_platform: bool = False,
    resubmission_of: int | None = None,
) -> Submitted | Refused:
    """Store a request and owe its cards. The same external id again is the same request.

    `from_platform` (import, HTTP intake) says that the platform has taken it already: it is put on
    record as it is, and what the platform's rules would say stands on its card as a warning. What
    is submitted here is refused, with the request in its way and the `field` to change.

    `resubmission_of` names the try before, and counts if that ended without an approval, concerns
    the same and is the submitter's own (an admin may take up anybody's). Left out, it is found.
    """
    handed = HandedIn(submission, submitter, now, from_platform, resubmission_of)
    return await db.write_batches.run(take, handed, policy)


async def submit_all(
    db: Database, handed: Sequence[HandedIn], *, policy: Policy
) -> list[Submitted | Refused]:
    """The same for several, in this order and in one transaction."""
    async with db.transaction() as session:
        return await take(session, handed, policy)


async def take(
    session: AsyncSession, handed: Sequence[HandedIn], policy: Policy
) -> list[Submitted | Refused]:
    """Store these as far as they may be, in this order, with all that is owed for it."""
    # In one order: two transactions that hold the same targets must not wait crosswise.
    for name in sorted({each.target.key for each in handed}):
        await hold(session, name)
    rules = await people.rules(session, policy)
    answers: list[Submitted | Refused] = []
    for group in _groups(handed):
        answers += await _store(session, group, rules, policy)
    return answers


def _groups(handed: Sequence[HandedIn]) -> Iterator[list[HandedIn]]:
    """What can be stored at once. Whom the platform's rules judge, they judge beside all others."""
    for from_platform, run in groupby(handed, attrgetter("from_platform")):
        if from_platform:
            yield list(run)
        else:
            yield from ([each] for each in run)


async def _store(
    session: AsyncSession, group: Sequence[HandedIn], rules: Rules, policy: Policy
) -> list[Submitted | Refused]:
    known = await _known(session, {each.external_id for each in group})
    new: dict[str, tuple[HandedIn, Request]] = {}
    refused: dict[int, Refused] = {}
    tries = await same_target.newest_tries(session, {each.purpose for each in group})
    for place, each in enumerate(group):
        if each.external_id in known or each.external_id in new:
            continue
        answer = await _admit(session, each, rules, tries)
        if isinstance(answer, Refused):
            refused[place] = answer
        else:
            new[each.external_id] = (each, answer)
    stored = await _insert(session, [request for _, request in new.values()], policy)
    await _owe(session, [(new[id_][0], request) for id_, request in stored.items()], policy)
    # On PostgreSQL somebody may store the same external id at the same moment.
    known |= await _known(session, new.keys() - stored.keys())
    return [
        refused[place] if place in refused else _answer(each.external_id, known, stored)
        for place, each in enumerate(group)
    ]


def _answer(
    external_id: str, known: dict[str, Request], stored: Mapping[str, Request]
) -> Submitted:
    """Who comes again later in the same group meets what is known by then."""
    if external_id in known:
        return Submitted(known[external_id], new=False)
    known[external_id] = stored[external_id]
    return Submitted(stored[external_id], new=True)


async def _admit(
    session: AsyncSession,
    handed: HandedIn,
    rules: Rules,
    tries: dict[Purpose, Try | None],
) -> Request | Refused:
    """The request as it would be stored, still without a number; else why not."""
    reviewers = assignees(handed.submitter, rules)
    if not reviewers:
        return Refused(Denial.NOBODY_CAN_DECIDE)
    refused = None if handed.from_platform else await _ruled_out(session, handed)
    if refused:
        return refused
    found = _try_before(handed, tries)
    return _request(handed, reviewers, await _named(session, handed, rules) or found)


async def _ruled_out(session: AsyncSession, handed: HandedIn) -> Refused | None:
    submission = handed.submission
    found = await same_target.on_target(session, handed.target, submission.version)
    answer = target_rules.judge(submission.category, found)
    if not isinstance(answer, Blocked):
        return None
    there = await read.one(session, answer.by.id)
    return Refused(answer.reason, there.id, there, answer.field)


async def _named(session: AsyncSession, handed: HandedIn, rules: Rules) -> Request | None:
    """The try before, where the submitter names it; one that does not fit is as good as none."""
    named = handed.resubmission_of
    earlier = await read.find(session, named) if named else None
    fits = (
        earlier
        and may_resubmit(handed.submitter, earlier, rules)
        and earlier.category is handed.submission.category
        and earlier.mini_program_id == handed.submission.mini_program.id
    )
    return earlier if fits else None


def _try_before(handed: HandedIn, newest: dict[Purpose, Try | None]) -> Try | None:
    """The newest before this one, if it came to nothing; from now on this one may be it."""
    before = newest[handed.purpose]
    if before is None or handed.created_at >= before.created_at:
        newest[handed.purpose] = Try(created_at=handed.created_at)
    return before if before and before.in_vain else None


def _request(handed: HandedIn, reviewers: tuple[str, ...], before: Request | Try | None) -> Request:
    submission = handed.submission
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
        submitted_by=handed.submitter,
        created_at=handed.created_at,
        details=submission.details,
        reviewers=reviewers,
        resubmission_of=before.id if before else None,
        attempt=before.attempt + 1 if before else 1,
    )


async def _insert(
    session: AsyncSession, requests: Sequence[Request], policy: Policy
) -> dict[str, Request]:
    """Number these and make them wait on their reviewers; by external id, as far as it was free."""
    if not requests:
        return {}
    rows = {request.external_id: _row(request, policy) for request in requests}
    numbered = await execute(session, _inserting(dialect_insert(session)), list(rows.values()))
    ids = {external_id: id_ for id_, external_id in numbered}
    stored = [replace(r, id=ids[r.external_id]) for r in requests if r.external_id in ids]
    assigned = [row for each in stored for row in _assignments(each, rows[each.external_id])]
    if assigned:
        await execute(session, _ASSIGN, assigned)
    return {request.external_id: request for request in stored}


@cache
def _inserting(insert: DialectInsert) -> Executable:
    new = insert(RequestRow).on_conflict_do_nothing()
    return new.returning(col(RequestRow.id), col(RequestRow.external_id))


def _row(request: Request, policy: Policy) -> dict[str, Any]:
    deadline = (policy.remind_after_hours, policy.weekdays, policy.timezone)
    return revisions.plain({name: getattr(request, name) for name in _WRITTEN}) | {
        "target_app": Target.of(request).app,
        "search_text": searchable(request.mini_program_name, request.mini_program_id),
        "remind_at": working_deadline(request.created_at, *deadline),
    }


def _assignments(request: Request, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = {name: row[name] for name in ("stage", "created_at", "remind_at")}
    of_request = {"request_id": request.id, "waits": True, **known}
    return [of_request | {"reviewer": reviewer} for reviewer in request.reviewers]


async def _owe(
    session: AsyncSession, stored: Sequence[tuple[HandedIn, Request]], policy: Policy
) -> None:
    """The history of these begins, and everybody concerned gets a card."""
    if not stored:
        return
    requests = [request for _, request in stored]
    await cards.give(session, requests, channel=policy.channel)
    await revisions.record(
        session, [Change(request, "submitted", by.submitter, by.at) for by, request in stored]
    )
    now = max(handed.at for handed, _ in stored)
    await cards.owe(session, [request.id for request in requests], now=now)


async def _known(session: AsyncSession, external_ids: Iterable[str]) -> dict[str, Request]:
    """Those of these that are stored already."""
    ids = sorted(external_ids)
    rows = (await execute(session, _STORED, {"ids": ids})).all() if ids else ()
    return {request.external_id: request for request in await snapshots(session, rows)}
