"""The store as it begins"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lane",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("free_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_lane")),
    )
    op.create_table(
        "member",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_member")),
    )
    op.create_table(
        "person",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_person")),
    )
    op.create_index("ix_person_email", "person", ["email"], unique=False)

    op.create_table(
        "request",
        sa.Column("id", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("mini_program_id", sa.String(), nullable=False),
        sa.Column("mini_program_name", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("submitted_by", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("completed_on", UTCDateTime(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("rejection_class", sa.String(), nullable=True),
        sa.Column("decision_reason", sa.String(), nullable=True),
        sa.Column("details", DOCUMENT, nullable=False),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.Column("remind_at", UTCDateTime(), nullable=False),
        sa.Column("resubmission_of", KEY, nullable=True),
        sa.CheckConstraint(
            "category IN ('mini_program_release', 'mini_program_offline', 'mini_program_launch', 'mini_program_features', 'optimization_modify')",
            name=op.f("ck_request_category"),
        ),
        sa.CheckConstraint(
            "environment IN ('production', 'sandbox')", name=op.f("ck_request_environment")
        ),
        sa.CheckConstraint(
            "status IN ('under_review', 'approved', 'rejected', 'withdrawn')",
            name=op.f("ck_request_status"),
        ),
        sa.ForeignKeyConstraint(
            ["resubmission_of"], ["request.id"], name=op.f("fk_request_resubmission_of")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sa.UniqueConstraint("external_id", name=op.f("uq_request_external_id")),
    )
    op.create_index("ix_request_completed", "request", ["completed_on", "id"], unique=False)
    op.create_index("ix_request_created", "request", ["created_at", "id"], unique=False)
    op.create_index("ix_request_program", "request", ["mini_program_id"], unique=False)
    op.create_index(
        "ix_request_remind",
        "request",
        ["remind_at"],
        unique=False,
        sqlite_where=sa.text("status = 'under_review'"),
        postgresql_where=sa.text("status = 'under_review'"),
    )
    op.create_index(
        "ix_request_status_created", "request", ["status", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_request_submitter_created",
        "request",
        ["submitted_by", "created_at", "id"],
        unique=False,
    )

    op.create_table(
        "slot",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_slot")),
    )
    op.create_index("ix_slot_at", "slot", ["at"], unique=False)

    op.create_table(
        "assignment",
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("remind_at", UTCDateTime(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_assignment_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", "stage", "reviewer", name=op.f("pk_assignment")),
    )
    op.create_index(
        "ix_assignment_reviewer",
        "assignment",
        ["reviewer", "created_at", "request_id"],
        unique=False,
    )
    op.create_index(
        "ix_assignment_waiting",
        "assignment",
        ["reviewer", "created_at", "request_id", "remind_at"],
        unique=False,
        sqlite_where=sa.text("waits = 1"),
        postgresql_where=sa.text("waits"),
    )

    op.create_table(
        "card",
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("shown_revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_card_request_id")),
        sa.PrimaryKeyConstraint("request_id", "audience", "recipient", name=op.f("pk_card")),
    )
    op.create_table(
        "event",
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", DOCUMENT, nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_event_request_id")),
        sa.PrimaryKeyConstraint("request_id", "revision", name=op.f("pk_event")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("request_id", KEY, nullable=True),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("data", DOCUMENT, nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed')", name=op.f("ck_outbox_state")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_outbox_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["lane", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_outbox_sending",
        "outbox",
        ["lane"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_outbox_settled", "outbox", ["state", "settled_at"], unique=False)

    op.create_table(
        "vote",
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("rejection_class", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("verdict IN ('approve', 'reject')", name=op.f("ck_vote_verdict")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_vote_request_id")),
        sa.PrimaryKeyConstraint("request_id", "stage", "reviewer", name=op.f("pk_vote")),
    )
