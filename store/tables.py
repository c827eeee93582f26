"""The rows. They never leave `store`: what leaves is a snapshot of `store.domain`.

Table classes do not validate what is put in; the domain does, before a row is made.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, MetaData, UniqueConstraint, text
from sqlmodel import Field, SQLModel, col, or_

from store.domain.export import ExportState, Format
from store.domain.lists.query import Scope
from store.domain.request import (
    Category,
    Environment,
    PlatformAnswer,
    ReleaseStage,
    Status,
    Verdict,
)
from store.engine.columns import (
    Document,
    Key,
    OptionalDocument,
    numbered,
    one_of,
    only,
    request_key,
)

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata

TARGET = ("mini_program_id", "environment", "target_app")
OPEN = text("status = 'under_review'")
UNMOVED = text(
    "status = 'approved' AND category = 'mini_program_release' AND release_stage IS NULL"
)
MOVED = text("moved_at IS NOT NULL")
STAGED = text("release_stage IS NOT NULL")
ANSWERED = text("platform_answer IS NOT NULL")
BY_STAGES = text("stage_key IS NOT NULL")
ASKED = text("questions_open > 0")
APPROVED = text("status = 'approved'")
AGAIN = text("resubmission_of IS NOT NULL")
DECIDED = text("status IN ('approved', 'rejected')")
UNSENT = text("state != 'sent'")
PLATFORM = text("is_platform")
UNFINISHED = text("state IN ('waiting', 'making')")
ANSWERABLE = text("response_url IS NOT NULL")
GATHERED = text("burst_id IS NOT NULL")
TAKEN_AWAY = text("taken_away")
CALLS = text("audience = 'called'")
TO_ESCALATE = text("status = 'under_review' AND escalate_at IS NOT NULL AND escalated_at IS NULL")
STANDS_IN = text("for_whom IS NOT NULL AND turn")
UNENDED = text("ended_at IS NULL")
TESTED = text("tester IS NOT NULL")
WITH_NOTE = text("note IS NOT NULL")
BY_HAND = text("handed_by IS NOT NULL")
UNREVIEWED = text("incident IS NOT NULL AND reviewed_by IS NULL")


class Table(SQLModel):
    """A row. Pydantic's validator of it is made when something is first asked of it: rows come from
    our own snapshots and are not validated, and making all of them took a tenth of the start.
    """

    model_config = {"defer_build": True}


class OutboxState(StrEnum):
    """Where a message is: waiting for its turn, claimed by a sender, in Slack, or given up.

    What is asked for again goes back to PENDING from any of them; a claim is the only way to
    SENDING.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


PENDING = text(f"state = '{OutboxState.PENDING}'")
SENDING = text(f"state = '{OutboxState.SENDING}'")
SENT = text(f"state = '{OutboxState.SENT}'")
FAILED = text(f"state = '{OutboxState.FAILED}'")


