"""How each category's details read: the platform's sections and labels, and a card's phrases.

`details.py` is strict about what comes in. This is not: it reads whatever was stored, so that a
record from an older release never breaks a screen. All texts are plain; escaping is the reader's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from store.domain.details import MODELS, SIZE_LIMIT, BasicInformation, Launch, Optimization
from store.domain.request import Category

__all__ = [
    "MODELS",
    "Row",
    "Section",
    "ShownFeature",
    "features",
    "items",
    "sections",
    "size",
    "text_of",
    "value_of",
    "what_changes",
]

Stored = Mapping[str, Any]
Row = tuple[str, str]

SHOWN_DEPTH = 4
"""Lists and objects nested deeper than this are shown as an ellipsis; nobody reads further."""
PHRASE_LIMIT = 120
"""Characters of one text in a card's phrase."""
NAMED_FEATURES = 5
"""How many features a card's phrase names before it counts the rest."""
_WHOLE = "whole_package_size"


@dataclass(frozen=True, slots=True)
class ShownFeature:
    """One feature as stored; what is not known is empty. `more` are keys the platform lacks."""

    name: str = ""
    version: str = ""
    description: str = ""
    status: str = ""
    apis: tuple[str, ...] = ()
    more: tuple[Row, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Section:
    """One titled part of the details page: (label, value) rows, then features if it has any."""

    name: str
    rows: tuple[Row, ...] = ()
    features: tuple[ShownFeature, ...] = ()


_LAYOUT: dict[Category, dict[str, Iterable[str]]] = {
    Category.RELEASE: {
        "Basic Information": tuple(BasicInformation.model_fields),
        "Additional details": ("tags", "features", "whitelist", "rectification"),
    },
    Category.OFFLINE: {
        "Basic Information": tuple(BasicInformation.model_fields),
        "Offline details": ("reason_for_taking_offline",),
    },
    Category.LAUNCH: {
        "Basic Information": tuple(key for key in Launch.model_fields if key != "features"),
        "Features": ("features",),
    },
    Category.FEATURES: {
        "Basic Information": ("name", "admin", "version", "description"),
        "Feature information": ("features",),
    },
    Category.OPTIMIZATION: {"SubPackage Setting": tuple(Optimization.model_fields)},
}


def sections(category: Category, details: Stored) -> tuple[Section, ...]:
    """The details under the platform's section names; keys it does not name come under "More".

    What is empty is left out. Never raises for stored details.
    """
    known = MODELS[category].model_fields
    named = [_section(category, name, keys, details) for name, keys in _LAYOUT[category].items()]
    more = Section("More", tuple((k, text_of(v)) for k, v in details.items() if k not in known))
    return tuple(part for part in (*named, more) if part.rows or part.features)


def what_changes(category: Category, details: Stored) -> tuple[str, ...]:
    """Short phrases for a card: what the request carries. Never raises for stored details."""
    return tuple(phrase for phrase in _PHRASES[category](details) if phrase)


def size(count: int) -> str:
    """Bytes for people, in steps of 1,024: `3.6 MB`."""
    if count < 1024:
        return _counted(count, "byte")
    amount, unit = count / 1024, "KB"
    for larger in ("MB", "GB"):
        # 1023.95 would already print as "1024.0"
        if amount < 1023.95:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:,.1f} {unit}"


def _section(category: Category, name: str, keys: Iterable[str], details: Stored) -> Section:
    fields = MODELS[category].model_fields
    rows = (
        (fields[key].title or key, value_of(key, details) + _share(key, details))
        for key in keys
        if key != "features"
    )
    listed = features(details) if "features" in keys else ()
    return Section(name, tuple(row for row in rows if row[1]), listed)


def value_of(key: str, details: Stored) -> str:
    """One value as it reads on the page; empty where there is none."""
    value = details.get(key)
    return size(value) if _is_size(value, key) else text_of(value)


def _share(key: str, details: Stored) -> str:
    """ " (31%)": a part of the package beside the whole of it."""
    part, whole = details.get(key), details.get(_WHOLE)
    if key == _WHOLE or not (_is_size(part, key) and _is_size(whole, _WHOLE)):
        return ""
    return f" ({part / whole:.0%})" if part and whole and part <= whole else ""


