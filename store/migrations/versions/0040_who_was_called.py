"""Finding what somebody was called to"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

CALLS = sa.text("audience = 'called'")


def upgrade() -> None:
    op.create_index(
        *("ix_card_called", "card", ["recipient", "request_id"]),
        sqlite_where=CALLS,
        postgresql_where=CALLS,
    )


def downgrade() -> None:
    op.drop_index("ix_card_called", "card")