class RequestRow(Table, table=True):
    """One request. `revision` grows by one with every change, and every change is guarded by it."""

    __tablename__ = "request"
    __table_args__ = (
        one_of("status", list(Status)),
        one_of("category", list(Category)),
        one_of("environment", list(Environment)),
        one_of("release_stage", list(ReleaseStage)),
        one_of("platform_answer", list(PlatformAnswer)),
        # All requests, by each of the two sorts. A search compares `search_text` in the index, and
        # its counts `status`, so that neither reads whole rows.
        Index("ix_request_created", "created_at", "id", "search_text", "status"),
        Index("ix_request_completed", "completed_on", "id", "search_text", "status"),
        # All requests of some statuses, by each of the two sorts; their counts.
        Index("ix_request_status_created", "status", "created_at", "id"),
        Index("ix_request_status_completed", "status", "completed_on", "id"),
        # My Requests and the filter by submitter, by each of the two sorts; the counts of Home.
        Index("ix_request_submitter_created", "submitted_by", "created_at", "id", "status"),
        Index("ix_request_submitter_completed", "submitted_by", "completed_on", "id"),
        # What somebody decided who is no reviewer any more, by each of the two sorts.
        Index("ix_request_decider_created", "decided_by", "created_at", "id", **only(DECIDED)),
        Index("ix_request_decider_completed", "decided_by", "completed_on", "id", **only(DECIDED)),
        # The filters by environment and by category, with or without a status.
        Index("ix_request_environment", "environment", "status", "created_at", "id"),
        Index("ix_request_category", "category", "status", "environment", "created_at", "id"),
        # `same_target.newest_tries`: the last request of one person for a target.
        Index("ix_request_tries", *TARGET, "submitted_by", "created_at"),
        # `same_target.precedents`: the last requests for one version on a target.
        Index("ix_request_versions", *TARGET, "version", "status", "completed_on", "id"),
        # The same of any version: what waits for a target, the release approved there last.
        Index("ix_request_standing", *TARGET, "status", "completed_on", "id"),
        # `neighbours`: what was moved since.
        Index("ix_request_moved", "moved_at", "id", **only(MOVED)),
        # `same_target`: what is approved of a mini program last, and what of its name.
        Index("ix_request_known", "mini_program_id", "completed_on", "id", **only(APPROVED)),
        Index("ix_request_named", "mini_program_name", "mini_program_id", **only(APPROVED)),
        # `same_target`: the releases of a target that are at a stage now.
        Index("ix_request_staged", *TARGET, "release_stage", **only(STAGED)),
        # The filter by what the platform answered.
        Index("ix_request_answered", "platform_answer", "created_at", "id", **only(ANSWERED)),
        # `reminders.owe_nudges`: approved releases that have not moved.
        Index("ix_request_unmoved", "completed_on", **only(UNMOVED)),
        # The order by what is due, and what is overdue; the same of My Requests. Of what is open
        # alone, so that they stay small.
        Index("ix_request_due", "due_at", "id", **only(OPEN)),
        Index("ix_request_submitter_due", "submitted_by", "due_at", "id", **only(OPEN)),
        # `reminders.reserved`, and what lapses: what somebody is testing.
        Index("ix_request_tested", "testing_until", "id", **only(TESTED)),
        # `escalate`: for what nobody has been called yet.
        Index("ix_request_escalate", "escalate_at", "id", **only(TO_ESCALATE)),
        # `listing.unreviewed`: what was approved in an emergency and nobody has looked at since.
        Index("ix_request_unreviewed", "completed_on", "id", **only(UNREVIEWED)),
        # `hide`: what was submitted again after it.
        Index("ix_request_again", "resubmission_of", "id", **only(AGAIN)),
        # The filter by whom it waits for.
        Index("ix_request_asked", "created_at", "id", **only(ASKED)),
        # The filter by stage.
        Index("ix_request_stage", "stage_key", "created_at", "id", "status", **only(BY_STAGES)),
    )

    id: int = Field(default=None, sa_column=numbered())
    revision: int = 1
    external_id: str = Field(unique=True)
    category: str
    title: str
    mini_program_id: str
    mini_program_name: str
    environment: str
    version: str | None = None
    submitted_by: str
    created_at: datetime
    status: str = Status.UNDER_REVIEW.value
    completed_on: datetime | None = None
    stage: int = 1
    decided_by: str | None = None
    decided_for: str | None = None
    platform_decider: str | None = None
    rejection_class: str | None = None
    decision_reason: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    search_text: str = ""
    remind_at: datetime
    resubmission_of: int | None = Field(default=None, sa_column=request_key(optional=True))
    attempt: int = 1
    target_app: str = ""  # folded, as `target_rules.Target` compares it
    release_stage: str | None = None
    moved_at: datetime | None = None
    platform_answer: str | None = None
    platform_answered_at: datetime | None = None
    platform_reason: str | None = None
    round: int = 1
    terms: dict[str, Any] | None = Field(default=None, sa_type=OptionalDocument)
    stage_key: str | None = None  # the name of its stage, folded; empty where no rule names one
    due_at: datetime | None = None
    questions_asked: int = 0
    questions_open: int = 0
    tester: str | None = None  # only while it is open; see `store.requests.testing`
    testing_since: datetime | None = None
    testing_until: datetime | None = None
    escalate_at: datetime | None = None
    escalated_at: datetime | None = None
    escalated_to: list[str] | None = Field(default=None, sa_type=OptionalDocument)
    incident: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    notes_written: int = 0
    rest: dict[str, Any] | None = Field(default=None, sa_type=OptionalDocument)
    rested: int | None = None
    evidence: dict[str, Any] | None = Field(default=None, sa_type=OptionalDocument)


