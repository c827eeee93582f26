"""Who is testing a request, since when, and until when that holds"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TESTED = sa.text("tester IS NOT NULL")


def upgrade() -> None:
    op.add_column("request", sa.Column("tester", sa.String(), nullable=True))
    op.add_column("request", sa.Column("testing_since", UTCDateTime(), nullable=True))
    op.add_column("request", sa.Column("testing_until", UTCDateTime(), nullable=True))
    op.create_index(
        "ix_request_tested",
        "request",
        ["testing_until", "id"],
        sqlite_where=TESTED,
        postgresql_where=TESTED,
    )


def downgrade() -> None:
    op.drop_index("ix_request_tested", "request")
    for name in ("testing_until", "testing_since", "tester"):
        op.drop_column("request", name)
