"""Erase what people wrote, once it is no longer kept, without breaking the proof of the record.

The text is overwritten and its salt deleted, so that nobody can guess it from the hash that its
event keeps; an event of its own seals what was erased and why. Of a text that an admin has hidden
goes what was kept of it too. What must stay true: an open request keeps what is needed to decide
it, and the last release approved on a target what the next one is compared with, until they no
longer are that.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import String, and_, cast, col, delete, exists, func, literal, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.audit.events import SPOKEN, TEXTS, VOTE_REASON, spoken, spoken_name
from store.domain.approval_notes import COLUMN, vote_noted
from store.domain.erasure import erased_details, erased_text
from store.domain.evidence import Evidence, Exhibit
from store.domain.lists.query import searchable
from store.domain.policy import Policy
from store.domain.request import Category, Request, Status
from store.engine.database import Database
from store.engine.time_limits import LONG
from store.messages import cards
from store.requests import revisions
from store.requests.revisions import Change
from store.requests.said import replace_said
from store.snapshots import snapshots
from store.tables import (
    TARGET,
    ArrivalsRow,
    CardRow,
    DigestRow,
    DraftRow,
    ExportRow,
    ForgottenRow,
    HiddenRow,
    HomeRow,
    NoteRow,
    OutboxRow,
    PersonRow,
    QuestionRow,
    RequestRow,
    SaltRow,
    ToldRow,
    VoteRow,
    WatchRow,
)

ERASED = "erased"
"""The kind of the event."""
PORTION = 50
"""Requests that one transaction changes: on SQLite every click waits for its end."""
_SUBMITTED = ("title", "mini_program_name", "details", "evidence")
_SAID = ("decision_reason", VOTE_REASON)
_OLD = ("details", "evidence", "platform_decider", "platform_reason", "incident", *_SAID)
"""What `keep_details_days` is about. Titles and names of mini programs stay, for the lists."""
_OF_A_PERSON = {
    DraftRow: "owner",
    HomeRow: "user_id",
    OutboxRow: "recipient",
    ExportRow: "asker",
    ArrivalsRow: "recipient",
    DigestRow: "reviewer",
    WatchRow: "user_id",
    ToldRow: "recipient",
}
"""Rows that are about one person alone, and where they say who it is."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, when and at whose word something is erased; `at` is aware UTC."""

    why: str
    actor: str
    at: datetime


async def erase_old(db: Database, policy: Policy, *, now: datetime, dry_run: bool = False) -> int:
    """Erase what the policy no longer keeps, and what forgotten people left; of how many requests.

    Profiles that nobody has asked for since `keep_profiles_days` go as well.
    """
    total = 0
    if policy.keep_details_days:
        over = now - timedelta(days=policy.keep_details_days)
        is_old = or_(col(SaltRow.name).in_(_OLD), *map(_is_named, (*SPOKEN, COLUMN)))
        which = and_(col(RequestRow.completed_on) < over, is_old)
        reason = Reason(f"kept for {policy.keep_details_days} days", "policy", now)
        total += await _erase_all(db, which, reason, dry_run=dry_run)
    async with db.snapshot() as session:
        forgotten = (await session.exec(select(ForgottenRow.user_id))).all()
    for user in forgotten:
        total += await _erase_all(db, _written_by(user), _forget(user, now), dry_run=dry_run)
    if policy.keep_profiles_days and not dry_run:
        unseen = col(PersonRow.seen_at) < now - timedelta(days=policy.keep_profiles_days)
        async with db.transaction() as session:
            await session.exec(delete(PersonRow).where(unseen))
    return total


