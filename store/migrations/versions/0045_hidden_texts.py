"""Texts that an admin has hidden"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "hidden",
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "text", "salt")),
        sa.Column("hidden_in", sa.Integer(), nullable=False),
        sa.Column("hidden_by", sa.String(), nullable=False),
        sa.Column("hidden_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_hidden_request_id")),
        sa.PrimaryKeyConstraint("request_id", "revision", "name", name=op.f("pk_hidden")),
    )
    again = sa.text("resubmission_of IS NOT NULL")
    columns = ["resubmission_of", "id"]
    op.create_index(
        "ix_request_again", "request", columns, sqlite_where=again, postgresql_where=again
    )


def downgrade() -> None:
    op.drop_index("ix_request_again", "request")
    op.drop_table("hidden")
