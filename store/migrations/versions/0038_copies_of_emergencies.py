"""Word of an emergency as a copy of the request, which is drawn again; what is owed stays owed"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_OWED = "kind = 'emergency' AND state <> 'sent'"


def upgrade() -> None:
    op.execute(
        "INSERT INTO card (request_id, audience, recipient, shown_revision, deletions,"
        " response_uses, silent)"
        f" SELECT request_id, 'emergency', recipient, 0, 0, 0, false FROM outbox WHERE {_OWED}"
    )
    op.execute(
        "UPDATE outbox SET kind = 'card', data = '{\"audience\": \"emergency\"}',"
        f" key = 'card\\:' || request_id || '\\:emergency\\:' || recipient WHERE {_OWED}"
    )
    op.execute("DELETE FROM outbox WHERE kind = 'emergency'")


def downgrade() -> None:
    of_copy = "kind = 'card' AND key LIKE 'card\\:%\\:emergency\\:%'"
    op.execute(
        "UPDATE outbox SET kind = 'emergency', data = '{}',"
        f" key = 'emergency\\:' || request_id || '\\:' || recipient WHERE {of_copy} AND state <> 'sent'"
    )
    op.execute(f"DELETE FROM outbox WHERE {of_copy}")
    op.execute("DELETE FROM card WHERE audience = 'emergency'")
