"""Who watches which request"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "watch",
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_watch_request_id")),
        sa.PrimaryKeyConstraint("request_id", "user_id", name=op.f("pk_watch")),
    )


def downgrade() -> None:
    op.drop_table("watch")
