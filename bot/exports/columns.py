"""What a row of an export says: the number, the platform's nine columns in its order, the decision,
then the details, one column for each field any category has and one for the rest.

The columns never depend on the requests, so that two exports can be laid side by side. Nothing is
shortened here; what a format cannot hold is its writer's affair.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from store.domain.evidence import Evidence
from store.domain.export import Entry
from store.domain.request import Category, Environment, People, RejectionClass, Status
from store.domain.terms import Terms

Cell = str | int | datetime | None
"""A date is local and naive: its zone stands in the header."""


class Column(NamedTuple):
    """A header, and how wide it is drawn, in characters."""

    title: str
    width: int


NUMBER = Column("Request", 10)
_WIDE = {"said": 60, "title": 44, "description": 60, "features": 60, "More": 60}
_DETAILS = {
    key: field.title or key
    for category in Category
    for key, field in category.spec.model.model_fields.items()
}
_PLACES = {key: place for place, key in enumerate(_DETAILS)}
_LABELS = {
    str(member): member.label
    for kind in (Category, Environment, Status, RejectionClass)
    for member in kind
}
_OPEN = Status.UNDER_REVIEW.value
_THREE_EMPTY = (None, None, None)
_FEATURE = ("name", "version", "description", "status", "apis")


def columns(zone: ZoneInfo) -> tuple[Column, ...]:
    """The header, with the zone that the times are in."""
    return (*facts(zone), *details())


def facts(zone: ZoneInfo) -> tuple[Column, ...]:
    """The header of what every request has."""
    nine = (
        NUMBER,
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
    names = (Column("Mini Program ID", 22), Column("External ID", 22))
    heads = ("Questions", "Notes", "Notes with Approvals")
    said = tuple(Column(head, _WIDE["said"]) for head in heads)
    review = (
        *(Column("Rule", 24), Column("Stage", 24), Column(f"Due At ({zone.key})", 28)),
        *(Column(f"Escalated At ({zone.key})", 28), Column("Escalated To", 24)),
        *(*said, Column("Tested By", 24)),
        *(Column("Emergency", 40), Column("Emergency Reviewed By", 24)),
        *(Column("Evidence", _WIDE["said"]), Column("Test Version", 40), Column("QR Code", 40)),
    )
    return (*nine, *decision, *names, *review)


def details() -> tuple[Column, ...]:
    """The header of the details."""
    known = (Column(_detail_title(key), _WIDE.get(key, 24)) for key in _DETAILS)
    return (*known, Column("Details: More", _WIDE["More"]))


def row(entry: Entry, people: People, zone: ZoneInfo) -> list[Cell]:
    """The cells under `columns(zone)`."""
    return [*facts_of(entry, people, zone), *details_of(entry)]


def facts_of(entry: Entry, people: People, zone: ZoneInfo) -> list[Cell]:
    """The cells under `facts(zone)`."""
    return [
        entry.ref,
        entry.title,
        entry.mini_program_name,
        _LABELS[entry.environment],
        _LABELS[entry.category],
        entry.version,
        _name(entry.submitted_by, people),
        _local(entry.created_at, zone),
        _local(entry.completed_on, zone),
        _LABELS[entry.status],
        _decision(entry),
        entry.decision_reason,
        _decider(entry, people) or _on_platform(entry),
        entry.mini_program_id,
        entry.external_id,
        *_review(entry),
        _local(entry.due_at, zone),
        _local(entry.escalated_at, zone),
        _names(entry.escalated_to, people),
        *_words(entry, people, zone),
        _name(entry.tester, people),
        entry.incident,
        _name(entry.reviewed_by, people),
        *_evidence(entry),
    ]


def _evidence(entry: Entry) -> tuple[Cell, Cell, Cell]:
    """A line for each link: its title and address."""
    if not entry.evidence:
        return _THREE_EMPTY
    found = Evidence.read(entry.evidence)
    listed = "\n".join(map(str, found.exhibits)) or None
    return listed, found.preview_url, found.preview_qr


def _decider(entry: Entry, people: People) -> str | None:
    """ "Carol Tan", "Carol Tan for Bob Reyes"."""
    by, place = _name(entry.decided_by, people), _name(entry.decided_for, people)
    return f"{by} for {place}" if place else by


def _review(entry: Entry) -> tuple[Cell, Cell]:
    """The rule of the policy, and where the review is or ended: "1 of 2: Product"."""
    terms = Terms.read(entry.terms)
    if not terms.named:
        return terms.rule, None
    name, count = terms.named[entry.stage - 1].name, len(terms.named)
    return terms.rule, f"{entry.stage} of {count}: {name}" if count > 1 else name


def _words(entry: Entry, people: People, zone: ZoneInfo) -> tuple[Cell, Cell, Cell]:
    """Questions and their answers, notes, notes with approvals: "2026-11-20 11:14 Bob Reyes: …",
    a line for each.
    """
    if not (entry.questions or entry.notes or entry.approval_notes):
        return _THREE_EMPTY
    asked = []
    for each in entry.questions:
        asked.append((each.asked_at, each.asked_by, each.question))
        if each.answered_at and each.answer is not None:
            asked.append((each.answered_at, entry.submitted_by, each.answer))
    noted = ((note.written_at, note.written_by, note.note) for note in entry.notes)
    told = ((vote.at, vote.reviewer, vote.note or "") for vote in entry.approval_notes)
    return _said(asked, people, zone), _said(noted, people, zone), _said(told, people, zone)


def _said(said: Iterable[tuple[datetime, str, str]], people: People, zone: ZoneInfo) -> str:
    return "\n".join(
        f"{at.astimezone(zone):%Y-%m-%d %H:%M} {_name(by, people)}: {text}" for at, by, text in said
    )


def _detail_title(key: str) -> str:
    unit = " (bytes)" if key.endswith("_size") else ""
    return f"Details: {_DETAILS[key]}{unit}"


def _names(users: Sequence[str] | None, people: People) -> str | None:
    return ", ".join(_name(user, people) or "" for user in users) if users else None


def _name(user: str | None, people: People) -> str | None:
    """The name on record; whoever has none is called by the Slack user id."""
    person = people.get(user or "")
    return person.name if person else user


def _on_platform(entry: Entry) -> str | None:
    return f"{entry.platform_decider} (on the platform)" if entry.platform_decider else None


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    if moment is None:
        return None
    local = moment.astimezone(zone)
    return datetime.combine(local, time(local.hour, local.minute, local.second))


def _decision(entry: Entry) -> str | None:
    if entry.status == _OPEN:
        return None
    kind = f": {_LABELS[entry.rejection_class]}" if entry.rejection_class else ""
    return f"{_LABELS[entry.status]}{kind}"


def details_of(entry: Entry) -> list[Cell]:
    """The cells under `details()`; what has no header of its own stands together in the last."""
    cells: list[Cell] = [None] * (len(_PLACES) + 1)
    more = {}
    for key, value in entry.details.items():
        if key in _PLACES:
            cells[_PLACES[key]] = _detail(key, value)
        else:
            more[key] = value
    if more:
        cells[-1] = _lines(more)
    return cells


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
