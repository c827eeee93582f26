"""What the platform said to an approval, and which hook is the platform's"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ANSWERED = "platform_answer IS NOT NULL"
PLATFORM = "is_platform"


def upgrade() -> None:
    # With its CHECK: SQLite would copy the whole table to add one later.
    answer = sa.CheckConstraint(
        "platform_answer IN ('accepted', 'refused')", name=op.f("ck_request_platform_answer")
    )
    for column in (
        sa.Column("platform_answer", sa.String(), answer, nullable=True),
        sa.Column("platform_answered_at", UTCDateTime(), nullable=True),
        sa.Column("platform_reason", sa.String(), nullable=True),
    ):
        op.add_column("request", column)
    op.create_index(
        "ix_request_answered",
        "request",
        ["platform_answer", "created_at", "id"],
        sqlite_where=sa.text(ANSWERED),
        postgresql_where=sa.text(ANSWERED),
    )
    op.add_column(
        "hook", sa.Column("is_platform", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_hook_platform",
        "hook",
        ["is_platform"],
        unique=True,
        sqlite_where=sa.text(PLATFORM),
        postgresql_where=sa.text(PLATFORM),
    )


def downgrade() -> None:
    op.drop_index("ix_hook_platform", "hook")
    op.drop_column("hook", "is_platform")
    op.drop_index("ix_request_answered", "request")
    for column in ("platform_reason", "platform_answered_at", "platform_answer"):
        op.drop_column("request", column)
