"""Notes with approvals"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vote", sa.Column("note", sa.String(), nullable=True))
    where = sa.text("note IS NOT NULL")
    op.create_index(
        *("ix_vote_noted", "vote", ["request_id"]), sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    op.drop_index("ix_vote_noted", "vote")
    op.drop_column("vote", "note")