def _is_size(value: Any, key: str) -> TypeGuard[int]:
    return key.endswith("_size") and type(value) is int and 0 <= value <= SIZE_LIMIT


def features(details: Stored) -> tuple[ShownFeature, ...]:
    """The features that were stored, however odd."""
    return tuple(_feature(stored) for stored in items(details.get("features")))


def _feature(stored: Any) -> ShownFeature:
    if not isinstance(stored, Mapping):
        return ShownFeature(name=text_of(stored))
    named = {k: text_of(stored.get(k)) for k in ("name", "version", "description", "status")}
    apis = tuple(text_of(api) for api in items(stored.get("apis")))
    more = tuple((k, text_of(v)) for k, v in stored.items() if k not in named and k != "apis")
    return ShownFeature(**named, apis=apis, more=more)


def items(value: Any) -> list[Any] | tuple[Any, ...]:
    """A stored list; anything else counts as a list of one."""
    if isinstance(value, list | tuple):
        return value
    return () if value is None else (value,)


def text_of(value: Any, depth: int = 0) -> str:
    """Any stored value as text; lists and objects on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if not isinstance(value, Mapping | list | tuple):
        return str(value)
    if depth == SHOWN_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {text_of(v, depth + 1)}" for key, v in value.items())
    return ", ".join(text_of(v, depth + 1) for v in value)


def _release(details: Stored) -> tuple[str, ...]:
    """Not its version and target app: the line above them on the card says those."""
    return (
        _labelled("language", details, "language"),
        _feature_phrase(details),
        _whitelist_phrase(details),
        _labelled("rectification:", details, "rectification"),
    )


def _offline(details: Stored) -> tuple[str, ...]:
    return (
        _labelled("offline in", details, "target_app"),
        _labelled("reason:", details, "reason_for_taking_offline"),
    )


def _launch(details: Stored) -> tuple[str, ...]:
    return (_labelled("release note:", details, "release_note"), _feature_phrase(details))


def _activation(details: Stored) -> tuple[str, ...]:
    listed = features(details)
    rest = len(listed) - NAMED_FEATURES
    named = (_activated(feature) for feature in listed[:NAMED_FEATURES])
    return (*named, f"{rest} more" if rest > 0 else "")


def _activated(feature: ShownFeature) -> str:
    apis = f" ({', '.join(feature.apis)})" if feature.apis else ""
    if feature.status.casefold() == "activated":
        return _clip(f"{feature}{apis}: {feature.status}")
    return _clip(f"activate {feature}{apis}")


def _optimization(details: Stored) -> tuple[str, ...]:
    enabled = details.get("subpackage_enabled")
    return (
        "" if enabled is None else f"sub-packages {'enabled' if enabled is True else 'disabled'}",
        *(_labelled(part, details, f"{part}_package_size") for part in ("whole", "main", "sub")),
    )


_PHRASES: dict[Category, Callable[[Stored], tuple[str, ...]]] = {
    Category.RELEASE: _release,
    Category.OFFLINE: _offline,
    Category.LAUNCH: _launch,
    Category.FEATURES: _activation,
    Category.OPTIMIZATION: _optimization,
}


def _labelled(label: str, details: Stored, key: str) -> str:
    value = value_of(key, details)
    return f"{label} {_clip(value)}" if value else ""


def _feature_phrase(details: Stored) -> str:
    listed = features(details)
    if not listed:
        return ""
    rest = len(listed) - NAMED_FEATURES
    named = ", ".join(_clip(str(feature)) for feature in listed[:NAMED_FEATURES])
    return f"{_counted(len(listed), 'feature')}: {named}" + (
        f" and {rest} more" if rest > 0 else ""
    )


def _whitelist_phrase(details: Stored) -> str:
    count = len(items(details.get("whitelist")))
    return f"whitelist {_counted(count, 'domain')}" if count else ""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _clip(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= PHRASE_LIMIT else line[: PHRASE_LIMIT - 1].rstrip() + "…"
