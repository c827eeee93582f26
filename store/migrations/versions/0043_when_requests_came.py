"""When each new request of a reader came, so that the count of them slides"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
ARRIVALS = sa.table(
    "arrivals",
    sa.column("recipient", sa.String()),
    sa.column("came", DOCUMENT),
    *(sa.column(name, UTCDateTime()) for name in ("since", "last_at")),
    sa.column("requests", sa.Integer()),
    sa.column("burst_id", sa.BigInteger()),
)


def upgrade() -> None:
    empty = sa.text("'[]'")
    op.add_column("arrivals", sa.Column("came", DOCUMENT, nullable=False, server_default=empty))
    counted = op.get_bind().execute(sa.select(ARRIVALS)).all()
    for row in counted:
        gathers = row.burst_id is not None
        came = [row.last_at] if gathers else [row.since] * row.requests
        its = sa.update(ARRIVALS).where(ARRIVALS.c.recipient == row.recipient)
        op.execute(its.values(came=[at.isoformat() for at in came]))
    with op.batch_alter_table("arrivals") as table:
        for column in ("since", "last_at", "requests"):
            table.drop_column(column)


def downgrade() -> None:
    # What came within two minutes; without it a new count begins.
    op.execute(sa.delete(ARRIVALS))
    with op.batch_alter_table("arrivals") as table:
        table.drop_column("came")
        for column in ("since", "last_at"):
            table.add_column(sa.Column(column, UTCDateTime(), nullable=False))
        table.add_column(sa.Column("requests", sa.Integer(), nullable=False))
