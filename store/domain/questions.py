"""Questions about a request: what a reviewer has to know, and what its submitter answers.

A question binds nobody: the review goes on, and anybody may decide while it is open.
"""

from dataclasses import dataclass, field
from datetime import datetime

TEXT_LIMIT = 3000
"""Characters of a question or an answer. Slack: as many as one field of a form takes."""
ASKED, ANSWERED, CLOSED = "asked", "answered", "question_closed"
"""The kinds of the events."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, by its number in its request, as it stood when it was read.

    It is open until it is answered, or closed without an answer: by who asked or an admin, or by
    the end of the review, which is nobody's act; then `closed_by` is None. Times are aware UTC.

    `channel` and `ts` are where the message stands in Slack that asks the submitter; None until it
    was posted. `is_closable` is whether its reader may close it.
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
    is_closable: bool = field(default=False, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether the submitter still has the word."""
        return self.answered_at is None and self.closed_at is None
