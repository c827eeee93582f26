"""What a row of a download says: the platform's nine columns in its order, the decision, then the
details, one column for each field any category has and one for the rest.

The columns never depend on the requests, so that two downloads can be laid side by side. Nothing is
shortened here; what a format cannot hold is its writer's affair.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from store.domain.details import MODELS
from store.domain.request import People, Request

Cell = str | int | datetime | None
"""A date is local and naive: its zone stands in the header."""


class Column(NamedTuple):
    """A header, and how wide it is drawn, in characters."""

    title: str
    width: int


_WIDE = {"title": 44, "description": 60, "features": 60, "More": 60}
_DETAILS = {
    key: field.title or key
    for model in MODELS.values()
    for key, field in model.model_fields.items()
}
_FEATURE = ("name", "version", "description", "status", "apis")


def columns(zone: ZoneInfo) -> tuple[Column, ...]:
    """The header, with the zone that the times are in."""
    nine = (
        Column("Title", _WIDE["title"]),
        Column("Mini Program Name", 28),
        Column("Environment", 13),
        Column("Category", 24),
        Column("Version", 12),
        Column("Submitted By", 24),
        Column(f"Created At ({zone.key})", 28),
        Column(f"Completed On ({zone.key})", 28),
        Column("Status", 14),
    )
    decision = (Column("Decision", 40), Column("Reason", 60), Column("Decided By", 24))
    names = (Column("Request", 10), Column("Mini Program ID", 22), Column("External ID", 22))
    details = (Column(_detail_title(key), _WIDE.get(key, 24)) for key in _DETAILS)
    return (*nine, *decision, *names, *details, Column("Details: More", _WIDE["More"]))


def row(request: Request, people: People, zone: ZoneInfo) -> tuple[Cell, ...]:
    """The cells under `columns(zone)`."""
    details = request.details
    return (
        request.title,
        request.mini_program_name,
        request.environment.label,
        request.category.label,
        request.version,
        _name(request.submitted_by, people),
        _local(request.created_at, zone),
        _local(request.completed_on, zone),
        request.status.label,
        _decision(request),
        request.decision_reason,
        _name(request.decided_by, people),
        request.ref,
        request.mini_program_id,
        request.external_id,
        *[_detail(key, details[key]) if key in details else None for key in _DETAILS],
        _lines({key: details[key] for key in details if key not in _DETAILS}),
    )


def _detail_title(key: str) -> str:
    unit = " (bytes)" if key.endswith("_size") else ""
    return f"Details: {_DETAILS[key]}{unit}"


def _name(user: str | None, people: People) -> str | None:
    """The name on record; whoever has none is called by the Slack user id."""
    person = people.get(user or "")
    return person.name if person else user


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0) if moment else None


def _decision(request: Request) -> str | None:
    if request.is_open:
        return None
    kind = f": {request.rejection_class.label}" if request.rejection_class else ""
    return f"{request.status.label}{kind}"


def _detail(key: str, value: Any) -> Cell:
    if key == "features":
        features = value if isinstance(value, list) else [value]
        return "\n".join(filter(None, map(_feature, features)))
    if type(value) is int and key.endswith("_size"):
        return value
    return _text(value)


def _feature(value: Any) -> str:
    """One line: "Scan 1.8 · Scan a QR code · Status: Activated · APIs: scan, my.scan"."""
    if not isinstance(value, Mapping):
        return _text(value)
    named = {key: _text(value.get(key)) for key in _FEATURE}
    more = {key: _text(inner) for key, inner in value.items() if key not in _FEATURE}
    parts = (
        f"{named['name']} {named['version']}".strip(),
        named["description"],
        named["status"] and f"Status: {named['status']}",
        named["apis"] and f"APIs: {named['apis']}",
        *(f"{key}: {inner}" for key, inner in more.items()),
    )
    return " · ".join(filter(None, parts))


def _lines(more: Mapping[str, Any]) -> str:
    return "\n".join(f"{key}: {_text(value)}" for key, value in more.items())


def _text(value: Any) -> str:
    """Words where words can say it, JSON where only JSON can."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list) and not any(isinstance(inner, list | Mapping) for inner in value):
        return ", ".join(map(_text, value))
    if isinstance(value, list | Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
