"""One request as it stands beside what its history says, and every difference as a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import SQLModel

from store.audit.events import DERIVED, SPOKEN, VOTE_REASON, sealed_value, spoken
from store.audit.replay import History, Key, Sealed
from store.domain.access import HANDED
from store.domain.approval_notes import vote_noted
from store.domain.canonical import canonical, salted_digest
from store.domain.lists.query import searchable
from store.domain.request import Category, People, Status
from store.domain.target_rules import folded_app
from store.domain.terms import Terms
from store.domain.typed_text import folded
from store.engine.database import AnyRow
from store.tables import (
    AssignmentRow,
    CardRow,
    EventRow,
    HiddenRow,
    NoteRow,
    QuestionRow,
    RequestRow,
    SaltRow,
    VoteRow,
)

_REPEATED = ("created_at", "status", "completed_on", "due_at")
"""What an assignment repeats of its request."""
_YOUNGER = frozenset({"round", "due_at"})
"""Columns that older histories never set, and that are not None there: a migration made them of
others."""
_ENDING = ("status", "decided_by", "completed_on")
_NOTHING = Sealed(0)
_SPOKEN: dict[type[SQLModel], str] = {QuestionRow: "questions", NoteRow: "noted"}
_CALLED = {"questions": "question", "noted": "note"}
_NOT_SEALED = frozenset({"request_id", "channel", "ts", "answer_ts"})
"""Columns of a question that its history says nothing of: where a message stands."""


@dataclass(slots=True)
class Kept:
    """All that the record keeps of one request; the rows of each table in the order of its key."""

    row: AnyRow
    events: list[AnyRow] = field(default_factory=list)
    assignments: dict[Key, AnyRow] = field(default_factory=dict)
    votes: dict[Key, AnyRow] = field(default_factory=dict)
    spoken: dict[tuple[str, int], AnyRow] = field(default_factory=dict)
    salts: dict[tuple[int, str], str] = field(default_factory=dict)
    hidden: dict[tuple[int, str], AnyRow] = field(default_factory=dict)
    shown_revision: int = 0
    """The newest that a copy in Slack shows."""

    def add(self, table: type[SQLModel], row: AnyRow) -> None:
        """Take in a row of a table that belongs to it."""
        if table is EventRow:
            self.events.append(row)
        elif table is AssignmentRow and row.for_whom is None:
            self.assignments[row.stage, row.reviewer] = row  # who stands in is nobody's decision
        elif table is VoteRow:
            self.votes[row.stage, row.reviewer] = row
        elif table in _SPOKEN:
            self.spoken[_SPOKEN[table], row.number] = row
        elif table is SaltRow:
            self.salts[row.revision, row.name] = row.salt
        elif table is HiddenRow:
            self.hidden[row.revision, row.name] = row
        elif table is CardRow:
            self.shown_revision = max(self.shown_revision, row.shown_revision)


def people_named(kept: Kept, history: History) -> set[str]:
    """Everybody a sentence of `compare` may name."""
    keys = (*kept.assignments, *kept.votes, *history.assigned, *history.votes)
    deciders = (kept.row.decided_by, history.columns.get("decided_by", _NOTHING).value)
    named = {user for _, user in keys} | {user for user in deciders if isinstance(user, str)}
    hid = {each.by for each in history.hidden.values()}
    return named | hid | {row.hidden_by for row in kept.hidden.values()}


def compare(kept: Kept, history: History, people: People) -> list[str]:
    """Every difference, in sentences that leave out the request's number; none is good."""
    if history.problems:
        return list(history.problems)
    found = [
        *_ending(kept.row, history, people),
        *_columns(kept, history),
        *_derived(kept),
        *_assignments(kept, history, people),
        *_votes(kept, history, people),
        *_spoken(kept, history),
        *_salts(kept, history),
        *_hidden(kept, history, people),
    ]
    if history.before and history.before.finding:
        when = f"{history.before.at:%d %b %Y}"
        found.append(f"when it was sealed as it stood, on {when}, {history.before.finding}")
    if kept.shown_revision > kept.row.revision:
        shown = f"a copy in Slack shows revision {kept.shown_revision}"
        found.append(f"{shown}, the record ends with {kept.row.revision}")
    return found


