"""A change of a request: guarded by the revision it was asked about, and kept in its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import Update
from sqlmodel import bindparam, col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import webhooks
from store.audit import events
from store.audit.events import (
    DERIVED,
    SPOKEN,
    TEXTS,
    VOTE_REASON,
    Event,
    Seals,
    sealed_value,
    spoken_name,
)
from store.domain.approval_notes import note_name
from store.domain.evidence import Evidence
from store.domain.request import HandOver, Request, Verdict, Vote
from store.domain.rest import Rest
from store.domain.terms import Terms
from store.engine.asking import Answer
from store.engine.database import Reading, ask, flush
from store.tables import AssignmentRow, RequestRow
from store.webhooks import Wish

_DUE = (
    update(AssignmentRow)
    .where(col(AssignmentRow.request_id) == bindparam("its_id"))
    .values(due_at=bindparam("its_due"))
)
_HANDED_FIELDS = [field.name for field in fields(HandOver)]
_VOTE_FIELDS = [field.name for field in fields(Vote)]


TESTING = ("tester", "testing_since", "testing_until")
"""The columns that say who is testing a request."""


class OvertakenError(RuntimeError):
    """Somebody changed a request that was to be held: nothing of the transaction may stay."""


@dataclass(frozen=True, slots=True)
class Change:
    """What led to this revision of the request: which kind of act, whose, when.

    `columns` are those of its row that were written, `vote` the vote that was cast with it, and
    `notes` what else its event says. What `erases` puts another text in place of one that somebody
    wrote: it is no secret, and stands in the event. `assigned` and `unassigned` are who was given a
    stage, or not any more, where that changes later than at submit; `handed` whom it was handed to.
    `questions` and `noted` are columns of questions and notes about it that were written, each with
    the number of its own. `vote_notes` are texts put in place of what was told with votes, by stage
    and reviewer: in the event itself where it `erases`, else sealed like what somebody wrote.
    """

    request: Request
    kind: str
    actor: str
    at: datetime
    columns: Mapping[str, Any]
    vote: Vote | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    erases: bool = False
    assigned: Sequence[tuple[int, str]] = ()
    unassigned: Sequence[tuple[int, str]] = ()
    questions: Sequence[Mapping[str, Any]] = ()
    handed: Sequence[HandOver] = ()
    noted: Sequence[Mapping[str, Any]] = ()
    vote_notes: Mapping[tuple[int, str], str] = field(default_factory=dict)


def advance(session: AsyncSession, changed: Sequence[Request], *names: str) -> None:
    """The guarded UPDATE: write these fields of requests that are one revision on.

    The transaction ends with OvertakenError where another revision than the one before is in the
    store. When a request is due is written to its assignments too, which repeat it for lists.
    """
    rows = [
        written(request, "revision", *names)
        | {"its_id": request.id, "its_revision": request.revision - 1}
        for request in changed
    ]

    def check(done: Answer) -> None:
        if done.rowcount != len(rows):
            raise OvertakenError

    ask(session, _guarded(*names), rows).then(check)
    if "due_at" in names:
        ask(session, _DUE, [{"its_id": each.id, "its_due": each.due_at} for each in changed])


def let_go(request: Request) -> Request:
    """The request, tested by nobody."""
    return replace(request, tester=None, testing_since=None, testing_until=None)


def behalf(actor: str, by_key: str | None) -> dict[str, str]:
    """What the event of an act notes where an API key did it: for whom."""
    return {"on_behalf_of": actor} if by_key else {}


@dataclass(frozen=True, slots=True)
class Known:
    """What has to be known to record a change: seals of the histories, and who hears of it."""

    seals: Seals
    hooks: Sequence[Wish]


def known(session: AsyncSession, ids: Sequence[int]) -> Reading[Known]:
    """Of these requests, asked for now: after they are locked."""
    return Reading(Known, events.seals(session, ids), webhooks.wishes(session))


async def record(
    session: AsyncSession, changes: Sequence[Change], known: Known | None = None
) -> None:
    """Write down what led to these revisions, at most one of each request, and owe webhooks."""
    await flush(session)  # a request may be new
    made = [_event(change) for change in changes]
    await events.append(session, made, known.seals if known else None)
    await webhooks.owe(session, changes, known.hooks if known else None)


def written(request: Request, *names: str) -> dict[str, Any]:
    """These columns of its row."""
    return plain({name: getattr(request, name) for name in names})


def vote_row(request: Request, vote: Vote) -> dict[str, Any]:
    """The row of a vote."""
    cast = plain({name: getattr(vote, name) for name in _VOTE_FIELDS})
    return {"request_id": request.id} | cast


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As a row holds them: of a word of the domain, the word; of terms, JSON."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Terms | Rest | Evidence):
        return value.stored()
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, Enum) else value


@cache
def _guarded(*names: str) -> Update:
    """Hot: with every change of a request."""
    return (
        update(RequestRow)
        .where(col(RequestRow.id) == bindparam("its_id"))
        .where(col(RequestRow.revision) == bindparam("its_revision"))
        .values({name: bindparam(name) for name in ("revision", *names)})
    )


def _event(change: Change) -> Event:
    """What people wrote is sealed apart from the facts; of a new request its reviewers as well."""
    request, vote = change.request, change.vote
    texts = {name: text for name in TEXTS if (text := change.columns.get(name)) is not None}
    texts = {} if change.erases else texts
    facts = {n: v for n, v in change.columns.items() if n not in texts and n not in DERIVED}
    data = {**plain(change.notes), "set": {n: sealed_value(v) for n, v in facts.items()}}
    if request.revision == 1:
        data["assigned"] = [
            [stage, reviewer]
            for stage, reviewers in sorted(request.assigned.items())
            for reviewer in reviewers
        ]
    if change.assigned:
        data["assigned"] = [list(each) for each in change.assigned]
    if change.unassigned:
        data["unassigned"] = [list(each) for each in change.unassigned]
    if change.handed:
        data["handed"] = [
            {name: sealed_value(getattr(each, name)) for name in _HANDED_FIELDS}
            for each in change.handed
        ]
    if vote:
        cast = {n: sealed_value(getattr(vote, n)) for n in _VOTE_FIELDS}
        note = cast.pop("note")
        if vote.reason and not change.erases:
            texts[VOTE_REASON] = cast.pop("reason")
        if note and vote.verdict is Verdict.APPROVE and not change.erases:
            texts[note_name(vote.stage, vote.reviewer)] = note
        data["votes"] = [cast]
    noted = change.vote_notes.items()
    if noted and change.erases:
        told = ({"stage": at, "reviewer": by, "note": text} for (at, by), text in noted)
        data["votes"] = [*data.get("votes", ()), *told]
    texts |= {note_name(*cast): text for cast, text in noted if not change.erases}
    for what, said in (("questions", change.questions), ("noted", change.noted)):
        if said:
            data[what] = [{n: sealed_value(v) for n, v in each.items()} for each in said]
        for each in () if change.erases else data.get(what, ()):
            for name in each.keys() & SPOKEN.keys():
                texts[spoken_name(name, each["number"])] = each.pop(name)
    facts_of_event = (request.id, request.revision, change.kind, change.actor, change.at)
    return Event(*facts_of_event, data, texts)
