"""Questions about a request: what a reviewer has to know, and what its submitter answers.

A question binds nobody: the review goes on, and anybody may decide while it is open.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

TEXT_LIMIT = 3000
"""Characters of a question or an answer. Slack: as many as one field of a form takes."""
ASKED, ANSWERED, CLOSED = "asked", "answered", "question_closed"
AMENDED, EDITED_LATE = "answer_amended", "answer_edited_late"
"""The kinds of the events."""
AMENDABLE_FOR = timedelta(minutes=5)
"""How long after a reply was sent an edit of it in Slack counts, while the review goes on."""


class NotTaken(StrEnum):
    """Why a reply in the thread of a question, or an edit of one, is not on record."""

    FILE = "file"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    OVER = "over"
    EDITED_LATE = "edited_late"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Question:
    """One question, by its number in its request, as it stood when it was read.

    It is open until it is answered, or closed without an answer: by who asked or an admin, or by
    the end of the review, which is nobody's act; then `closed_by` is None. Times are aware UTC.

    `channel` and `ts` are where the message stands in Slack that asks the submitter; None until it
    was posted. `answer_ts` is of the reply there that answered it, if one did. `is_closable` is
    whether its reader may close it.
    """

    number: int
    asked_by: str
    asked_at: datetime
    question: str
    answer: str | None = None
    answered_at: datetime | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    channel: str | None = field(default=None, compare=False)
    ts: str | None = field(default=None, compare=False)
    answer_ts: str | None = field(default=None, compare=False)
    is_closable: bool = field(default=False, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether the submitter still has the word."""
        return self.answered_at is None and self.closed_at is None
