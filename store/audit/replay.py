"""What follows from a history: the record as it has to stand, or why the history cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from store.audit.events import SPOKEN, VOTE_REASON, seal, spoken
from store.domain.approval_notes import vote_noted
from store.domain.canonical import canonical, salted_digest
from store.domain.checkpoint import GENESIS
from store.domain.lifecycle import TRANSITIONS
from store.domain.request import Status
from store.engine.database import AnyRow

SUBMITTED = "submitted"
_POSSIBLE = {(before.value, after.value) for (before, _), after in TRANSITIONS.items()}
_STATUSES = set(Status)


class Before(BaseModel):
    """What an older version had kept, sealed as it stood: the hash it ended with, what was wrong
    with it, if anything, and when that was.
    """

    head: str
    finding: str | None
    at: datetime


class Cast(BaseModel):
    """A vote: whose at which stage, and which of its columns were set."""

    model_config = ConfigDict(extra="allow")

    stage: int
    reviewer: str


class Spoken(BaseModel):
    """A question or a note: which one, and which of its columns were set."""

    model_config = ConfigDict(extra="allow")

    number: int


class Handed(BaseModel):
    """That somebody was handed the request."""

    stage: int
    to: str
    by: str
    at: datetime
    as_guest: bool


class Said(BaseModel):
    """The part of an event's data that says what it changed; see `store.audit.events`."""

    model_config = ConfigDict(extra="allow")

    set: dict[str, Any] = {}
    texts: dict[str, str] = {}
    assigned: list[tuple[int, str]] = []
    unassigned: list[tuple[int, str]] = []
    handed: list[Handed] = []
    votes: list[Cast] = []
    questions: list[Spoken] = []
    noted: list[Spoken] = []
    hidden: list[str] = []
    erased: list[str] = []
    after: list[int] = []
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a revision set a column to: a value, or of what somebody wrote the salted hash."""

    revision: int
    value: Any = None
    text: str | None = None
    """The salted hash; `value` is then the name of the salt."""

    def fits(self, value: Any, salts: dict[tuple[int, str], str]) -> bool:
        """Whether this is what the column was set to."""
        if self.text is None:
            return canonical(value) == canonical(self.value)
        salt = salts.get((self.revision, self.value))
        return salt is not None and salted_digest(value, salt) == self.text


@dataclass(frozen=True, slots=True)
class Hidden:
    """That a text was hidden, by whom, when and in which revision; `sealed` is what it was."""

    sealed: Sealed
    by: str
    at: datetime
    revision: int


Key = tuple[int, str]
"""A stage and a reviewer."""


@dataclass(slots=True)
class History:
    """What follows from the events of one request.

    `problems` say why they are no history; what else is here is then of no use.
    """

    problems: list[str] = field(default_factory=list)
    columns: dict[str, Sealed] = field(default_factory=dict)
    assigned: dict[Key, int] = field(default_factory=dict)
    handed: dict[Key, Handed] = field(default_factory=dict)
    votes: dict[Key, dict[str, Sealed]] = field(default_factory=dict)
    spoken: dict[tuple[str, int], dict[str, Sealed]] = field(default_factory=dict)
    """Questions and notes, by where an event has them and their number."""
    salts: set[tuple[int, str]] = field(default_factory=set)
    """The salts that have to be there, by revision and name."""
    hidden: dict[tuple[int, str], Hidden] = field(default_factory=dict)
    """What was hidden and not erased since, by the revision and name of its seal."""
    after: set[int] = field(default_factory=set)
    before: Before | None = None

    @property
    def sealed_at(self) -> datetime | None:
        """When an older history was sealed as it stood; None where it is whole."""
        return self.before.at if self.before else None

    @property
    def status(self) -> str | None:
        """What the status was set to last."""
        found = self.columns.get("status")
        return found.value if found else None


def replay(events: Sequence[AnyRow], revision: int) -> History:
    """Check that these events are a history of so many revisions, and do again what each says."""
    history = History(_breaks(events, revision))
    if history.problems:
        return history
    for event in events:
        try:
            said = Said.model_validate(event.data)
        except ValidationError:
            history.problems.append(f"revision {event.revision} cannot be read")
            return history
        problem = _impossible(event, said, history)
        if problem:
            history.problems.append(f"revision {event.revision} {problem}")
            return history
        _hide(event, said, history)
        _apply(event.revision, said, history)
    return history


def _breaks(events: Sequence[AnyRow], revision: int) -> list[str]:
    """Events that are missing, too many, changed, or out of their chain."""
    by_revision = {event.revision: event for event in events}
    # The number may be wrong by any amount, so what is missing is counted and not listed.
    missing = (number for number in range(1, revision + 1) if number not in by_revision)
    found = [f"revision {gap} is missing from its history" for gap in islice(missing, 3)]
    there = sum(1 <= number <= revision for number in by_revision)
    if revision - there > 3:
        found.append(f"{revision - there - 3} more revisions are missing")
    previous = GENESIS
    for number in sorted(by_revision):
        event = by_revision[number]
        if not 1 <= number <= revision:
            found.append(f"its history has a revision {number}, the record ends with {revision}")
        elif event.hash != seal(event):
            found.append(f"revision {number} was changed after it was sealed")
        elif event.previous != previous and (number == 1 or number - 1 in by_revision):
            found.append(f"revision {number} does not follow the one before it")
        previous = event.hash
    return found


def _impossible(event: AnyRow, said: Said, history: History) -> str | None:
    """Why this cannot have happened after what was before it; None where it can."""
    if (event.kind == SUBMITTED) != (event.revision == 1):
        return f'says "{event.kind}"'
    status = said.set.get("status")
    if status is None or said.before:
        return None
    if not isinstance(status, str):
        return "sets a status that is none"
    if event.revision > 1 and event.kind in _STATUSES and status != event.kind:
        return f'says "{event.kind}" and sets "{status}"'
    if history.status and (history.status, status) not in _POSSIBLE:
        return f'sets "{status}", and it was "{history.status}"'
    return None


def _hide(event: AnyRow, said: Said, history: History) -> None:
    """What it hid is kept as it was sealed until then; what it erased is kept no more."""
    for name in said.hidden:
        sealed = _sealed(history, name)
        if sealed and sealed.text is not None:
            place = (sealed.revision, name)
            history.hidden[place] = Hidden(sealed, event.actor, event.at, event.revision)
    for place in [each for each in history.hidden if each[1] in said.erased]:
        del history.hidden[place]


def _sealed(history: History, name: str) -> Sealed | None:
    """What the text of this name was set to last."""
    if its := spoken(name):
        column, number = its
        return history.spoken.get((SPOKEN[column], number), {}).get(column)
    if vote_key := vote_noted(name):
        return history.votes.get(vote_key, {}).get("note")
    if name == VOTE_REASON:
        reasons = [vote["reason"] for vote in history.votes.values() if "reason" in vote]
        of_text = (each for each in reasons if each.text is not None)
        return max(of_text, key=lambda each: each.revision, default=None)
    return history.columns.get(name)


def _apply(revision: int, said: Said, history: History) -> None:
    for name, value in said.set.items():
        _replace(history, history.columns, name, Sealed(revision, value))
    for name, hash_ in said.texts.items():
        history.salts.add((revision, name))
        if name != VOTE_REASON and not spoken(name) and not vote_noted(name):
            _replace(history, history.columns, name, Sealed(revision, name, hash_))
    for stage, reviewer in said.unassigned:
        history.assigned.pop((stage, reviewer), None)
        history.handed.pop((stage, reviewer), None)
    for stage, reviewer in said.assigned:
        history.assigned[stage, reviewer] = revision
    history.handed.update({(each.stage, each.to): each for each in said.handed})
    for vote in said.votes:
        columns = history.votes.setdefault((vote.stage, vote.reviewer), {})
        for name, value in vote.model_dump().items():
            _replace(history, columns, name, Sealed(revision, value))
        if VOTE_REASON in said.texts:
            text = Sealed(revision, VOTE_REASON, said.texts[VOTE_REASON])
            _replace(history, columns, "reason", text)
    for name, hash_ in said.texts.items():
        if vote_key := vote_noted(name):
            columns = history.votes.setdefault(vote_key, {})
            _replace(history, columns, "note", Sealed(revision, name, hash_))
    _apply_spoken(revision, said, history)
    history.after.update(said.after)
    history.before = said.before or history.before


def _apply_spoken(revision: int, said: Said, history: History) -> None:
    """Questions and notes."""
    for what, said_here in (("questions", said.questions), ("noted", said.noted)):
        for each in said_here:
            columns = history.spoken.setdefault((what, each.number), {})
            for name, value in each.model_dump().items():
                _replace(history, columns, name, Sealed(revision, value))
    for name, hash_ in said.texts.items():
        if its := spoken(name):
            column, number = its
            columns = history.spoken.setdefault((SPOKEN[column], number), {})
            _replace(history, columns, column, Sealed(revision, name, hash_))


def _replace(history: History, columns: dict[str, Sealed], name: str, new: Sealed) -> None:
    """Of a text that was replaced or erased the salt is not kept."""
    old = columns.get(name)
    if old and old.text is not None:
        history.salts.discard((old.revision, old.value))
    columns[name] = new
