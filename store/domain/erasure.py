"""What stands where somebody's words were erased: that, and since when.

It is put into the record itself, so that lists, cards, searches and exports show it without more.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_ERASED = re.compile(r"erased on \d{1,2} [A-Z][a-z]{2} \d{4}")
_KEY = "Details"


def erased_text(at: datetime) -> str:
    """ "erased on 3 Dec 2026", by the day in UTC."""
    moment = at.astimezone(UTC)
    return f"erased on {moment.day} {moment:%b %Y}"


def erased_details(details: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The details without what was written; the target app stays, since rules go by it."""
    kept = {"target_app": details["target_app"]} if "target_app" in details else {}
    return {**kept, _KEY: erased_text(at)}


def is_erased(written: object) -> bool:
    """Whether this text, or these details, are what stands for erased ones."""
    text = written.get(_KEY) if isinstance(written, Mapping) else written
    return isinstance(text, str) and _ERASED.fullmatch(text) is not None
