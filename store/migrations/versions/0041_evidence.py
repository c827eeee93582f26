"""Evidence of requests"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    document = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("request", sa.Column("evidence", document, nullable=True))


def downgrade() -> None:
    op.drop_column("request", "evidence")