NOT_REFUSED = or_(
    col(RequestRow.platform_answer).is_(None),
    col(RequestRow.platform_answer) != PlatformAnswer.REFUSED.value,
)
"""Of what is approved: the platform has not said that it does not accept it."""

_LISTED = ("request_id", "status", "shown", "opened")


class AssignmentRow(Table, table=True):
    """Who may vote on a request at a stage.

    `turn` while its stage is open and its reviewer has not voted. `waits` while their vote is
    wanted, which it is not once they hold no role; see `store.messages.roles`. `seat` is where the
    policy names them (`domain.terms.seat`). `opened` once its stage has; `shown` is one of each
    person's, the last that has opened, or the first: what lists read of them. The request's status
    and times are repeated here, so that My Approvals is read from one index at any size.

    `handed_by` and `handed_at` say that somebody handed it to them; `seat` is `access.HANDED` where
    the policy names them nowhere at this stage.
    `for_whom` is set where somebody stands in for who is away; see `store.messages.stand_ins`.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        # My Approvals, by each of the two sorts; the counts of Home.
        Index("ix_assignment_reviewer", "reviewer", "created_at", *_LISTED),
        Index("ix_assignment_completed", "reviewer", "completed_on", *_LISTED),
        # Digests and reminders: on whom something waits, since when, and what it is.
        Index(
            "ix_assignment_open",
            "reviewer",
            "created_at",
            "request_id",
            "remind_at",
            "due_at",
            "waits",
            **only(OPEN),
        ),
        # My Approvals by what is due, and what of it is overdue.
        Index(
            "ix_assignment_due",
            *("reviewer", "due_at", "request_id", "shown", "opened"),
            **only(OPEN),
        ),
        # `people.roster`: who was handed something.
        Index("ix_assignment_handed", "reviewer", **only(BY_HAND)),
        # `stand_ins`: who stands in for whom.
        Index("ix_assignment_stand_in", "for_whom", "reviewer", **only(STANDS_IN)),
    )

    request_id: int = Field(sa_column=request_key(primary=True))
    stage: int = Field(primary_key=True)
    reviewer: str = Field(primary_key=True)
    created_at: datetime
    remind_at: datetime
    due_at: datetime | None = None
    waits: bool = True
    turn: bool = True
    opened: bool = True
    shown: bool = True
    seat: str = ""
    for_whom: str | None = None
    handed_by: str | None = None
    handed_at: datetime | None = None
    status: str = Status.UNDER_REVIEW.value
    completed_on: datetime | None = None


class VoteRow(Table, table=True):
    """One reviewer's vote; the primary key allows one a reviewer and stage."""

    __tablename__ = "vote"
    __table_args__ = (
        one_of("verdict", list(Verdict)),
        # `exports`: what was said with approvals.
        Index("ix_vote_noted", "request_id", **only(WITH_NOTE)),
    )

    request_id: int = Field(sa_column=request_key(primary=True))
    stage: int = Field(primary_key=True)
    reviewer: str = Field(primary_key=True)
    verdict: str
    rejection_class: str | None = None
    reason: str | None = None
    at: datetime
    cast_for: str | None = None
    note: str | None = None