def _ending(row: AnyRow, history: History, people: People) -> Iterator[str]:
    """How the review ended, in one sentence whatever of it differs."""
    stands = [sealed_value(getattr(row, name)) for name in _ENDING]
    sealed = [history.columns.get(name, _NOTHING) for name in _ENDING]
    says = [each.value for each in sealed]
    if canonical(stands) == canonical(says):
        return
    last = max(each.revision for each in sealed)
    here, there = (_outcome(status, by, people) for status, by, _ in (stands, says))
    if here == there:
        here, there = f"{here} at {stands[2]}", f"{there} at {says[2]}"
    yield f"the record says {here}, the history ends with {there} (revision {last})"


def _outcome(status: Any, by: Any, people: People) -> str:
    known = isinstance(status, str) and status in set(Status)
    said = Status(status).label if known else str(status)
    return f"{said} by {_name(by, people)}" if by else said


def _columns(kept: Kept, history: History) -> Iterator[str]:
    """Every other column of the request that was set to something else, or that nothing set."""
    for name in RequestRow.model_fields:
        if name not in DERIVED and name not in _ENDING:
            value = sealed_value(getattr(kept.row, name))
            sealed = history.columns.get(name, _NOTHING)
            if name in _YOUNGER and sealed is _NOTHING:
                continue
            if not sealed.fits(value, kept.salts):
                yield _difference(_words(name), value, sealed, kept)


def _difference(what: str, value: Any, sealed: Sealed, kept: Kept) -> str:
    """Of what people wrote only that it differs: a finding must not tell what was erased."""
    place = f"(revision {sealed.revision})"
    if sealed.text is not None:
        if (sealed.revision, sealed.value) not in kept.salts:
            return f"nobody can check the {what}: its salt is gone, and no erasure says so {place}"
        verb = "are" if what.endswith("s") else "is"
        return f"the {what} {verb} not what was written {place}"
    if sealed is _NOTHING:
        return f"the record has a {what}, {canonical(value)}, that its history never set"
    said = f"the record has {what} {canonical(value)}, the history {canonical(sealed.value)}"
    return f"{said} {place}"


def _derived(kept: Kept) -> Iterator[str]:
    """What is kept a second time, for lists and searches."""
    row = kept.row
    questions = [each for (what, _), each in kept.spoken.items() if what == "questions"]
    open_ = [each for each in questions if each.answered_at is None and each.closed_at is None]
    if (row.questions_asked, row.questions_open) != (len(questions), len(open_)):
        yield "it does not count the questions that are there"
    if row.notes_written != len(kept.spoken) - len(questions):
        yield "it does not count the notes that are there"
    if row.search_text != searchable(row.mini_program_name, row.mini_program_id):
        yield "its search text does not follow from its mini program"
    category = Category(row.category) if row.category in set(Category) else None
    if category and row.target_app != folded_app(category, row.details):
        yield "its target app does not follow from its details"
    terms = _terms(row)
    if terms and row.stage_key != _stage_key(terms, row.stage):
        yield "the name of its stage does not follow from what it needs"


def _assignments(kept: Kept, history: History, people: People) -> Iterator[str]:
    for key in sorted(history.assigned.keys() | kept.assignments.keys()):
        who, row = _name(key[1], people), kept.assignments.get(key)
        if row is None:
            yield f"the record lacks the assignment of {who} (revision {history.assigned[key]})"
        elif key not in history.assigned:
            yield f"the record has an assignment of {who} that its history does not know"
        else:
            wrong = [name for name in _REPEATED if getattr(row, name) != getattr(kept.row, name)]
            given = _given(key, kept, history)
            wrong += [name for name, value in given if getattr(row, name) != value]
            # Where it is somebody's turn it may wait or not: that follows the roles of today.
            wrong += ["waits"] if row.waits and not row.turn else []
            for name in wrong:
                yield f"the assignment of {who} has another {_words(name)} than the request"


def _given(key: Key, kept: Kept, history: History) -> Iterator[tuple[str, Any]]:
    """What else of an assignment follows from its request, and from where else somebody is."""
    (stage, reviewer), request = key, kept.row
    theirs = [number for number, who in kept.assignments if who == reviewer]
    opened = [number for number in theirs if number <= request.stage]
    is_open = stage == request.stage and request.status == Status.UNDER_REVIEW
    voted_for = {vote.cast_for for (at, _), vote in kept.votes.items() if at == stage}
    yield "turn", is_open and key not in kept.votes and reviewer not in voted_for
    yield "opened", stage <= request.stage
    yield "shown", stage == (max(opened) if opened else min(theirs))
    if stage == request.stage:
        yield "remind_at", request.remind_at
    handed = history.handed.get(key)
    yield "handed_by", handed.by if handed else None
    yield "handed_at", handed.at if handed else None
    if handed and handed.as_guest:
        yield "seat", HANDED
    elif terms := _terms(request):
        yield "seat", terms.seat(stage)