def _forget(user: str, now: datetime) -> Reason:
    return Reason(f"forget {user}", "operator", now)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased of a person: texts in so many requests; in so many more they stay for now."""

    requests: int
    later: int


async def forget(
    db: Database, user: str, *, now: datetime, redraw: bool = False, dry_run: bool = False
) -> Forgotten:
    """Erase what this person wrote and what is kept about them, and never ask Slack for them again.

    What an open request or a later comparison needs is erased as soon as it no longer does.
    `redraw` owes the cards that showed it.
    """
    if not dry_run:
        async with db.transaction() as session:
            await people.forget(session, user, now=now)
            for table, name in _OF_A_PERSON.items():
                await session.exec(delete(table).where(col(getattr(table, name)) == user))
    reason = _forget(user, now)
    erased = await _erase_all(db, _written_by(user), reason, dry_run=dry_run, redraw=redraw)
    left = select(func.count(func.distinct(SaltRow.request_id))).join(
        RequestRow, col(RequestRow.id) == SaltRow.request_id
    )
    async with db.snapshot(LONG) as session:
        later = (await session.exec(left.where(_written_by(user), _is_needed()))).one()
    return Forgotten(erased, later)


def _written_by(user: str) -> ColumnElement[bool]:
    """Salts of what this person wrote: what they submitted, and what they said deciding; and of
    what stands in the place of a text that they have hidden, which names them.
    """
    voted = select(VoteRow.reviewer).where(
        col(VoteRow.request_id) == SaltRow.request_id, col(VoteRow.reviewer) == user
    )
    own = and_(col(RequestRow.submitted_by) == user, col(SaltRow.name).in_(_SUBMITTED))
    said = col(SaltRow.name).in_(["decision_reason", "incident"])
    decided = and_(col(RequestRow.decided_by) == user, said)
    answered = and_(col(RequestRow.submitted_by) == user, _is_named("answer"))
    spoke = [
        select(table.number)
        .where(
            col(table.request_id) == SaltRow.request_id,
            col(getattr(table, by)) == user,
            col(SaltRow.name) == literal(spoken_name(column, "")) + cast(table.number, String),
        )
        .exists()
        for table, by, column in (
            (QuestionRow, "asked_by", "question"),
            (NoteRow, "written_by", "note"),
        )
    ]
    voting = and_(voted.exists(), col(SaltRow.name) == VOTE_REASON)
    hid = select(HiddenRow.revision).where(
        col(HiddenRow.request_id) == SaltRow.request_id,
        col(HiddenRow.name) == SaltRow.name,
        col(HiddenRow.hidden_by) == user,
    )
    told = and_(_is_named(COLUMN), col(SaltRow.name).endswith(f" {user}"))
    return or_(own, decided, voting, told, answered, hid.exists(), *spoke)


def _is_named(column: str) -> ColumnElement[bool]:
    """Whether it is the salt of this column of a question, a note or a vote, whichever."""
    return col(SaltRow.name).startswith(spoken_name(column, ""))


async def _erase_all(
    db: Database, which: ColumnElement[bool], reason: Reason, *, dry_run: bool, redraw: bool = False
) -> int:
    """Erase these texts, a portion of requests at a time; of how many requests."""
    last, total = 0, 0
    while True:
        async with db.snapshot(LONG) as session:
            portion = await _erasable(session, which, last)
        if not portion:
            return total
        if not dry_run:
            async with db.transaction() as session:
                await _erase(session, portion, reason)
                if redraw:
                    await cards.owe(session, portion, now=reason.at)
        total, last = total + len(portion), max(portion)


async def _erasable(
    session: AsyncSession, which: ColumnElement[bool], last: int
) -> dict[int, set[str]]:
    """Of the next requests the texts among these that are needed no more, by their names."""
    now = and_(which, ~_is_needed())
    its = exists().where(col(SaltRow.request_id) == col(RequestRow.id), now)
    ids = select(RequestRow.id).where(col(RequestRow.id) > last, its)
    ids = ids.order_by(col(RequestRow.id)).limit(PORTION)
    of_request = col(RequestRow.id) == SaltRow.request_id
    names = select(SaltRow.request_id, SaltRow.name).join(RequestRow, of_request)
    found: dict[int, set[str]] = {}
    portion = list(await session.exec(ids))
    for id_, name in await session.exec(names.where(col(RequestRow.id).in_(portion), now)):
        found.setdefault(id_, set()).add(name)
    return found


def _is_needed() -> ColumnElement[bool]:
    """Whether this text has to stay for now: to decide, or to compare the next release with."""
    is_open = col(RequestRow.status) == Status.UNDER_REVIEW.value
    return or_(is_open, and_(col(SaltRow.name).in_(["details", "evidence"]), _is_compared_with()))


def _is_compared_with() -> ColumnElement[bool]:
    """Whether it is the last release approved on its target."""

    def approved(row: type[RequestRow]) -> ColumnElement[bool]:
        is_release = col(row.category) == Category.RELEASE.value
        return and_(is_release, col(row.status) == Status.APPROVED.value)

    later = aliased(RequestRow)
    at, after = col(RequestRow.completed_on), col(later.completed_on)
    superseded = exists().where(
        *(col(getattr(later, name)) == col(getattr(RequestRow, name)) for name in TARGET),
        approved(later),
        or_(after > at, and_(after == at, col(later.id) > col(RequestRow.id))),
    )
    return and_(approved(RequestRow), ~superseded)


async def _erase(session: AsyncSession, portion: dict[int, set[str]], reason: Reason) -> None:
    """Overwrite the texts, delete their salts, and seal what was done.

    The copies in Slack count as up to date: an erasure owes no card.
    """
    locked = select(RequestRow).where(col(RequestRow.id).in_(portion)).with_for_update()
    rows = (await session.exec(locked.order_by(col(RequestRow.id)))).all()
    there = select(SaltRow.request_id, SaltRow.name).where(col(SaltRow.request_id).in_(portion))
    salts = set(await session.exec(there))  # another replica may have erased them
    for request in await snapshots(session, rows):
        names = {name for name in portion[request.id] if (request.id, name) in salts}
        if names:
            await _erase_one(session, request, names, reason)


async def _erase_one(
    session: AsyncSession, request: Request, names: set[str], reason: Reason
) -> None:
    erased = _without(request, names, reason.at)
    columns = [name for name in TEXTS if name in names]
    revisions.advance(session, [erased], *columns)
    said = (vote for vote in erased.votes if vote.reason)
    vote = next(said) if VOTE_REASON in names else None
    told = [each for each in map(vote_noted, sorted(names)) if each]
    words = [each for each in map(spoken, sorted(names)) if each]
    replaced: dict[str, list[dict[str, Any]]] = {"questions": [], "noted": []}
    for column, number in words:
        text = {"number": number, column: erased_text(reason.at)}
        replaced[SPOKEN[column]].append(text)
    notes = {"erased": sorted(names), "why": reason.why}
    change = Change(
        erased,
        ERASED,
        reason.actor,
        reason.at,
        revisions.written(erased, *columns),
        vote,
        notes,
        erases=True,
        questions=replaced["questions"],
        noted=replaced["noted"],
        vote_notes=dict.fromkeys(told, erased_text(reason.at)),
    )
    await revisions.record(session, [change])

    found_by = searchable(erased.mini_program_name, erased.mini_program_id)
    its = col(RequestRow.id) == request.id
    await session.exec(update(RequestRow).where(its).values(search_text=found_by))
    await replace_said(session, request.id, names, erased_text(reason.at))
    its = col(CardRow.request_id) == request.id
    as_it_was = col(CardRow.shown_revision) == request.revision
    shown = update(CardRow).where(its, as_it_was).values(shown_revision=erased.revision)
    await session.exec(shown)
    for table in (SaltRow, HiddenRow):
        its_texts = col(table.request_id) == request.id, col(table.name).in_(names)
        await session.exec(delete(table).where(*its_texts))


def _without(request: Request, names: set[str], at: datetime) -> Request:
    text = erased_text(at)
    changed: dict[str, Any] = {name: text for name in TEXTS if name in names}
    if "details" in names:
        changed["details"] = erased_details(request.details, at)
    if "evidence" in names:
        changed["evidence"] = Evidence((Exhibit(text, ""),))
    if VOTE_REASON in names:
        changed["votes"] = tuple(
            replace(vote, reason=text) if vote.reason else vote for vote in request.votes
        )
    return replace(request, revision=request.revision + 1, **changed)