class QuestionRow(Table, table=True):
    """A question about a request, by its number there, as `store.domain.questions` has it.

    The request counts its own, so that one without any is read without looking here.
    """

    __tablename__ = "question"
    # `questions.asked_in`: a reply in the thread of its message.
    __table_args__ = (Index("ix_question_message", "channel", "ts"),)

    request_id: int = Field(sa_column=request_key(primary=True))
    number: int = Field(primary_key=True)
    asked_by: str
    asked_at: datetime
    question: str
    answer: str | None = None
    answered_at: datetime | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    channel: str | None = None
    ts: str | None = None
    answer_ts: str | None = None


class NoteRow(Table, table=True):
    """A note about a request, by its number there, as `store.domain.notes` has it."""

    __tablename__ = "note"

    request_id: int = Field(sa_column=request_key(primary=True))
    number: int = Field(primary_key=True)
    written_by: str
    written_at: datetime
    note: str


class WatchRow(Table, table=True):
    """That somebody hears how a request ends; gone once it has, or once they want it no more."""

    __tablename__ = "watch"

    request_id: int = Field(sa_column=request_key(primary=True))
    user_id: str = Field(primary_key=True)
    since: datetime


class EventRow(Table, table=True):
    """The history of a request, one row a revision, each sealed with the hash of the one before.

    `data` says what changed, as `store.audit.events` describes it.
    """

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_at", "at"),)  # `checkpoints`: what is new

    request_id: int = Field(sa_column=request_key(primary=True))
    revision: int = Field(primary_key=True)
    at: datetime
    actor: str
    kind: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    previous: str
    hash: str


class SaltRow(Table, table=True):
    """What the hash of a text was made with; deleted with the text, which then nobody can guess.

    `name` is that of the text in its event.
    """

    __tablename__ = "salt"

    request_id: int = Field(sa_column=request_key(primary=True))
    revision: int = Field(primary_key=True)
    name: str = Field(primary_key=True)
    salt: str


class HiddenRow(Table, table=True):
    """A text that an admin has hidden, with the salt of its seal, both as they stood in the record:
    for an audit, and never shown.

    `revision` and `name` are those of its salt before; `hidden_in` is the revision that hid it.
    """

    __tablename__ = "hidden"

    request_id: int = Field(sa_column=request_key(primary=True))
    revision: int = Field(primary_key=True)
    name: str = Field(primary_key=True)
    text: str
    salt: str
    hidden_in: int
    hidden_by: str
    hidden_at: datetime


class LeafRow(Table, table=True):
    """An event in the tree that checkpoints are the root of, at its place for ever.

    It refers to nothing, so that it stays where the event is deleted.
    """

    __tablename__ = "leaf"
    __table_args__ = (UniqueConstraint("request_id", "revision"),)

    position: int = Field(sa_column=Column(Key, primary_key=True, autoincrement=False))
    request_id: int = Field(sa_type=Key)
    revision: int
    hash: str


class NodeRow(Table, table=True):
    """A whole subtree of it, over 2^level leaves; of level 0 are the leaves themselves."""

    __tablename__ = "node"

    level: int = Field(primary_key=True)
    place: int = Field(sa_column=Column(Key, primary_key=True, autoincrement=False))
    hash: str


class CheckpointRow(Table, table=True):
    """The root over the first `size` events, signed; `previous` is the root before it.

    `webhook_at` is when the webhook has taken it.
    """

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(Key, primary_key=True, autoincrement=False))
    root: str
    previous: str | None = None
    at: datetime
    key: str
    signature: str
    webhook_at: datetime | None = None


