"""When others are called to a request, and who was

Of what is open already nobody is called: it was submitted without that, until the policy is applied
to it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TO_ESCALATE = "status = 'under_review' AND escalate_at IS NOT NULL AND escalated_at IS NULL"


def upgrade() -> None:
    document = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("request", sa.Column("escalate_at", UTCDateTime(), nullable=True))
    op.add_column("request", sa.Column("escalated_at", UTCDateTime(), nullable=True))
    op.add_column("request", sa.Column("escalated_to", document, nullable=True))
    where = sa.text(TO_ESCALATE)
    op.create_index(
        *("ix_request_escalate", "request", ["escalate_at", "id"]),
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_request_escalate", "request")
    for name in ("escalated_to", "escalated_at", "escalate_at"):
        op.drop_column("request", name)
