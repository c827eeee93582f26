"""An export: which list, in which format, for whom, and how far it is.

An export is a picture of a list at the moment it is made, as its asker may see it then.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from store.domain.evidence import Evidence
from store.domain.lists import days
from store.domain.lists.query import Days, ListQuery, Scope
from store.domain.notes import Note
from store.domain.questions import Question
from store.domain.request import Vote
from store.domain.terms import Terms


class Format(StrEnum):
    """What kind of file."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"

    @property
    def label(self) -> str:
        """How people call it."""
        return self.value.upper()

    @property
    def suffix(self) -> str:
        """The end of the file's name; JSON is one object a line, as the import reads it."""
        return self.value


class ExportState(StrEnum):
    """How far an export is. Made half-way by somebody who died, it is made again."""

    WAITING = "waiting"
    MAKING = "making"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Export:
    """One export as it stood when it was read. `rows` counts the requests in the file so far.

    `file_id` is the file that was last offered to Slack, `channel` and `ts` the message that tells
    the asker how it goes; `why` says in a word why it failed. `lease_owner` is who makes it.
    """

    id: int
    asker: str
    query: ListQuery
    format: Format
    state: ExportState
    created_at: datetime
    rows: int = 0
    attempts: int = 0
    file_id: str | None = None
    why: str | None = None
    channel: str | None = None
    ts: str | None = None
    lease_owner: str | None = None

    def file_name(self, zone: ZoneInfo) -> str:
        """`requests-approved-production-2026-11-22.csv`: what is in it, and the asker's day."""
        day, asked = self.created_at.astimezone(zone).date().isoformat(), self.query.filter
        said = [
            *(status.value for status in asked.statuses),
            *(environment.value for environment in asked.environments),
            *(category.spec.filter_name for category in asked.categories),
            *(["by-submitter"] if asked.submitters else []),
            *(f"sent-{answer.value}" for answer in asked.sent),
            *(f"stage-{_plain(stage)}" for stage in asked.stages),
            *_period("created", asked.created),
            *_period("completed", asked.completed),
            _plain(asked.words),
        ]
        named = "-".join(filter(None, (_NAMES[self.query.scope], *said))).replace("_", "-")
        return f"{named[:NAME_LIMIT].rstrip('-')}-{day}.{self.format.suffix}"


def _period(name: str, asked: Days) -> list[str]:
    """`created-2026-10-01-to-2026-10-31`; nothing for all days."""
    said = days.written(asked).replace("..", "-to-").replace(">", "after-").replace("<", "before-")
    return [f"{name}-{said}"] if said else []


def _plain(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.casefold()))


class Entry(NamedTuple):
    """One request in a file: its facts as they are on record, people by Slack user id.

    Lean on purpose: measured, making a whole snapshot of each request took as long as writing it.
    """

    id: int
    external_id: str
    category: str
    title: str
    mini_program_id: str
    mini_program_name: str
    environment: str
    version: str | None
    submitted_by: str
    created_at: datetime
    status: str
    completed_on: datetime | None
    decided_by: str | None
    decided_for: str | None
    platform_decider: str | None
    rejection_class: str | None
    decision_reason: str | None
    stage: int
    terms: Terms | Mapping[str, Any] | None
    due_at: datetime | None
    escalated_at: datetime | None
    escalated_to: Sequence[str] | None
    questions_asked: int
    tester: str | None
    testing_since: datetime | None
    incident: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    notes_written: int
    evidence: Evidence | Mapping[str, Any] | None
    details: Mapping[str, Any]
    questions: tuple[Question, ...] = ()
    notes: tuple[Note, ...] = ()
    approval_notes: tuple[Vote, ...] = ()

    @property
    def ref(self) -> str:
        """How people name it: `MP-128`."""
        return f"MP-{self.id}"


NAME_LIMIT = 80
"""Characters of a file's name before its day."""
_NAMES = {Scope.MINE: "my-requests", Scope.APPROVALS: "my-approvals", Scope.ALL: "requests"}
