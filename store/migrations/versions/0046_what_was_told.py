"""Where messages stand that quote what somebody wrote"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "told",
        sa.Column("request_id", KEY, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("channel", "ts")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "recipient")),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_told_request_id")),
        sa.PrimaryKeyConstraint("request_id", "channel", "ts", name=op.f("pk_told")),
    )


def downgrade() -> None:
    op.drop_table("told")
