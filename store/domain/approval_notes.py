"""What who approves says with it, told to the submitter: whether the policy asks for that, and how
the text is named in the history.
"""

from enum import StrEnum


class Asking(StrEnum):
    """Whether the policy takes a note with an approval, or wants one."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


COLUMN = "approval_note"


def note_name(stage: int, reviewer: str) -> str:
    """What the note of a vote is called in its event: "approval_note 1 U0BOB"."""
    return f"{COLUMN} {stage} {reviewer}"


def vote_noted(name: str) -> tuple[int, str] | None:
    """Stage and reviewer of the vote whose note is called so; None for any other text."""
    column, stage, reviewer = [*name.split(" "), "", ""][:3]
    named = column == COLUMN and stage.isdecimal() and reviewer
    return (int(stage), reviewer) if named else None
