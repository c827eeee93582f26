"""Hiding what somebody wrote about a request: an admin's act, and one that nobody takes back.

What must stay true: nothing is deleted. The text and the salt of its seal are kept apart, for who
audits and for nobody else; another text stands in its place, under a seal of its own. Where
messages show the text, they are owed anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import col, delete, insert, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import hidden, notes, people
from store.audit.events import SPOKEN, TEXTS, VOTE_REASON, spoken
from store.domain.access import Denial, Refused
from store.domain.approval_notes import vote_noted
from store.domain.hidden import HIDDEN, Written, hidden_text, named, texts
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import People, Request
from store.engine import causes
from store.engine.database import Database
from store.messages import cards, told
from store.messages.outbox import Owed
from store.requests import ask as asking
from store.requests import read, revisions
from store.requests.revisions import Change
from store.requests.said import replace_said
from store.tables import HiddenRow, RequestRow, SaltRow

_WITH = {"decision_reason": (VOTE_REASON,)}
"""Texts that the record has twice: hiding one hides the other."""


@dataclass(frozen=True, slots=True)
class Hiding:
    """An admin wants a text out of sight, by the name its event has for it; `at` is aware UTC.

    `sealed_in` is the revision whose text they saw: of what was amended since they saw nothing.
    """

    request_id: int
    name: str
    sealed_in: int
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hideable:
    """A request, what was written about it, and those who are named in both."""

    request: Request
    written: tuple[Written, ...]
    people: People = field(default_factory=dict)


async def hide(db: Database, hiding: Hiding, policy: Policy) -> Request | Refused:
    """Hide it; the request as it is then. What is hidden already stays so."""
    async with db.transaction() as session:
        return causes.noted(await _hide(session, hiding, policy), hiding.request_id)


async def examine(
    db: Database, request_id: int, actor: str, policy: Policy, *, now: datetime
) -> Hideable | Refused:
    """What this person could hide; or why nothing."""
    async with db.snapshot() as session:
        found = await read.examined(
            session, request_id, Act.HIDE, actor=actor, policy=policy, now=now
        )
        if isinstance(found, Refused):
            return causes.noted(found, request_id)
        request = await _with_all(session, found, actor)
        written = await _written(session, request)
        return Hideable(request, written, await people.known(session, {*request.people(), actor}))


async def _hide(session: AsyncSession, hiding: Hiding, policy: Policy) -> Request | Refused:
    found = await read.examined(
        session,
        hiding.request_id,
        Act.HIDE,
        actor=hiding.actor,
        policy=policy,
        now=hiding.at,
        lock=True,
    )
    if isinstance(found, Refused):
        return found
    request = await _with_all(session, found, hiding.actor)
    text = named(hiding.name, await _written(session, request))
    if text and text.is_hidden:
        return request
    if text is None or not text.can_be_hidden or text.sealed_in != hiding.sealed_in:
        return Refused(Denial.TEXT_CHANGED, request.id, request)

    person = (await people.known(session, [hiding.actor])).get(hiding.actor)
    instead = hidden_text(person.name if person else "")
    names = [text.name, *(each for each in _WITH.get(text.name, ()) if _has(request, each))]
    after = _without(request, names, instead)
    await _set_aside(session, request, names, hiding, hidden_in=after.revision)
    columns = [name for name in TEXTS if name in names]
    revisions.advance(session, [after], *columns)
    await replace_said(session, request.id, names, instead)
    await revisions.record(session, [_change(after, names, instead, hiding)])
    concerned = [request.id]
    if "decision_reason" in names:
        concerned += await _resubmissions_of(session, request.id)
    also = await _redrawn(session, after, names)
    await cards.owe(session, concerned, now=hiding.at, also=also)
    return after


async def _with_all(session: AsyncSession, request: Request, actor: str) -> Request:
    """With its questions, and with the notes where this person may read them."""
    request = await read.with_questions(session, request)
    if not request.notes_written or actor == request.submitted_by:
        return request
    return replace(request, notes=(await notes.of(session, [request.id]))[request.id])


async def _written(session: AsyncSession, request: Request) -> tuple[Written, ...]:
    """What people wrote about it, each text with its seal and whether it is hidden."""
    sealed = await hidden.sealed(session, request.id)
    nothing = (0, False)
    return tuple(
        replace(each, sealed_in=revision, is_hidden=is_hidden)
        for each in texts(request)
        for revision, is_hidden in [sealed.get(each.name, nothing)]
    )


def _has(request: Request, name: str) -> bool:
    return name == VOTE_REASON and any(vote.reason for vote in request.votes)


def _text_of(request: Request, name: str) -> str:
    if name == VOTE_REASON:
        return next(vote.reason for vote in request.votes if vote.reason)
    return next(each.text for each in texts(request) if each.name == name)


def _without(request: Request, names: Sequence[str], instead: str) -> Request:
    """The request a revision on, with this in the place of its texts."""
    changed: dict[str, Any] = {name: instead for name in TEXTS if name in names}
    if VOTE_REASON in names:
        changed["votes"] = tuple(
            replace(vote, reason=instead) if vote.reason else vote for vote in request.votes
        )
    changed["questions"] = tuple(
        replace(
            each,
            question=instead if f"question {each.number}" in names else each.question,
            answer=instead if f"answer {each.number}" in names else each.answer,
        )
        for each in request.questions
    )
    return replace(request, revision=request.revision + 1, **changed)


async def _set_aside(
    session: AsyncSession, request: Request, names: Sequence[str], hiding: Hiding, *, hidden_in: int
) -> None:
    """Move these texts and their salts to where nothing shows them."""
    its = (col(SaltRow.request_id) == request.id, col(SaltRow.name).in_(names))
    for salt in (await session.exec(select(SaltRow).where(*its))).all():
        kept = {
            "request_id": request.id,
            "revision": salt.revision,
            "name": salt.name,
            "text": _text_of(request, salt.name),
            "salt": salt.salt,
            "hidden_in": hidden_in,
            "hidden_by": hiding.actor,
            "hidden_at": hiding.at,
        }
        await session.exec(insert(HiddenRow).values(**kept))
    await session.exec(delete(SaltRow).where(*its))


def _change(after: Request, names: Sequence[str], instead: str, hiding: Hiding) -> Change:
    said: dict[str, list[Mapping[str, Any]]] = {"questions": [], "noted": []}
    for column, number in filter(None, map(spoken, names)):
        said[SPOKEN[column]].append({"number": number, column: instead})
    reasons = (vote for vote in after.votes if vote.reason)
    return Change(
        after,
        HIDDEN,
        hiding.actor,
        hiding.at,
        revisions.written(after, *(name for name in TEXTS if name in names)),
        next(reasons) if VOTE_REASON in names else None,
        notes={"hidden": sorted(names)},
        questions=said["questions"],
        noted=said["noted"],
        vote_notes={cast: instead for cast in map(vote_noted, names) if cast},
    )


async def _resubmissions_of(session: AsyncSession, request_id: int) -> list[int]:
    """The requests whose cards say why this one was rejected."""
    later = select(RequestRow.id).where(col(RequestRow.resubmission_of) == request_id)
    return list(await session.exec(later))


async def _redrawn(session: AsyncSession, after: Request, names: Sequence[str]) -> list[Owed]:
    """The messages besides cards that show one of these texts."""
    numbers = {number for column, number in filter(None, map(spoken, names)) if column != "note"}
    asked = [each for each in after.questions if each.number in numbers and each.ts]
    ended = not any(map(spoken, names))
    quoting = await told.about(session, after.id, questions=numbers, outcome=ended)
    return [*(asking.owed(each, after) for each in asked), *quoting]
