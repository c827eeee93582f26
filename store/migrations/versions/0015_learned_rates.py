"""How fast Slack lets a method be called, as it was learned from being told to wait"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lane", sa.Column("per_minute", sa.Float(), nullable=True))
    op.add_column("lane", sa.Column("learned_at", UTCDateTime(), nullable=True))
    op.create_index("ix_lane_free_at", "lane", ["free_at"])


def downgrade() -> None:
    op.drop_index("ix_lane_free_at", "lane")
    op.drop_column("lane", "learned_at")
    op.drop_column("lane", "per_minute")
