"""Clocks that rest while a submitter has the word"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    document = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("request", sa.Column("rest", document, nullable=True))
    op.add_column("request", sa.Column("rested", sa.Integer(), nullable=True))
    where = sa.text("questions_open > 0")
    op.create_index(
        *("ix_request_asked", "request", ["created_at", "id"]),
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_request_asked", "request")
    op.drop_column("request", "rested")
    op.drop_column("request", "rest")