def _stage_key(terms: Terms, stage: int) -> str | None:
    return folded(terms.stages[stage - 1].name) if terms.named else None


def _terms(row: AnyRow) -> Terms | None:
    """What a request needs; None where that cannot be read, or has not as many stages."""
    try:
        terms = Terms.read(row.terms)
    except (KeyError, TypeError):
        return None
    return terms if 1 <= row.stage <= len(terms.stages) else None


def _votes(kept: Kept, history: History, people: People) -> Iterator[str]:
    for key in sorted(history.votes.keys() | kept.votes.keys()):
        who, row = _name(key[1], people), kept.votes.get(key)
        cast = history.votes.get(key, {})
        if row is None:
            last = max(each.revision for each in cast.values())
            yield f"the record lacks the vote of {who} (revision {last})"
        elif not cast:
            yield f"the record has a vote of {who} that its history does not know"
        else:
            for name in VoteRow.model_fields:
                sealed = cast.get(name, _NOTHING)
                value = sealed_value(getattr(row, name))
                if name != "request_id" and not sealed.fits(value, kept.salts):
                    yield _difference(f"{_words(name)} of {who}'s vote", value, sealed, kept)


def _spoken(kept: Kept, history: History) -> Iterator[str]:
    for key in sorted(history.spoken.keys() | kept.spoken.keys()):
        row, said = kept.spoken.get(key), history.spoken.get(key, {})
        called = f"{_CALLED[key[0]]} {key[1]}"
        if row is None:
            last = max(each.revision for each in said.values())
            yield f"the record lacks {called} (revision {last})"
        elif not said:
            yield f"the record has a {called} that its history does not know"
        else:
            for name in row._mapping:
                sealed, value = said.get(name, _NOTHING), sealed_value(getattr(row, name))
                if name not in _NOT_SEALED and not sealed.fits(value, kept.salts):
                    yield _difference(f"{_words(name)} of {called}", value, sealed, kept)


def _salts(kept: Kept, history: History) -> Iterator[str]:
    """A salt too many: of a text that was erased, so that it could be guessed, or of none."""
    for revision, name in sorted(kept.salts.keys() - history.salts):
        yield f"the salt of the {_words(name)} of revision {revision} should have been deleted"


def _hidden(kept: Kept, history: History, people: People) -> Iterator[str]:
    """What was hidden is what was said, and the record does not show it."""
    for place in sorted(history.hidden.keys() | kept.hidden.keys()):
        row, hid, what = kept.hidden.get(place), history.hidden.get(place), _words(place[1])
        if row is None:
            assert hid is not None, "it is in one of the two"
            yield f"the {what} that was hidden is gone (revision {hid.revision})"
        elif hid is None:
            yield f"the record keeps a hidden {what} that its history does not know"
        else:
            if salted_digest(row.text, row.salt) != hid.sealed.text:
                yield f"the hidden {what} is not what was written (revision {place[0]})"
            if (row.hidden_by, row.hidden_at, row.hidden_in) != (hid.by, hid.at, hid.revision):
                by, at = _name(row.hidden_by, people), row.hidden_at
                yield (
                    f"the record says that {by} hid the {what} at {at}, its history that "
                    f"{_name(hid.by, people)} did at {hid.at} (revision {hid.revision})"
                )
            if _shown(kept, place[1]) == row.text:
                yield f"the {what} was hidden, and the record shows it (revision {hid.revision})"


def _shown(kept: Kept, name: str) -> Any:
    """The text of this name as the record has it; None where it is not there."""
    if its := spoken(name):
        column, number = its
        return getattr(kept.spoken.get((SPOKEN[column], number)), column, None)
    if vote_key := vote_noted(name):
        return getattr(kept.votes.get(vote_key), "note", None)
    if name == VOTE_REASON:
        return next((vote.reason for vote in kept.votes.values() if vote.reason), None)
    return getattr(kept.row, name, None)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _name(user: Any, people: People) -> str:
    return people[user].name if isinstance(user, str) and user in people else str(user)
