"""Texts as they are compared

Search texts and target apps are compared without kinds of quotes and dashes and without invisible
marks as well. What is stored was folded for width and case already, so the rest is done to that.
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PORTION = 5_000
FOLDED = ("search_text", "target_app")
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
ALIKE = str.maketrans(
    dict.fromkeys("‘’‚‛ʻʼʹ′`", "'")
    | dict.fromkeys("“”„‟«»＂", '"')
    | dict.fromkeys("‐‑‒–—―−﹣－", "-")
)


def upgrade() -> None:
    request = sa.table("request", *map(sa.column, ("id", *FOLDED)))
    connection = op.get_bind()
    after = sa.select(request).where(request.c.id > sa.bindparam("last"))
    portion = after.order_by(request.c.id).limit(PORTION)
    rewrite = sa.text(
        "UPDATE request SET search_text = :search_text, target_app = :target_app WHERE id = :id"
    )
    last = 0
    while rows := connection.execute(portion, {"last": last}).all():
        last = rows[-1].id
        folded = [{name: _refolded(getattr(row, name)) for name in FOLDED} for row in rows]
        changed = [
            {"id": row.id, **texts}
            for row, texts in zip(rows, folded, strict=True)
            if any(getattr(row, name) != texts[name] for name in FOLDED)
        ]
        if changed:
            connection.execute(rewrite, changed)


def downgrade() -> None:
    """Nothing: a text folded further is found by the words that found it before, bar quotes."""


def _refolded(compatible: str) -> str:
    alike = UNSEEN.sub("", compatible).replace(" \u0301", "'").translate(ALIKE)
    return " ".join(unicodedata.normalize("NFKC", alike).split())
