"""The snapshot everybody passes around: one request, its votes, the people in it.

Frozen on purpose: rows stay inside `store`, and what a card shows was true when it was read.
Names of categories, environments and statuses are the platform's own, verbatim.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from store.domain.absences import Away
from store.domain.approval_notes import Asking
from store.domain.categories import features, launch, offline, optimization, release
from store.domain.categories.spec import Spec
from store.domain.evidence import NO_EVIDENCE, Evidence
from store.domain.links import Hosts
from store.domain.notes import Note
from store.domain.questions import Question
from store.domain.rest import Rest
from store.domain.terms import BY_WORKSPACE, Stage, Terms
from store.domain.typed_text import folded


class Category(StrEnum):
    """What a request asks for; the platform's five mini program categories.

    A new member needs its spec in `SPECS` below.
    """

    RELEASE = "mini_program_release"
    OFFLINE = "mini_program_offline"
    LAUNCH = "mini_program_launch"
    FEATURES = "mini_program_features"
    OPTIMIZATION = "optimization_modify"

    @property
    def spec(self) -> Spec:
        """All that is particular to this category."""
        return SPECS[self]

    @property
    def label(self) -> str:
        """The platform's own name, as its list prints it."""
        return self.spec.label


SPECS = {
    Category.RELEASE: release.SPEC,
    Category.OFFLINE: offline.SPEC,
    Category.LAUNCH: launch.SPEC,
    Category.FEATURES: features.SPEC,
    Category.OPTIMIZATION: optimization.SPEC,
}


class Environment(StrEnum):
    """Where it takes effect. Development and Test are never reviewed, so they are not here."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"

    @property
    def label(self) -> str:
        """The platform's own name."""
        return self.value.capitalize()


class Status(StrEnum):
    """Where a request stands. Every status but Under Review is final."""

    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The platform's own name."""
        return self.value.replace("_", " ").title()


class Verdict(StrEnum):
    """What one reviewer says."""

    APPROVE = "approve"
    REJECT = "reject"


class Audience(StrEnum):
    """For whom a copy of a request is drawn."""

    REVIEWER = "reviewer"
    CHANNEL = "channel"
    SUBMITTER = "submitter"
    CALLED = "called"
    EMERGENCY = "emergency"  # those who hear that it was approved alone


class RejectionClass(StrEnum):
    """The platform's eight kinds of violation (its warning page), offered when rejecting."""

    ILLEGAL = "illegal_content"
    PORNOGRAPHIC = "pornographic_materials"
    PRIVACY = "personal_data_and_privacy"
    COPYRIGHT = "intellectual_property"
    FRAUD = "fraud_or_misinformation"
    MALWARE = "malware_or_unsafe_behaviour"
    ADVERTISING = "advertising_and_promotion"
    OTHER = "other_prohibited_activities"

    @property
    def label(self) -> str:
        """How the class reads on a card and in the form."""
        return _REJECTION_LABELS[self]


_REJECTION_LABELS = {
    RejectionClass.ILLEGAL: "Illegal content",
    RejectionClass.PORNOGRAPHIC: "Pornographic materials",
    RejectionClass.PRIVACY: "Personal data and privacy violations",
    RejectionClass.COPYRIGHT: "Copyright, trademark or other IP infringement",
    RejectionClass.FRAUD: "Fraud, deception or misinformation",
    RejectionClass.MALWARE: "Malware, unsafe behaviours or unauthorized transactions",
    RejectionClass.ADVERTISING: "Advertising and promotional violations",
    RejectionClass.OTHER: "Other prohibited activities",
}


class PlatformAnswer(StrEnum):
    """What the platform said when it was told of an approval."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class ReleaseStage(StrEnum):
    """Where an approved release stands; the platform's release statuses after the review."""

    PREPARATION = "preparation"
    PILOT = "pilot"
    GRAYSCALE = "grayscale"
    FULL = "full"
    CANCELED = "canceled"
    ARCHIVED = "archived"

    @property
    def label(self) -> str:
        """The platform's own name."""
        return _STAGE_LABELS[self]


