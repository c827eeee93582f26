"""Approvals in an emergency: the incident, and who has marked it as reviewed"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

UNREVIEWED = sa.text("incident IS NOT NULL AND reviewed_by IS NULL")


def upgrade() -> None:
    op.add_column("request", sa.Column("incident", sa.String(), nullable=True))
    op.add_column("request", sa.Column("reviewed_by", sa.String(), nullable=True))
    op.add_column("request", sa.Column("reviewed_at", UTCDateTime(), nullable=True))
    op.create_index(
        "ix_request_unreviewed",
        "request",
        ["completed_on", "id"],
        sqlite_where=UNREVIEWED,
        postgresql_where=UNREVIEWED,
    )


def downgrade() -> None:
    op.drop_index("ix_request_unreviewed", "request")
    for name in ("reviewed_at", "reviewed_by", "incident"):
        op.drop_column("request", name)
