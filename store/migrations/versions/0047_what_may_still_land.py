"""Until when an attempt that was given up on may still do its work in Slack"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("may_land_until", UTCDateTime()))


def downgrade() -> None:
    with op.batch_alter_table("outbox") as table:
        table.drop_column("may_land_until")
