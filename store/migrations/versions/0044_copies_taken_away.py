"""Which copies say that their reader reviews no more, so that they follow when that is over"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

NAME, TAKEN_AWAY = "ix_card_taken_away", sa.text("taken_away")


def upgrade() -> None:
    # Of the copies there are it is not known: each is drawn anew when its request changes.
    op.add_column(
        "card", sa.Column("taken_away", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        NAME,
        "card",
        ["recipient", "request_id"],
        sqlite_where=TAKEN_AWAY,
        postgresql_where=TAKEN_AWAY,
    )


def downgrade() -> None:
    op.drop_index(NAME, "card")
    with op.batch_alter_table("card") as table:
        table.drop_column("taken_away")
