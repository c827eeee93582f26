"""Many new requests of one reader are one message"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GATHERED = sa.text("burst_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "burst",
        sa.Column("id", KEY, nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_burst")),
    )
    op.create_table(
        "arrivals",
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("last_at", UTCDateTime(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("burst_id", KEY, nullable=True),
        sa.PrimaryKeyConstraint("recipient", name=op.f("pk_arrivals")),
    )
    op.add_column(
        "card", sa.Column("silent", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("card", sa.Column("burst_id", KEY, nullable=True))
    op.create_index(
        "ix_card_burst",
        "card",
        ["burst_id"],
        sqlite_where=GATHERED,
        postgresql_where=GATHERED,
    )


def downgrade() -> None:
    op.drop_index("ix_card_burst", "card")
    for column in ("burst_id", "silent"):
        op.drop_column("card", column)
    op.drop_table("arrivals")
    op.drop_table("burst")
