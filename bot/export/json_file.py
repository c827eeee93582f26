"""A download as JSON, one object a line: the interchange format, which `mp-approvals import` reads.

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

from store.domain.request import People, Request
from store.domain.submission import REVIEW


@contextmanager
def writing(path: Path, _zone: ZoneInfo) -> Iterator[Callable[[Request, People], None]]:
    """Create the file; what comes out adds one request to it. Times are UTC and say so."""
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def add(request: Request, people: People) -> None:
            line = json.dumps(interchange(request, people), ensure_ascii=False)
            file.write(f"{line}\n")

        yield add


def interchange(request: Request, people: People) -> dict[str, Any]:
    """The request as it was handed in, and its review."""
    return {
        "external_id": request.external_id,
        "title": request.title,
        "category": request.category.value,
        "environment": request.environment.value,
        "mini_program": {"id": request.mini_program_id, "name": request.mini_program_name},
        "version": request.version,
        "submitted_by": _known_as(request.submitted_by, people),
        "created_at": _moment(request.created_at),
        "details": dict(request.details),
        REVIEW: _review(request, people),
    }


def _review(request: Request, people: People) -> dict[str, Any]:
    return {
        "request": request.ref,
        "status": request.status.value,
        "completed_on": _moment(request.completed_on),
        "decided_by": _known_as(request.decided_by, people),
        "rejection_class": request.rejection_class.value if request.rejection_class else None,
        "reason": request.decision_reason,
    }


def _known_as(user: str | None, people: People) -> str | None:
    """The e-mail address, which means the same person elsewhere too; else the Slack user id."""
    person = people.get(user or "")
    return person.email if person and person.email else user


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
