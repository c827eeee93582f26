"""What cards say of other requests

A card knows when it was drawn; a mark says how far the walk over changed requests has come.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOVED = sa.text("moved_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("card", sa.Column("drawn_at", UTCDateTime(), nullable=True))
    op.create_table(
        "mark",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mark"),
    )
    op.create_index(
        "ix_request_moved",
        "request",
        ["moved_at", "id"],
        sqlite_where=MOVED,
        postgresql_where=MOVED,
    )


def downgrade() -> None:
    op.drop_index("ix_request_moved", "request")
    op.drop_table("mark")
    op.drop_column("card", "drawn_at")
