"""Rules: what a request needs, its stages, and whose turn it is

A card carries the round of a request, which until now was its revision: so cards drawn before keep
working. What was submitted before has one stage and one vote, and is overdue when it was reminded
of.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OPEN = "status = 'under_review'"
BY_STAGES = "stage_key IS NOT NULL"
GIVEN = ["reviewer", "created_at", "request_id", "status"]
COMPLETED = ["reviewer", "completed_on", "request_id", "status"]


def upgrade() -> None:
    document = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("request", sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("request", sa.Column("terms", document, nullable=True))
    op.add_column("request", sa.Column("stage_key", sa.String(), nullable=True))
    op.add_column("request", sa.Column("due_at", UTCDateTime(), nullable=True))
    op.execute("UPDATE request SET round = revision, due_at = remind_at")
    for name in ("turn", "opened", "shown"):
        kept: sa.Column[bool] = sa.Column(
            name, sa.Boolean(), nullable=False, server_default=sa.true()
        )
        op.add_column("assignment", kept)
    op.add_column("assignment", sa.Column("seat", sa.String(), nullable=False, server_default=""))
    op.execute(f"UPDATE assignment SET turn = false WHERE NOT ({OPEN})")
    op.drop_index("ix_request_remind", "request")
    _index("ix_request_due", "request", ["due_at", "id"], OPEN)
    _index("ix_request_stage", "request", ["stage_key", "created_at", "id", "status"], BY_STAGES)
    for name, columns in (("reviewer", GIVEN), ("completed", COMPLETED)):
        op.drop_index(f"ix_assignment_{name}", "assignment")
        op.create_index(f"ix_assignment_{name}", "assignment", [*columns, "shown", "opened"])


def downgrade() -> None:
    for name, columns in (("reviewer", GIVEN), ("completed", COMPLETED)):
        op.drop_index(f"ix_assignment_{name}", "assignment")
        op.create_index(f"ix_assignment_{name}", "assignment", columns)
    op.drop_index("ix_request_stage", "request")
    op.drop_index("ix_request_due", "request")
    _index("ix_request_remind", "request", ["remind_at"], OPEN)
    for name in ("seat", "shown", "opened", "turn"):
        op.drop_column("assignment", name)
    for name in ("due_at", "stage_key", "terms", "round"):
        op.drop_column("request", name)


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
