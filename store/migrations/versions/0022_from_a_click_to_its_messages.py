"""From a click to its messages: whose each is, and what processes say of themselves"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("outbox", "delivery"):
        op.add_column(table, sa.Column("cause", sa.String(), nullable=True))
    op.add_column("replica", sa.Column("version", sa.String(), nullable=True))
    op.add_column("replica", sa.Column("started_at", UTCDateTime(), nullable=True))
    op.add_column("replica", sa.Column("heard_at", UTCDateTime(), nullable=True))
    op.add_column("replica", sa.Column("connected", sa.Boolean(), nullable=True))


def downgrade() -> None:
    for column in ("connected", "heard_at", "started_at", "version"):
        op.drop_column("replica", column)
    for table in ("delivery", "outbox"):
        op.drop_column(table, "cause")
