"""Targets, tries and release stages"""

import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TARGET = ["mini_program_id", "environment", "target_app"]
UNMOVED = "status = 'approved' AND category = 'mini_program_release' AND release_stage IS NULL"
STAGED = "release_stage IS NOT NULL"
STAGES = "'preparation', 'pilot', 'grayscale', 'full', 'canceled', 'archived'"


def upgrade() -> None:
    # Columns are added with their CHECK: SQLite would copy the whole table to add one later.
    stage = sa.CheckConstraint(
        f"release_stage IN ({STAGES})", name=op.f("ck_request_release_stage")
    )
    for column in (
        sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("target_app", sa.String(), nullable=False, server_default=""),
        sa.Column("release_stage", sa.String(), stage, nullable=True),
        sa.Column("moved_at", UTCDateTime(), nullable=True),
    ):
        op.add_column("request", column)
    _fill_target_app()
    op.drop_index("ix_request_program", "request")
    op.create_index("ix_request_tries", "request", [*TARGET, "submitted_by", "created_at"])
    completed = ["status", "completed_on", "id"]
    op.create_index("ix_request_versions", "request", [*TARGET, "version", *completed])
    op.create_index("ix_request_standing", "request", [*TARGET, *completed])
    op.create_index(
        "ix_request_staged",
        "request",
        [*TARGET, "release_stage"],
        sqlite_where=sa.text(STAGED),
        postgresql_where=sa.text(STAGED),
    )
    op.create_index(
        "ix_request_unmoved",
        "request",
        ["completed_on"],
        sqlite_where=sa.text(UNMOVED),
        postgresql_where=sa.text(UNMOVED),
    )


def _fill_target_app() -> None:
    request = sa.table(
        "request",
        sa.column("id"),
        sa.column("category"),
        sa.column("details", DOCUMENT),
        sa.column("target_app"),
    )
    connection = op.get_bind()
    aimed = sa.select(request.c.id, request.c.details).where(
        request.c.category.in_(["mini_program_release", "mini_program_offline"])
    )
    for row in connection.execute(aimed).fetchall():
        typed = row.details.get("target_app") if isinstance(row.details, dict) else None
        line = " ".join(typed.split()) if isinstance(typed, str) else ""
        app = unicodedata.normalize("NFKC", line).casefold()
        filled = sa.update(request).where(request.c.id == row.id).values(target_app=app)
        connection.execute(filled)
