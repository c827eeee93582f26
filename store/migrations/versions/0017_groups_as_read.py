"""User groups as they were last read, and what somebody has decided

A group that Slack says nothing of keeps its members for a day. Who has lost the role sees what they
decided, and no more.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

DECIDED = sa.text("status IN ('approved', 'rejected')")
DECIDER = {"created": "created_at", "completed": "completed_on"}


def upgrade() -> None:
    groups = op.create_table(
        "user_group",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=True),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_user_group")),
    )
    # Nobody wrote down when: what is known counts as read now.
    member = sa.table("member", sa.column("group_id", sa.String()))
    known = sa.select(
        member.c.group_id, sa.literal(datetime.now(UTC), UTCDateTime()), sa.false()
    ).distinct()
    op.execute(groups.insert().from_select(["group_id", "read_at", "changed"], known))
    for name, column in DECIDER.items():
        op.create_index(
            f"ix_request_decider_{name}",
            "request",
            ["decided_by", column, "id"],
            sqlite_where=DECIDED,
            postgresql_where=DECIDED,
        )


def downgrade() -> None:
    for name in DECIDER:
        op.drop_index(f"ix_request_decider_{name}", "request")
    op.drop_table("user_group")
