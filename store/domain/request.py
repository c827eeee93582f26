"""The snapshot everybody passes around: one request, its votes, the people in it.

Frozen on purpose: rows stay inside `store`, and what a card shows was true when it was read.
Names of categories, environments and statuses are the platform's own, verbatim.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Category(StrEnum):
    """What a request asks for; the platform's five mini program categories."""

    RELEASE = "mini_program_release"
    OFFLINE = "mini_program_offline"
    LAUNCH = "mini_program_launch"
    FEATURES = "mini_program_features"
    OPTIMIZATION = "optimization_modify"

    @property
    def label(self) -> str:
        """The platform's own name, as its list prints it."""
        return _CATEGORY_LABELS[self]


_CATEGORY_LABELS = {
    Category.RELEASE: "Mini Program Release",
    Category.OFFLINE: "Mini Program Offline",
    Category.LAUNCH: "Mini Program Launch",
    Category.FEATURES: "Mini Program Features",
    Category.OPTIMIZATION: "Optimization Modify",
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


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack profile as we last saw it. `timezone` is an IANA name, `locale` like `en-US`."""

    user_id: str
    name: str
    email: str | None = None
    timezone: str = "UTC"
    locale: str = "en-US"
    active: bool = True


People = Mapping[str, Person]
"""The people a snapshot names, by Slack user id; somebody unknown is simply not in it."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One reviewer's word at one stage; at most one a reviewer and stage."""

    reviewer: str
    stage: int
    verdict: Verdict
    at: datetime
    rejection_class: RejectionClass | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it stood when it was read. Times are aware UTC, people are Slack user ids.

    `revision` grows with every change; a button carries it so that a stale card is noticed.
    `completed_on` is when it was approved, rejected or withdrawn, and `decided_by` by whom.
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
    rejection_class: RejectionClass | None = None
    decision_reason: str | None = None
    reviewers: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()
    resubmission_of: int | None = None

    @property
    def ref(self) -> str:
        """How people name it: `MP-128`."""
        return f"MP-{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.status is Status.UNDER_REVIEW

    def people(self) -> set[str]:
        """Every user id the snapshot names."""
        named = {self.submitted_by, self.decided_by, *self.reviewers}
        return {user for user in named if user} | {vote.reviewer for vote in self.votes}
