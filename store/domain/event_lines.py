"""Events as lines for other systems, each with its seal: JSON, CSV, or the field names of ECS.

From every form the event can be read again, so that its seal can be checked where it arrived.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from store.domain.canonical import canonical
from store.domain.checkpoint import GENESIS, SEALED, seal_of

FIELDS = (*SEALED, "hash")
_DATASET = "mini_program_approvals.audit"


class LineFormat(StrEnum):
    """How events are written: JSON objects, CSV, or JSON with the names of Elastic's schema."""

    JSONL = "jsonl"
    CSV = "csv"
    ECS = "ecs"


def heading(format: LineFormat) -> str | None:
    """What comes before the first event, without its line break."""
    return ",".join(FIELDS) if format is LineFormat.CSV else None


def written(event: Mapping[str, Any], format: LineFormat) -> str:
    """An event as one line, without its line break; `at` as its seal has it."""
    match format:
        case LineFormat.JSONL:
            return canonical({name: event[name] for name in FIELDS})
        case LineFormat.CSV:
            cells = [canonical(event[n]) if n == "data" else event[n] for n in FIELDS]
            out = io.StringIO()
            csv.writer(out, lineterminator="").writerow(cells)
            return out.getvalue()
        case LineFormat.ECS:
            return canonical(_ecs(event))


def check(lines: Iterable[str]) -> Iterator[str | None]:
    """Of each event in these lines what does not hold, in any of the forms; None where it does.

    Events of a request come in order; a history may begin later than with its first event.
    """
    rows = iter(lines)
    first = next(rows, "")
    is_csv = first.strip() == heading(LineFormat.CSV)
    last: dict[str, Any] = {}
    for number, line in enumerate(rows if is_csv else _with(first, rows), 2 if is_csv else 1):
        if line.strip():
            try:
                event = _read(line, is_csv)
                problem = "is no event" if event is None else _problem(event, last)
            except RecursionError:  # nested deeper than anything that was sealed
                event, problem = None, "is no event"
            yield f"line {number} {problem}" if problem else None
            last = event or {}


def _with(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _problem(event: dict[str, Any], last: Mapping[str, Any]) -> str | None:
    name = f"(MP-{event['request_id']}, revision {event['revision']})"
    if event["hash"] != seal_of(event):
        return f"{name} was changed after it was sealed"
    if event["revision"] == 1:
        return None if event["previous"] == GENESIS else f"{name} does not begin a history"
    if last and last["request_id"] == event["request_id"]:
        follows = last["revision"] == event["revision"] - 1 and last["hash"] == event["previous"]
        return None if follows else f"{name} does not follow the one before it"
    return None


def _read(line: str, is_csv: bool) -> dict[str, Any] | None:
    try:
        if is_csv:
            event: Any = dict(zip(FIELDS, next(csv.reader([line])), strict=True))
            numbers = {name: int(event[name]) for name in ("request_id", "revision")}
            event |= numbers | {"data": json.loads(event["data"])}
        else:
            event = json.loads(line)
            event = event.get("mini_program_approvals", event)
        return {name: event[name] for name in FIELDS}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _ecs(event: Mapping[str, Any]) -> dict[str, Any]:
    """https://www.elastic.co/docs/reference/ecs; what it has no name for stands under our own."""
    return {
        "@timestamp": event["at"],
        "ecs": {"version": "8.17.0"},
        "event": {
            "id": f"MP-{event['request_id']}-{event['revision']}",
            "kind": "event",
            "category": ["configuration"],
            "type": ["creation" if event["revision"] == 1 else "change"],
            "action": event["kind"],
            "dataset": _DATASET,
            "sequence": event["revision"],
            "hash": event["hash"],
        },
        "user": {"id": event["actor"]},
        "labels": {"request": f"MP-{event['request_id']}"},
        "mini_program_approvals": {name: event[name] for name in FIELDS},
    }
