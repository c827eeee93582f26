"""What reviewers were given, in the order of any list

An assignment repeats the status and the completion of its request, so that My Approvals is read
from one index at any size. What is open of a category is counted by its index as well.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OPEN = "status = 'under_review'"
BY_CATEGORY = ["category", "status", "environment", "created_at", "id"]
WAITING = ["reviewer", "created_at", "request_id", "remind_at"]


def upgrade() -> None:
    op.drop_index("ix_assignment_reviewer", "assignment")
    op.drop_index("ix_assignment_waiting", "assignment")
    op.add_column(
        "assignment",
        sa.Column("status", sa.String(), nullable=False, server_default="under_review"),
    )
    op.add_column("assignment", sa.Column("completed_on", UTCDateTime(), nullable=True))
    op.execute(
        "UPDATE assignment SET (status, completed_on) = "
        "(SELECT status, completed_on FROM request WHERE id = assignment.request_id) "
        f"WHERE request_id NOT IN (SELECT id FROM request WHERE {OPEN})"
    )
    op.drop_index("ix_request_category", "request")
    op.create_index("ix_request_category", "request", BY_CATEGORY)
    op.create_index(
        "ix_assignment_reviewer",
        "assignment",
        ["reviewer", "created_at", "request_id", "status"],
    )
    op.create_index(
        "ix_assignment_completed",
        "assignment",
        ["reviewer", "completed_on", "request_id", "status"],
    )
    op.create_index(
        "ix_assignment_open",
        "assignment",
        [*WAITING, "waits"],
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )


def downgrade() -> None:
    op.drop_index("ix_request_category", "request")
    op.create_index(
        "ix_request_category", "request", ["category", "environment", "status", "created_at", "id"]
    )
    for name in ("reviewer", "completed", "open"):
        op.drop_index(f"ix_assignment_{name}", "assignment")
    op.drop_column("assignment", "completed_on")
    op.drop_column("assignment", "status")
    op.create_index("ix_assignment_reviewer", "assignment", WAITING[:3])
    op.create_index(
        "ix_assignment_waiting",
        "assignment",
        WAITING,
        sqlite_where=sa.text("waits = 1"),
        postgresql_where=sa.text("waits"),
    )
