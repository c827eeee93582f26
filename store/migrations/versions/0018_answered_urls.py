"""Response URLs that have served are forgotten

They are secrets of half an hour; answers that were sent kept them for a month.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE outbox SET data = '{}' WHERE key LIKE 'reply:%' AND state = 'sent'")


def downgrade() -> None:
    """What is forgotten stays so."""