_STAGE_LABELS = {
    ReleaseStage.PREPARATION: "Release Preparation",
    ReleaseStage.PILOT: "Pilot Testing",
    ReleaseStage.GRAYSCALE: "Grayscale Release",
    ReleaseStage.FULL: "Full Release",
    ReleaseStage.CANCELED: "Canceled",
    ReleaseStage.ARCHIVED: "Archived",
}


def target_app(category: Category, details: Mapping[str, Any]) -> str:
    """The target app on one line as it was typed; empty for a category that has none."""
    app = details.get("target_app") if category.spec.has_target_app else None
    return " ".join(app.split()) if isinstance(app, str) else ""


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack profile as we last saw it. `locale` is like `en-US`.

    `timezone` is an IANA name; empty where Slack names none: it is the team's then.
    """

    user_id: str
    name: str
    email: str | None = None
    timezone: str = ""
    locale: str = "en-US"
    active: bool = True


People = Mapping[str, Person]
"""The people a snapshot names, by Slack user id; somebody unknown is simply not in it."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One reviewer's word at one stage; at most one a reviewer and stage.

    `cast_for` is who was away and in whose place it was cast; None in the reviewer's own. `note` is
    what they told the submitter when they approved; it stays where they have rejected since.
    """

    reviewer: str
    stage: int
    verdict: Verdict
    at: datetime
    rejection_class: RejectionClass | None = None
    reason: str | None = None
    cast_for: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody was handed a request at a stage, by whom and when.

    `as_guest`: the policy names them nowhere at that stage, and an admin's word is their right.
    """

    stage: int
    to: str
    by: str
    at: datetime
    as_guest: bool = False


@dataclass(frozen=True, slots=True)
class Predecessor:
    """An earlier request, as much of it as a later one shows or is compared with."""

    id: int
    category: Category
    version: str | None
    status: Status
    completed_on: datetime | None = None
    rejection_class: RejectionClass | None = None
    decision_reason: str | None = None
    release_stage: ReleaseStage | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    mini_program_id: str = ""
    mini_program_name: str = ""
    decided_by: str | None = None
    decided_for: str | None = None
    platform_decider: str | None = None
    evidence: Evidence = NO_EVIDENCE

    @property
    def ref(self) -> str:
        """How people name it: `MP-12`."""
        return _ref(self.id)


