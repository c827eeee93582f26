"""Notes: what those who review a request tell each other"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", UTCDateTime(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_note_request_id")),
        sa.PrimaryKeyConstraint("request_id", "number", name=op.f("pk_note")),
    )
    op.add_column(
        "request", sa.Column("notes_written", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("request", "notes_written")
    op.drop_table("note")
