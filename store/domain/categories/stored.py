"""Reads details that were stored, however odd, as plain texts.

The models are strict about what comes in. This is not: a record from an older release must never
break a screen. Nothing here raises for JSON values; escaping and clipping are the reader's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from store.domain.categories.details import SIZE_LIMIT

Stored = Mapping[str, Any]
"""Details as they were stored: JSON, checked by whatever release stored them."""
Row = tuple[str, str]
"""A label and a value."""

WHAT_CHANGED = "what_changed"
"""The key under which a request of any category that is submitted again says what was changed."""
DEPTH_LIMIT = 4
"""Lists and objects nested deeper than this are shown as an ellipsis; nobody reads further."""


@dataclass(frozen=True, slots=True)
class StoredFeature:
    """One feature as stored; what is not known is empty. `more` are keys the platform lacks."""

    name: str = ""
    version: str = ""
    description: str = ""
    status: str = ""
    apis: tuple[str, ...] = ()
    more: tuple[Row, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


def features_in(details: Stored) -> tuple[StoredFeature, ...]:
    """The features; one stored as a bare text counts as its name."""
    return tuple(map(_feature, items(details.get("features"))))


def _feature(stored: object) -> StoredFeature:
    if not isinstance(stored, Mapping):
        return StoredFeature(name=text_of(stored))
    named = {k: text_of(stored.get(k)) for k in ("name", "version", "description", "status")}
    apis = tuple(text_of(api) for api in items(stored.get("apis")))
    more = tuple((k, text_of(v)) for k, v in stored.items() if k not in named and k != "apis")
    return StoredFeature(**named, apis=apis, more=more)


def value_of(key: str, details: Stored) -> str:
    """One value as it reads on the page; empty where there is none."""
    count = bytes_of(key, details) if is_size(key) else None
    return text_of(details.get(key)) if count is None else size(count)


def change_told(details: Stored) -> str:
    """What the submitter says to have changed since the attempt before; empty where nothing."""
    return text_of(details.get(WHAT_CHANGED)).strip()


def without_change(details: Stored) -> dict[str, Any]:
    """The details without that: what is asked for."""
    return {key: value for key, value in details.items() if key != WHAT_CHANGED}


def items(value: object) -> Sequence[object]:
    """A stored list; anything else counts as a list of one."""
    if isinstance(value, list | tuple):
        return value
    return () if value is None else (value,)


def text_of(value: object, depth: int = 0) -> str:
    """Any stored value as text; lists and objects on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if not isinstance(value, Mapping | list | tuple):
        return str(value)
    if depth == DEPTH_LIMIT:
        return "…"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {text_of(v, depth + 1)}" for key, v in value.items())
    return ", ".join(text_of(v, depth + 1) for v in value)


def is_size(key: str) -> bool:
    """Whether this key of the details counts bytes."""
    return key.endswith("_size")


def bytes_of(key: str, details: Stored) -> int | None:
    """The number under a key that counts bytes; None for anything that is no such number."""
    value = details.get(key)
    return value if type(value) is int and 0 <= value <= SIZE_LIMIT else None


def size(count: int) -> str:
    """Bytes for people, in steps of 1,024: `3.6 MB`."""
    if count < 1024:
        return counted(count, "byte")
    amount, unit = count / 1024, "KB"
    for larger in ("MB", "GB"):
        # 1023.95 would already print as "1024.0"
        if amount < 1023.95:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:,.1f} {unit}"


def counted(count: int, noun: str) -> str:
    """ "1 feature", "3 features"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
