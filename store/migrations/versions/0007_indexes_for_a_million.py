"""Indexes for a million requests

Each list walks one index in its order; a search reads its text from an index, or, where PostgreSQL
offers pg_trgm, by trigrams. Without leave to install that, a search is slower and finds the same.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEW = {
    "created": ["created_at", "id", "search_text", "status"],
    "completed": ["completed_on", "id", "search_text", "status"],
    "submitter_created": ["submitted_by", "created_at", "id", "status"],
    "submitter_completed": ["submitted_by", "completed_on", "id"],
    "status_completed": ["status", "completed_on", "id"],
    "environment": ["environment", "status", "created_at", "id"],
    "category": ["category", "environment", "status", "created_at", "id"],
}
WIDENED = {
    "created": NEW["created"][:2],
    "completed": NEW["completed"][:2],
    "submitter_created": NEW["submitter_created"][:3],
}

PENDING = "state = 'pending'"


def upgrade() -> None:
    for name in WIDENED:
        op.drop_index(f"ix_request_{name}", "request")
    for name, columns in NEW.items():
        op.create_index(f"ix_request_{name}", "request", columns)
    op.create_index(
        "ix_outbox_urgent",
        "outbox",
        ["rank", "id"],
        sqlite_where=sa.text(PENDING),
        postgresql_where=sa.text(PENDING),
    )
    if op.get_bind().dialect.name == "postgresql" and _trigrams():
        op.execute("CREATE INDEX ix_request_search ON request USING gin (search_text gin_trgm_ops)")


def _trigrams() -> bool:
    """Whether pg_trgm is there now: it comes with PostgreSQL, but not everybody may install it."""
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except sa.exc.DBAPIError:
        return False
    return True


def downgrade() -> None:
    op.drop_index("ix_outbox_urgent", "outbox")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_request_search")
    for name in NEW:
        op.drop_index(f"ix_request_{name}", "request")
    for name, columns in WIDENED.items():
        op.create_index(f"ix_request_{name}", "request", columns)
