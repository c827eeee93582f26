"""What the answers look like, for the OpenAPI description; `bot.interchange` makes them.

Within a version fields are only added, so who reads an answer passes over what is not known there.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from store.domain.request import (
    Category,
    Environment,
    PlatformAnswer,
    RejectionClass,
    ReleaseStage,
    Status,
    Verdict,
)
from store.domain.submission import Attachment, MiniProgram


class Vote(BaseModel):
    """One reviewer's word; `cast_for` is who was away, and in whose place it was cast."""

    stage: str
    reviewer: str
    cast_for: str | None
    verdict: Verdict
    at: datetime
    rejection_class: RejectionClass | None
    reason: str | None


class Event(BaseModel):
    """One event of the history. `actor` is a person, or an API key (`key:3`)."""

    revision: int
    at: datetime
    kind: str
    actor: str
    on_behalf_of: str | None
    origin: str | None
    changed: dict[str, Any]


class Sent(BaseModel):
    """What somebody was told of it in Slack."""

    message: str
    to: str
    state: str
    at: datetime | None


class Question(BaseModel):
    """What was asked of the submitter. It is open while it has neither an answer nor been closed;
    `closed_by` is null where the end of the review closed it.
    """

    number: int
    asked_by: str
    asked_at: datetime
    question: str
    answer: str | None
    answered_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None


class HandOver(BaseModel):
    """Somebody was handed the request; `as_guest` where the policy does not name them there."""

    to: str
    by: str
    at: datetime
    as_guest: bool


class Note(BaseModel):
    """What somebody who reviews it told the others; its submitter does not read it."""

    number: int
    written_by: str
    written_at: datetime
    note: str


class ApprovalNote(BaseModel):
    """What somebody told the submitter with their approval."""

    stage: str
    reviewer: str
    at: datetime
    note: str


class Stage(BaseModel):
    """A stage of the review. `needed` is a number of approvals, or "all"."""

    name: str
    needed: int | Literal["all"]
    reviewers: list[str]
    approved_by: list[str]
    handed: list[HandOver]


class Review(BaseModel):
    """What became of a request here. `decided_by` is a person of the workspace, `decided_for` who
    was away, and in whose place they decided;
    `platform_decider` is whom the platform names, where it was decided there. `rule` and `stage`
    are those of the policy that it is reviewed by, where one is for it. `tester` is who is testing
    it now, `escalated_to` who was called because nobody had decided it for long. `incident` is
    the link of the emergency in which `decided_by` approved it alone, and `reviewed_by` the admin
    who has marked that as reviewed since.
    """

    request: str = Field(examples=["MP-12"])
    revision: int
    status: Status
    completed_on: datetime | None
    decided_by: str | None
    decided_for: str | None
    platform_decider: str | None
    rejection_class: RejectionClass | None
    reason: str | None
    rule: str | None
    stage: str | None
    tester: str | None
    testing_since: datetime | None
    incident: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    due_at: datetime | None
    escalated_at: datetime | None
    escalated_to: list[str]
    questions_open: int
    waits_for_submitter_since: datetime | None
    attempt: int
    resubmission_of: str | None
    release_stage: ReleaseStage | None
    moved_at: datetime | None
    platform_answer: PlatformAnswer | None
    platform_answered_at: datetime | None
    platform_reason: str | None


class StagedReview(Review):
    """The same with what each stage needs, and what was asked and answered."""

    stages: list[Stage]
    questions: list[Question]
    approval_notes: list[ApprovalNote]


class FullReview(StagedReview):
    """The same with everything that is on record."""

    reviewers: list[str]
    votes: list[Vote]
    notes: list[Note]
    history: list[Event]
    sent: list[Sent]


class RequestObject(BaseModel):
    """A request as it was handed in, and its review. It may be handed in again as it is."""

    external_id: str
    title: str
    category: Category
    environment: Environment
    mini_program: MiniProgram
    version: str | None
    submitted_by: str
    created_at: datetime
    details: dict[str, Any]
    evidence: list[Attachment]
    preview_url: str | None
    preview_qr: str | None
    review: Review


class StagedRequest(RequestObject):
    """The same with what each stage needs, and what was asked and answered."""

    review: StagedReview


class FullRequest(RequestObject):
    """The same with votes, history and what was sent."""

    review: FullReview


class Page(BaseModel):
    """A page of a list. `total` stops counting at 1,000, and `more_than_total` says that it did.

    `next` and `previous` are cursors of the pages beside; null where there is none.
    """

    requests: list[RequestObject]
    total: int
    more_than_total: bool
    next: str | None
    previous: str | None


class FoundByExternalId(BaseModel):
    """The one request with that external id, in full; or none."""

    requests: list[FullRequest]


class Line(BaseModel):
    """What became of one line of many: its status as if it had been sent alone."""

    line: int
    status: int
    request: str | None = None
    external_id: str | None = None
    problem: "ProblemObject | None" = None


class WrongField(BaseModel):
    """One wrong field by its path, and the sentence about it."""

    field: str
    sentence: str


class ProblemObject(BaseModel):
    """A refusal (RFC 9457). `errors` are wrong fields, `differs` what is otherwise on record."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[WrongField] | None = None
    differs: list[str] | None = None
    request: str | None = None