class CardRow(Table, table=True):
    """One copy of a request in Slack. `channel` and `ts` are empty until it has been posted.

    `drawn_at` is when what it says of other requests was so.
    `response_url` is of the last click on it: a secret, kept only while Slack takes it.
    A `silent` one is never posted: its reader hears of the request by the message `burst_id`, which
    has gathered it, or is not told at all. One that is `taken_away` says that its reader reviews no
    more; see `store.messages.roles`.
    """

    __tablename__ = "card"
    __table_args__ = (
        # `cards.forget_old_urls`.
        Index("ix_card_response", "response_until", **only(ANSWERABLE)),
        # `bursts.find`: what one message has gathered.
        Index("ix_card_burst", "burst_id", **only(GATHERED)),
        # `roles.follow`: what is shown again to who reviews again.
        Index("ix_card_taken_away", "recipient", "request_id", **only(TAKEN_AWAY)),
        # Who was called to what: lists, Home, the digest, `people.roster`.
        Index("ix_card_called", "recipient", "request_id", **only(CALLS)),
    )

    request_id: int = Field(sa_column=request_key(primary=True))
    audience: str = Field(primary_key=True)
    recipient: str = Field(primary_key=True)
    channel: str | None = None
    ts: str | None = None
    shown_revision: int = 0
    drawn_at: datetime | None = None
    deletions: int = 0  # of its message, by hand in Slack; see `store.messages.cards`
    response_url: str | None = None
    response_until: datetime | None = None
    response_uses: int = 0
    silent: bool = False
    taken_away: bool = False
    burst_id: int | None = Field(default=None, sa_type=Key)


class BurstRow(Table, table=True):
    """One message about many new requests of one reader, and where it is in Slack once posted."""

    __tablename__ = "burst"

    id: int = Field(default=None, sa_column=numbered())
    recipient: str
    audience: str
    begun_at: datetime
    channel: str | None = None
    ts: str | None = None


class ArrivalsRow(Table, table=True):
    """When new requests of a reader came lately (`store.domain.bursts.Count`), in ISO 8601; or
    calls, by `called:U1`.
    """

    __tablename__ = "arrivals"

    recipient: str = Field(primary_key=True)
    came: list[str] = Field(default_factory=list, sa_type=Document)
    burst_id: int | None = Field(default=None, sa_type=Key)


class DigestRow(Table, table=True):
    """The last digest of a reviewer in Slack: as of when, for how long it is of today, its rows."""

    __tablename__ = "digest"

    reviewer: str = Field(primary_key=True)
    at: datetime
    since: datetime
    until: datetime
    overdue: list[int] = Field(default_factory=list, sa_type=Document)
    new: list[int] = Field(default_factory=list, sa_type=Document)
    channel: str
    ts: str


class ToldRow(Table, table=True):
    """Where a message stands that quotes what somebody wrote about a request: of which kind it is,
    to whom, and about which question; 0 where it is about none.
    """

    __tablename__ = "told"

    request_id: int = Field(sa_column=request_key(primary=True))
    channel: str = Field(primary_key=True)
    ts: str = Field(primary_key=True)
    kind: str
    recipient: str
    number: int = 0


