"""An export as JSON, one object a line: the interchange format, which `mp-approvals import` reads.

What became of a request stands beside it under `review`; an import passes over that, because a
review starts anew wherever a request is handed in.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from store.domain.export import Entry
from store.domain.request import People
from store.domain.submission import REVIEW


@contextmanager
def writing(path: Path, _zone: ZoneInfo) -> Iterator[Callable[[Entry, People], None]]:
    """Create the file; what comes out adds one request to it. Times are UTC and say so."""
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def add(entry: Entry, people: People) -> None:
            line = json.dumps(_interchange(entry, people), ensure_ascii=False)
            file.write(f"{line}\n")

        yield add


def _interchange(entry: Entry, people: People) -> dict[str, Any]:
    """The request as it was handed in, and its review."""
    return {
        "external_id": entry.external_id,
        "title": entry.title,
        "category": entry.category,
        "environment": entry.environment,
        "mini_program": {"id": entry.mini_program_id, "name": entry.mini_program_name},
        "version": entry.version,
        "submitted_by": _known_as(entry.submitted_by, people),
        "created_at": _moment(entry.created_at),
        "details": entry.details,
        REVIEW: _review(entry, people),
    }


def _review(entry: Entry, people: People) -> dict[str, Any]:
    return {
        "request": entry.ref,
        "status": entry.status,
        "completed_on": _moment(entry.completed_on),
        "decided_by": _known_as(entry.decided_by, people),
        "rejection_class": entry.rejection_class,
        "reason": entry.decision_reason,
    }


def _known_as(user: str | None, people: People) -> str | None:
    """The e-mail address, which means the same person elsewhere too; else the Slack user id."""
    person = people.get(user or "")
    return person.email if person and person.email else user


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
