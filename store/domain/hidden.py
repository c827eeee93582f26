"""Hiding what somebody wrote about a request: which texts there are, how people call each, and what
stands in the place of one that is hidden.

It is put into the record itself, so that lists, cards, exports and the API show it without more.
What was submitted is none of these texts: it is what the review is about.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from store.domain.approval_notes import note_name
from store.domain.request import Request
from store.domain.typed_text import folded

HIDDEN = "text_hidden"
"""The kind of the event."""
QUESTION, ANSWER, NOTE, APPROVAL_NOTE = "question", "answer", "note", "approval note"
REASON, INCIDENT, PLATFORM_REASON = "reason", "incident", "platform reason"
_NUMBERED = {QUESTION, ANSWER, NOTE, APPROVAL_NOTE}
_CALLED = {
    **{each: each for each in (*_NUMBERED, REASON, INCIDENT, PLATFORM_REASON)},
    **dict.fromkeys(("q", "questions"), QUESTION),
    **dict.fromkeys(("a", "answers", "reply", "answer question"), ANSWER),
    **dict.fromkeys(("n", "notes"), NOTE),
    **dict.fromkeys(("approval", "approval notes", "note approval"), APPROVAL_NOTE),
    **dict.fromkeys(("rejection", "rejection reason", "reason rejection"), REASON),
    **dict.fromkeys(("link", "incident link"), INCIDENT),
    **dict.fromkeys(("platform", "refusal", "refusal reason"), PLATFORM_REASON),
}
"""What people type, and which of the words above is meant."""
_FILLERS = {"the", "to", "of", "no", "nr", "number", "with", "an", "for"}
_NAME_LIMIT = 80
"""Ours: characters of a name that stands in the place of a text."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text about a request. `name` is what its event calls it, `called` how people do.

    `by` wrote it: empty where the platform did. `sealed_in` is the revision whose seal it is under,
    0 where it was erased or that was not looked up (`texts`); with `is_hidden` it is what stands in
    the place of one that is hidden.
    """

    name: str
    called: str
    by: str
    text: str
    sealed_in: int = 0
    is_hidden: bool = False

    @property
    def can_be_hidden(self) -> bool:
        """It is there, and as somebody wrote it."""
        return self.sealed_in > 0 and not self.is_hidden


def hidden_text(name: str) -> str:
    """ "hidden by Ada Cruz", by the name of who hid it; of somebody without one "an admin"."""
    return f"hidden by {' '.join(name.split())[:_NAME_LIMIT] or 'an admin'}"


def texts(request: Request) -> Iterator[Written]:
    """What people wrote about it, of a request that was read with its questions and notes."""
    for question in request.questions:
        n = question.number
        yield Written(f"question {n}", f"{QUESTION} {n}", question.asked_by, question.question)
        if question.answer is not None:
            yield Written(f"answer {n}", f"{ANSWER} {n}", request.submitted_by, question.answer)
    for note in request.notes:
        yield Written(f"note {note.number}", f"{NOTE} {note.number}", note.written_by, note.note)
    noted = [vote for vote in request.votes if vote.note]
    for number, vote in enumerate(noted, start=1):
        name = note_name(vote.stage, vote.reviewer)
        yield Written(name, f"{APPROVAL_NOTE} {number}", vote.reviewer, vote.note or "")
    decider = request.decided_by or ""
    if request.decision_reason:
        yield Written("decision_reason", REASON, decider, request.decision_reason)
    if request.incident:
        yield Written("incident", INCIDENT, decider, request.incident)
    if request.platform_reason:
        yield Written("platform_reason", PLATFORM_REASON, "", request.platform_reason)


def meant(typed: str, written: Sequence[Written]) -> Written | None:
    """Which of these texts somebody typed the name of: "question 2", "Q2", "the answer to question
    2"; without a number where there is only one of its kind. None where none is meant.
    """
    said = folded(typed)
    numbers = re.findall(r"\d+", said)
    phrase = " ".join(word for word in re.findall(r"[^\W\d_]+", said) if word not in _FILLERS)
    near = get_close_matches(phrase, _CALLED, n=1, cutoff=0.8) if len(phrase) < 40 else []
    kind = _CALLED.get(phrase) or next((_CALLED[each] for each in near), None)
    if kind is None or len(numbers) > 1:
        return None
    its = [each for each in written if each.called == kind or _kind(each) == kind]
    if not numbers:
        return its[0] if len(its) == 1 else None
    if kind not in _NUMBERED:
        return None
    wanted = f"{kind} {numbers[0].lstrip('0')}"
    return _first(each for each in its if each.called == wanted)


def named(name: str, written: Iterable[Written]) -> Written | None:
    """The text that its event calls so."""
    return _first(each for each in written if each.name == name)


def _kind(written: Written) -> str:
    return written.called.rpartition(" ")[0]


def _first(written: Iterable[Written]) -> Written | None:
    return next(iter(written), None)
