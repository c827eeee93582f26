"""Who was handed a request, by whom and when"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

BY_HAND = sa.text("handed_by IS NOT NULL")


def upgrade() -> None:
    op.add_column("assignment", sa.Column("handed_by", sa.String(), nullable=True))
    op.add_column("assignment", sa.Column("handed_at", UTCDateTime(), nullable=True))
    op.create_index(
        "ix_assignment_handed",
        "assignment",
        ["reviewer"],
        sqlite_where=BY_HAND,
        postgresql_where=BY_HAND,
    )


def downgrade() -> None:
    op.drop_index("ix_assignment_handed", "assignment")
    op.drop_column("assignment", "handed_at")
    op.drop_column("assignment", "handed_by")
