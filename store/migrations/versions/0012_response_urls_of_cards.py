"""By which URL a copy that was clicked can be replaced, and for how long"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEPT = "response_url IS NOT NULL"


def upgrade() -> None:
    op.add_column("card", sa.Column("response_url", sa.String(), nullable=True))
    op.add_column("card", sa.Column("response_until", UTCDateTime(), nullable=True))
    op.add_column(
        "card", sa.Column("response_uses", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_index(
        "ix_card_response",
        "card",
        ["response_until"],
        sqlite_where=sa.text(KEPT),
        postgresql_where=sa.text(KEPT),
    )


def downgrade() -> None:
    op.drop_index("ix_card_response", "card")
    for name in ("response_uses", "response_until", "response_url"):
        op.drop_column("card", name)
