"""What is due, in lists: repeated beside the assignments

Sorted and filtered by it are what is open alone, so the indexes hold nothing else.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OPEN = "status = 'under_review'"
WAITING = ["reviewer", "created_at", "request_id", "remind_at", "waits"]


def upgrade() -> None:
    op.add_column("assignment", sa.Column("due_at", UTCDateTime(), nullable=True))
    its_request = "SELECT due_at FROM request WHERE request.id = assignment.request_id"
    op.execute(f"UPDATE assignment SET due_at = ({its_request})")
    op.drop_index("ix_assignment_open", "assignment")
    _index("ix_assignment_open", "assignment", [*WAITING[:-1], "due_at", "waits"])
    places = ["reviewer", "due_at", "request_id", "shown", "opened"]
    _index("ix_assignment_due", "assignment", places)
    _index("ix_request_submitter_due", "request", ["submitted_by", "due_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_request_submitter_due", "request")
    op.drop_index("ix_assignment_due", "assignment")
    op.drop_index("ix_assignment_open", "assignment")
    _index("ix_assignment_open", "assignment", WAITING)
    op.drop_column("assignment", "due_at")


def _index(name: str, table: str, columns: list[str]) -> None:
    condition = sa.text(OPEN)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
