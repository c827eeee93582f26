"""Notes about a request: what those who review it tell each other, and never its submitter."""

from dataclasses import dataclass
from datetime import datetime

NOTED = "noted"
"""The kind of the event."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note, by its number in its request; `written_at` is aware UTC."""

    number: int
    written_by: str
    written_at: datetime
    note: str
