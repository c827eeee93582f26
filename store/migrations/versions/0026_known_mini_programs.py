"""What is approved of a mini program is found by its id and by its name

A card warns where name and id disagree with what is known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NEW = {
    "ix_request_known": ["mini_program_id", "completed_on", "id"],
    "ix_request_named": ["mini_program_name", "mini_program_id"],
}
APPROVED = sa.text("status = 'approved'")


def upgrade() -> None:
    for name, columns in NEW.items():
        op.create_index(name, "request", columns, sqlite_where=APPROVED, postgresql_where=APPROVED)


def downgrade() -> None:
    for name in NEW:
        op.drop_index(name, "request")
