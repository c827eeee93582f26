"""A request going out in the interchange format: exports, the HTTP API and webhooks write the same.

What was handed in stands on top, so that it can be handed in again; what became of it here stands
under `review`, which whoever reads a request passes over: a review starts anew elsewhere. People
are e-mail addresses, which mean the same person elsewhere too; else Slack user ids. Times are UTC.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from store.domain.evidence import Evidence
from store.domain.export import Entry
from store.domain.notes import Note
from store.domain.questions import Question
from store.domain.request import People, Request, Vote
from store.domain.submission import REVIEW
from store.domain.terms import Terms
from store.requests.record import Happened, Message, Record

_PEOPLE = {"submitted_by", "decided_by", "decided_for", "tester", "reviewed_by"}
"""Facts of a request that are people."""


def exported(entry: Entry | Request, people: People) -> dict[str, Any]:
    """The request as it was handed in, and how its review stands or ended."""
    terms = Terms.read(entry.terms)
    return {
        "external_id": entry.external_id,
        "title": entry.title,
        "category": entry.category,
        "environment": entry.environment,
        "mini_program": {"id": entry.mini_program_id, "name": entry.mini_program_name},
        "version": entry.version,
        "submitted_by": known_as(entry.submitted_by, people),
        "created_at": moment(entry.created_at),
        "details": entry.details,
        **Evidence.read(entry.evidence).fields(),
        REVIEW: {
            "request": entry.ref,
            "status": entry.status,
            "completed_on": moment(entry.completed_on),
            "decided_by": known_as(entry.decided_by, people),
            "decided_for": known_as(entry.decided_for, people),
            "platform_decider": entry.platform_decider,
            "rejection_class": entry.rejection_class,
            "reason": entry.decision_reason,
            "rule": terms.rule,
            "stage": terms.stages[entry.stage - 1].name if terms.named else None,
            "due_at": moment(entry.due_at),
            "tester": known_as(entry.tester, people),
            "testing_since": moment(entry.testing_since),
            "escalated_at": moment(entry.escalated_at),
            "escalated_to": [known_as(user, people) for user in entry.escalated_to or ()],
            "incident": entry.incident,
            "reviewed_by": known_as(entry.reviewed_by, people),
            "reviewed_at": moment(entry.reviewed_at),
        },
    }


def summary(request: Request, people: People) -> dict[str, Any]:
    """The same, and where it stands now: what a list holds, and the answer to an act."""
    found = exported(request, people)
    before = request.resubmission_of
    found[REVIEW] |= {
        "revision": request.revision,
        "questions_open": request.questions_open,
        "waits_for_submitter_since": moment(request.rest.since if request.rest else None),
        "attempt": request.attempt,
        "resubmission_of": f"MP-{before}" if before else None,
        "release_stage": request.release_stage,
        "moved_at": moment(request.moved_at),
        "platform_answer": request.platform_answer,
        "platform_answered_at": moment(request.platform_answered_at),
        "platform_reason": request.platform_reason,
    }
    return found


def staged(request: Request, people: People) -> dict[str, Any]:
    """The same with what each stage needs, who has approved there, and what was said."""
    found = summary(request, people)
    found[REVIEW]["stages"] = _stages(request, people)
    found[REVIEW]["questions"] = asked(request.questions, people)
    found[REVIEW]["approval_notes"] = told(request.approval_notes, request.terms, people)
    return found


def asked(questions: Sequence[Question], people: People) -> list[dict[str, Any]]:
    """What was asked of the submitter, and what the answer was."""
    return [
        {
            "number": each.number,
            "asked_by": known_as(each.asked_by, people),
            "asked_at": moment(each.asked_at),
            "question": each.question,
            "answer": each.answer,
            "answered_at": moment(each.answered_at),
            "closed_by": known_as(each.closed_by, people),
            "closed_at": moment(each.closed_at),
        }
        for each in questions
    ]


def told(votes: Sequence[Vote], terms: Terms, people: People) -> list[dict[str, Any]]:
    """What approvals came with, for its submitter."""
    return [
        {
            "stage": terms.stages[each.stage - 1].name,
            "reviewer": known_as(each.reviewer, people),
            "at": moment(each.at),
            "note": each.note,
        }
        for each in votes
    ]


def noted(notes: Sequence[Note], people: People) -> list[dict[str, Any]]:
    """What those who review it tell each other; not for its submitter."""
    return [
        {
            "number": each.number,
            "written_by": known_as(each.written_by, people),
            "written_at": moment(each.written_at),
            "note": each.note,
        }
        for each in notes
    ]


def in_full(record: Record) -> dict[str, Any]:
    """The same with reviewers, votes, notes, history and what was sent in Slack."""
    request, people = record.request, record.people
    found = staged(request, people)
    found[REVIEW] |= {
        "reviewers": [known_as(user, people) for user in request.reviewers],
        "votes": [_vote(vote, request, people) for vote in request.votes],
        "notes": noted(request.notes, people),
        "history": [happened(event, people) for event in record.history],
        "sent": [_message(message, people) for message in record.messages],
    }
    return found


def happened(event: Happened, people: People) -> dict[str, Any]:
    """One event of the history."""
    named = {n: known_as(v, people) for n, v in event.changed.items() if n in _PEOPLE}
    return {
        "revision": event.revision,
        "at": moment(event.at),
        "kind": event.kind,
        "actor": known_as(event.actor, people),
        "on_behalf_of": known_as(event.on_behalf_of, people),
        "origin": event.origin,
        "changed": {**event.changed, **named},
    }


def known_as(user: str | None, people: People) -> str | None:
    """The e-mail address, which means the same person elsewhere too; else the Slack user id."""
    person = people.get(user or "")
    return person.email if person and person.email else user


def moment(at: datetime | None) -> str | None:
    """ "2026-11-20T02:14:00Z"."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def _stages(request: Request, people: People) -> list[dict[str, Any]]:
    """What each stage needs, and who has approved there; one stage where no rule names any."""
    return [
        {
            "name": stage.name,
            "needed": stage.needed,
            "reviewers": [known_as(user, people) for user in request.assigned_at(number)],
            "approved_by": [known_as(user, people) for user in request.approvers(number)],
            "handed": [
                {
                    "to": known_as(each.to, people),
                    "by": known_as(each.by, people),
                    "at": moment(each.at),
                    "as_guest": each.as_guest,
                }
                for each in request.handed_at(number)
            ],
        }
        for number, stage in enumerate(request.terms.stages, 1)
    ]


def _vote(vote: Vote, request: Request, people: People) -> dict[str, Any]:
    return {
        "stage": request.terms.stages[vote.stage - 1].name,
        "reviewer": known_as(vote.reviewer, people),
        "cast_for": known_as(vote.cast_for, people),
        "verdict": vote.verdict,
        "at": moment(vote.at),
        "rejection_class": vote.rejection_class,
        "reason": vote.reason,
    }


def _message(message: Message, people: People) -> dict[str, Any]:
    return {
        "message": message.kind,
        "to": known_as(message.recipient, people),
        "state": message.state,
        "at": moment(message.at),
    }
