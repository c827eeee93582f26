"""Questions answered by a reply in the thread of their message"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("question", sa.Column("answer_ts", sa.String(), nullable=True))
    op.create_index("ix_question_message", "question", ["channel", "ts"])


def downgrade() -> None:
    op.drop_index("ix_question_message", "question")
    op.drop_column("question", "answer_ts")