class OutboxRow(Table, table=True):
    """A message that is owed. `key` names it, so that owing it twice is owing it once.

    `wanted` counts how often it was asked for: one asked for again while it is sent stays owed.
    `doubtful` means that an earlier attempt may have reached Slack: look before posting again. It
    may do its work there until `may_land_until`.
    `method` is whose allowance it takes from (`rate_limits.Method`), empty for none. `owed_at` is
    since when it is owed without a break, `queued_at` since when it has its rank. `cause` is the id
    of the click that it comes from, which stands in the log.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("state", list(OutboxState)),
        # No index begins with `state`: SQLite, without statistics, would take it for a claim.
        # A claim: the first message of each lane. Settling: whether one is left.
        Index("ix_outbox_pending", "lane", "rank", "queued_at", "id", **only(PENDING)),
        # A claim: the most urgent messages of each method first. What has waited long in its order.
        Index("ix_outbox_urgent", "method", "rank", "queued_at", "id", **only(PENDING)),
        # The next poll: when the next message is due.
        Index("ix_outbox_due", "due_at", **only(PENDING)),
        # A claim: the lanes that have a message being sent.
        Index("ix_outbox_sending", "lane", **only(SENDING)),
        # `outbox.prune`.
        Index("ix_outbox_sent", "settled_at", **only(SENT)),
        # An operator's list of what failed.
        Index("ix_outbox_failed", "id", **only(FAILED)),
    )

    id: int = Field(default=None, sa_column=numbered())
    key: str = Field(unique=True)
    kind: str
    lane: str
    method: str = ""
    rank: int
    request_id: int | None = Field(default=None, sa_column=request_key(optional=True))
    recipient: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    due_at: datetime
    owed_at: datetime
    queued_at: datetime
    state: str = OutboxState.PENDING.value
    wanted: int = 1
    attempts: int = 0
    doubtful: bool = False
    may_land_until: datetime | None = None
    lease_until: datetime | None = None
    lease_owner: str | None = None
    last_error: str | None = None
    created_at: datetime
    settled_at: datetime | None = None
    cause: str | None = None


class ExportRow(Table, table=True):
    """An export somebody asked for. `words` are its filters and order, as they would be typed."""

    __tablename__ = "export"
    __table_args__ = (
        one_of("scope", list(Scope)),
        one_of("format", list(Format)),
        one_of("state", list(ExportState)),
        # `exports.claim`: the one that has waited longest.
        Index("ix_export_unfinished", "due_at", "id", **only(UNFINISHED)),
        # `exports.prune`.
        Index("ix_export_finished", "finished_at"),
    )

    id: int = Field(default=None, sa_column=numbered())
    asker: str
    scope: str
    words: str
    format: str
    state: str = ExportState.WAITING.value
    rows: int = 0
    attempts: int = 0
    due_at: datetime
    lease_until: datetime | None = None
    lease_owner: str | None = None
    file_id: str | None = None
    why: str | None = None
    channel: str | None = None
    ts: str | None = None
    created_at: datetime
    finished_at: datetime | None = None


class LaneRow(Table, table=True):
    """When Slack takes the next message of a lane; kept here so that all replicas keep the pace.

    The lane `post:*` (`edit:*`, `home:*`) is the allowance of the method, with the rate that was
    learned of it; see `rate_limits`.
    """

    __tablename__ = "lane"
    __table_args__ = (Index("ix_lane_free_at", "free_at"),)  # a claim: what is paused; `prune`

    lane: str = Field(primary_key=True)
    free_at: datetime
    per_minute: float | None = None
    learned_at: datetime | None = None


class DraftRow(Table, table=True):
    """A request that somebody is still writing. `id` is random, so that nobody guesses it."""

    __tablename__ = "draft"

    id: str = Field(primary_key=True)
    owner: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    resubmission_of: int | None = None
    updated_at: datetime = Field(index=True)  # `drafts.prune`


class HomeRow(Table, table=True):
    """Whose Home is open, and at which list and page; `place` is a list button's value."""

    __tablename__ = "home"

    user_id: str = Field(primary_key=True)
    place: str
    seen_at: datetime


class SlotRow(Table, table=True):
    """Everything that happens once: `digest:U1:2026-11-22`. The key is the lock."""

    __tablename__ = "slot"
    __table_args__ = (Index("ix_slot_at", "at"),)  # `reminders.prune`

    key: str = Field(primary_key=True)
    at: datetime


class MarkRow(Table, table=True):
    """How far a walk over the requests has come, so that any replica may go on with it."""

    __tablename__ = "mark"

    name: str = Field(primary_key=True)
    at: datetime
    request_id: int = 0