@dataclass(frozen=True, slots=True)
class Move:
    """A release reached a stage, by whose word and when."""

    stage: ReleaseStage
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it stood when it was read. Times are aware UTC, people are Slack user ids.

    `revision` grows with every change. `round` grows only with what was asked: its content, its
    stage, its end; a button carries it, so that a stale card is noticed and two votes that cross
    both count. `terms` are what it needs. `reviewers` are those of its stage, `assigned` those of
    every stage, by its number, `handed` those of them to whom somebody handed it. It is overdue
    after `due_at`, which runs from submit; the reminders of its stage begin with `remind_at`, which
    runs from when that opened. At `escalate_at` others are called, once: `escalated_at` is when
    `escalated_to` were.
    `completed_on` is when it was approved, rejected or withdrawn, and `decided_by` by whom; in
    whose place, where they stood in, is `decided_for`. What was decided on the platform's own page
    is nobody's vote: then `decided_by` is None and `platform_decider` is the name that the platform
    gave.
    `tester` is who said that they are on it, while it is open at that stage and until they vote:
    since when, and until when that holds if they say nothing more; see `tester_at`.
    `incident` is the link of the emergency in which `decided_by` approved it alone, None for every
    other request; `reviewed_by` is the admin who has marked that as reviewed since.
    `release_stage` is None until somebody said where the approved release stands.
    `platform_answer` is None until the platform answered an approval that it was told of, when it
    is told of them; `platform_reason` is why it refused, in its words.

    From `predecessor` on it is what other requests and the history add; read only for a card or
    the details, no part of what makes two snapshots equal. `context_at` is when that was so, for
    what is looked at later. `away` are those of `reviewers` who are, `for_whom` the one in whose
    place the reader would decide. `questions` are all that were asked about it, as many as
    `questions_asked` says; `questions_open` of them wait for the submitter. While one does, the
    clock rests (`rest`); it has `rested` for so many seconds of working time before. `notes` are
    there where the reader may read them, as many as `notes_written` says. `on_platform` is the
    address at which the platform shows it; `approve_note` whether an approval takes a note,
    `is_watched` whether its reader watches it.
    `due_day` is the weekday of `due_at` by the reader's calendar, where that is within a week.
    `link_hosts` are those at which an address that somebody wrote is a link: none until the policy
    was asked.
    """

    id: int
    revision: int
    external_id: str
    category: Category
    title: str
    mini_program_id: str
    mini_program_name: str
    environment: Environment
    version: str | None
    submitted_by: str
    created_at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    status: Status = Status.UNDER_REVIEW
    completed_on: datetime | None = None
    stage: int = 1
    decided_by: str | None = None
    decided_for: str | None = None
    platform_decider: str | None = None
    rejection_class: RejectionClass | None = None
    decision_reason: str | None = None
    reviewers: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()
    resubmission_of: int | None = None
    attempt: int = 1
    release_stage: ReleaseStage | None = None
    moved_at: datetime | None = None
    platform_answer: PlatformAnswer | None = None
    platform_answered_at: datetime | None = None
    platform_reason: str | None = None
    round: int = 1
    terms: Terms = BY_WORKSPACE
    due_at: datetime | None = None
    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    escalated_at: datetime | None = None
    escalated_to: tuple[str, ...] = ()
    questions_asked: int = 0
    questions_open: int = 0
    tester: str | None = None
    testing_since: datetime | None = None
    testing_until: datetime | None = None
    incident: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    notes_written: int = 0
    rest: Rest | None = None
    rested: int | None = None
    evidence: Evidence = NO_EVIDENCE
    assigned: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    handed: tuple[HandOver, ...] = ()
    predecessor: Predecessor | None = field(default=None, compare=False)
    base: Predecessor | None = field(default=None, compare=False)
    first_on_target: bool = field(default=False, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    moves: tuple[Move, ...] = field(default=(), compare=False)
    context_at: datetime | None = field(default=None, compare=False)
    due_day: str = field(default="", compare=False)
    away: Mapping[str, Away] = field(default_factory=dict, compare=False)
    for_whom: str | None = field(default=None, compare=False)
    questions: tuple[Question, ...] = field(default=(), compare=False)
    on_platform: str | None = field(default=None, compare=False)
    notes: tuple[Note, ...] = field(default=(), compare=False)
    approve_note: Asking = field(default=Asking.OFF, compare=False)
    link_hosts: Hosts = field(default=(), compare=False)
    is_watched: bool = field(default=False, compare=False)

    @property
    def ref(self) -> str:
        """How people name it: `MP-128`."""
        return _ref(self.id)

    @property
    def target_app(self) -> str:
        """Where it would take effect, as it was typed; empty where the category has none."""
        return target_app(self.category, self.details)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.status is Status.UNDER_REVIEW

    @property
    def is_refused_there(self) -> bool:
        """Whether it was approved here, and the platform did not accept that."""
        return self.platform_answer is PlatformAnswer.REFUSED

    @property
    def is_emergency(self) -> bool:
        """Whether somebody approved it alone, past the others."""
        return self.incident is not None

    @property
    def is_unreviewed(self) -> bool:
        """Whether it was approved alone, and nobody has reviewed that since."""
        return self.is_emergency and self.reviewed_by is None

    @property
    def came_to_nothing(self) -> bool:
        """Whether it has ended without effect, so that the same may be submitted again."""
        return self.status in {Status.REJECTED, Status.WITHDRAWN} or self.is_refused_there

    @property
    def stage_now(self) -> Stage:
        """The stage it is at; of an ended one, where it ended."""
        return self.terms.stages[self.stage - 1]

    @property
    def stage_key(self) -> str | None:
        """The name of its stage as filters compare it; None where no rule names one."""
        return folded(self.stage_now.name) if self.terms.named else None

    @property
    def is_staged(self) -> bool:
        """Whether more than one vote approves it."""
        return len(self.terms.stages) > 1 or self.stage_now.needed != 1

    def question(self, number: int) -> Question | None:
        """The question of this number, where it was read with its questions."""
        return next((each for each in self.questions if each.number == number), None)

    def tester_at(self, now: datetime) -> str | None:
        """Who is testing it at this moment; what lapses stays on record until a tick ends it."""
        lapsed = self.testing_until is None or self.testing_until <= now
        return None if lapsed else self.tester

    def assigned_at(self, stage: int) -> tuple[str, ...]:
        """Who was given this stage of it."""
        return self.assigned.get(stage, self.reviewers if stage == self.stage else ())

    def handed_at(self, stage: int) -> tuple[HandOver, ...]:
        """To whom it was handed at this stage."""
        return tuple(each for each in self.handed if each.stage == stage)

    def is_guest(self, user: str, stage: int) -> bool:
        """Whether somebody was handed it at this stage who is none of the policy's there."""
        return any(each.as_guest and each.to == user for each in self.handed_at(stage))

    @property
    def asked(self) -> tuple[str, ...]:
        """Who was asked to decide it: those of the stages that have opened."""
        opened = (self.assigned_at(stage) for stage in range(1, self.stage + 1))
        return tuple(dict.fromkeys(user for reviewers in opened for user in reviewers))

    def approvers(self, stage: int) -> tuple[str, ...]:
        """Who has approved it at this stage, in their order."""
        cast = (vote for vote in self.votes if vote.stage == stage)
        return tuple(vote.reviewer for vote in cast if vote.verdict is Verdict.APPROVE)

    @property
    def approval_notes(self) -> tuple[Vote, ...]:
        """The approvals that came with a note, in their order."""
        return tuple(v for v in self.votes if v.note and v.verdict is Verdict.APPROVE)

    def note_of(self, reviewer: str, stage: int) -> str | None:
        """What somebody told the submitter with their approval there."""
        cast = (v.note for v in self.votes if (v.reviewer, v.stage) == (reviewer, stage))
        return next(cast, None)

    def filled(self, stage: int) -> set[str]:
        """In whose place this stage has been approved: of who votes for somebody, theirs."""
        cast = (vote for vote in self.votes if vote.stage == stage)
        return {v.cast_for or v.reviewer for v in cast if v.verdict is Verdict.APPROVE}

    @property
    def deciders(self) -> set[str]:
        """Who approved or rejected it, at any stage; in an emergency without a vote."""
        alone = {self.decided_by} if self.is_emergency and self.decided_by else set()
        return {vote.reviewer for vote in self.votes} | alone

    @property
    def passed_over(self) -> set[str]:
        """In an emergency, who was given a stage that did not get its votes, and has not voted."""
        if not self.is_emergency:
            return set()
        stages = [number for number in self.assigned if number >= self.stage]
        missing = {
            user for n in stages for user in self.assigned_at(n) if user not in self.filled(n)
        }
        return missing - self.deciders

    def people(self) -> set[str]:
        """Every user id the snapshot names."""
        before = self.predecessor.decided_by if self.predecessor else None
        named = {self.submitted_by, self.decided_by, before, *self.reviewers}
        named.update(*self.assigned.values(), {self.decided_for, self.for_whom, self.tester})
        named.update(vote.cast_for for vote in self.votes)
        named.update(each.by for each in self.handed)
        named.update(self.escalated_to)
        named.add(self.reviewed_by)
        named.update(away.stand_in for away in self.away.values())
        named.update(user for each in self.questions for user in (each.asked_by, each.closed_by))
        named.update(each.written_by for each in self.notes)
        acted = {vote.reviewer for vote in self.votes} | {move.by for move in self.moves}
        return {user for user in named if user} | acted


def _ref(request_id: int) -> str:
    return f"MP-{request_id}"
