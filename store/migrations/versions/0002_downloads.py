"""Downloads"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNFINISHED = "state IN ('waiting', 'making')"


def upgrade() -> None:
    op.create_table(
        "export",
        sa.Column("id", KEY, nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("file_id", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("scope IN ('mine', 'approvals', 'list')", name=op.f("ck_export_scope")),
        sa.CheckConstraint("format IN ('csv', 'xlsx', 'json')", name=op.f("ck_export_format")),
        sa.CheckConstraint(
            "state IN ('waiting', 'making', 'done', 'failed')", name=op.f("ck_export_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    op.create_index("ix_export_finished", "export", ["finished_at"], unique=False)
    op.create_index(
        "ix_export_unfinished",
        "export",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text(UNFINISHED),
        postgresql_where=sa.text(UNFINISHED),
    )