class PersonRow(Table, table=True):
    """A Slack profile as last seen; Slack stays the owner."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_email", "email"),)  # `people.with_email`

    user_id: str = Field(primary_key=True)
    name: str
    email: str | None = None
    timezone: str
    locale: str
    active: bool = True
    seen_at: datetime


class ForgottenRow(Table, table=True):
    """Somebody who is to be forgotten: their profile is never read again."""

    __tablename__ = "forgotten"

    user_id: str = Field(primary_key=True)
    at: datetime


class GroupRow(Table, table=True):
    """A user group that a policy names or named: when Slack was asked about it, and told of it.

    `read_at` is when Slack last said who is in it, or that it is not there. `trouble` is why it did
    not say so when it was asked last; `changed` that it spoke of a change since.
    """

    __tablename__ = "user_group"

    group_id: str = Field(primary_key=True)
    asked_at: datetime | None = None
    read_at: datetime | None = None
    trouble: str | None = None
    changed: bool = False


class MemberRow(Table, table=True):
    """A member of a user group that the policy names."""

    __tablename__ = "member"

    group_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)


class ReplicaRow(Table, table=True):
    """A process that serves this store, and when it last wrote to it; see `store.replicas`."""

    __tablename__ = "replica"

    id: str = Field(primary_key=True)
    beat_at: datetime
    policy_sha256: str | None = None
    version: str | None = None
    started_at: datetime | None = None
    heard_at: datetime | None = None
    connected: bool | None = None


class AbsenceRow(Table, table=True):
    """That somebody is away, as `store.domain.absences` has it.

    In force until `ended_at`: it is ended by whoever is back, by the next one for them, or once it
    is over. `shown_as` is what the cards of requests have been redrawn for: that they are away, or
    that they are back.
    """

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_in_force", "user_id", unique=True, **only(UNENDED)),)

    id: int = Field(default=None, sa_column=numbered())
    user_id: str
    since: datetime
    until: datetime | None = None
    last_day: date | None = None
    delegate: str | None = None
    set_by: str
    set_at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None
    shown_as: str | None = None


class ApiKeyRow(Table, table=True):
    """A key of the HTTP API; of its text only the hash. `rights` are words with a space between."""

    __tablename__ = "api_key"

    id: int = Field(default=None, sa_column=numbered())
    name: str = Field(unique=True)
    prefix: str = Field(unique=True)
    hash: str
    rights: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class HookRow(Table, table=True):
    """Where webhooks go. `events` are words with a space between; the secret has to sign."""

    __tablename__ = "hook"
    __table_args__ = (Index("ix_hook_platform", "is_platform", unique=True, **only(PLATFORM)),)

    id: int = Field(default=None, sa_column=numbered())
    url: str = Field(unique=True)
    events: str
    secret: str
    allow_private: bool = False
    is_platform: bool = False
    created_at: datetime
    last_answer: str | None = None
    last_at: datetime | None = None
    paused_at: datetime | None = None
    paused_why: str | None = None


class DeliveryRow(Table, table=True):
    """A revision of a request that a hook is to hear of, or has heard of."""

    __tablename__ = "delivery"
    __table_args__ = (
        # Once each; and what of a request is still to be sent before it.
        Index("ix_delivery_event", "hook_id", "request_id", "revision", unique=True),
        # `webhooks.claim`: what a hook is owed, by when it is due.
        Index("ix_delivery_due", "hook_id", "due_at", "id", **only(UNSENT)),
        # `webhooks.prune`.
        Index("ix_delivery_settled", "settled_at"),
    )

    id: int = Field(default=None, sa_column=numbered())
    hook_id: int = Field(foreign_key="hook.id", sa_type=Key)
    request_id: int = Field(sa_column=request_key())
    revision: int
    event: str
    state: str = OutboxState.PENDING.value
    attempts: int = 0
    due_at: datetime
    created_at: datetime
    first_at: datetime | None = None
    settled_at: datetime | None = None
    lease_until: datetime | None = None
    lease_owner: str | None = None
    cause: str | None = None
