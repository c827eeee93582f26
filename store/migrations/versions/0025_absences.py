"""Absences: who is away, until when, and who stands in or decided in their place"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNENDED = sa.text("ended_at IS NULL")
STANDS_IN = sa.text("for_whom IS NOT NULL AND turn")


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("delegate", sa.String(), nullable=True),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("shown_as", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(
        "ix_absence_in_force",
        "absence",
        ["user_id"],
        unique=True,
        sqlite_where=UNENDED,
        postgresql_where=UNENDED,
    )
    op.add_column("request", sa.Column("decided_for", sa.String(), nullable=True))
    op.add_column("vote", sa.Column("cast_for", sa.String(), nullable=True))
    op.add_column("assignment", sa.Column("for_whom", sa.String(), nullable=True))
    op.create_index(
        "ix_assignment_stand_in",
        "assignment",
        ["for_whom", "reviewer"],
        sqlite_where=STANDS_IN,
        postgresql_where=STANDS_IN,
    )


def downgrade() -> None:
    op.drop_index("ix_assignment_stand_in", "assignment")
    op.drop_column("assignment", "for_whom")
    op.drop_column("vote", "cast_for")
    op.drop_column("request", "decided_for")
    op.drop_table("absence")
