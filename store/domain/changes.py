"""What is different between two details of one category: for a card in short, for a page in full.

Like `categories`, it reads whatever was stored and never fails on it. A reordered list is no
change. All texts are plain and of any length; escaping and clipping are the reader's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from store.domain.categories import (
    MODELS,
    ShownFeature,
    Stored,
    features,
    items,
    text_of,
    value_of,
)
from store.domain.details import SIZE_LIMIT
from store.domain.request import Category

_LISTS = ("keywords", "tags", "whitelist")
_SIZES = ("whole_package_size", "main_package_size", "sub_package_size")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference under the platform's label; `old` is empty for what is new, `new` for what
    is gone. `phrase` says it on a card; empty where the card says it anyway (the version).
    """

    label: str
    old: str
    new: str
    phrase: str = ""


def between(category: Category, old: Stored, new: Stored) -> tuple[Change, ...]:
    """Every difference, in the order of the category's fields; unknown keys come last."""
    fields = MODELS[category].model_fields
    known = [key for key in fields if key != "features"]
    more = sorted((old.keys() | new.keys()) - fields.keys())
    labels = {key: field.title or key for key, field in fields.items()}
    found = [change for key in known for change in _of(key, labels[key], old, new)]
    found += _features(features(old), features(new))
    found += [change for key in more for change in _text(key, key, old, new)]
    return tuple(found)


def summary(changes: Iterable[Change]) -> tuple[str, ...]:
    """The changes as short phrases: `tagline`, `feature Scan 1.8 added`, `whitelist +1`."""
    return tuple(change.phrase for change in changes if change.phrase)


def _of(key: str, label: str, old: Stored, new: Stored) -> Iterator[Change]:
    if key in _LISTS:
        return _list(key, label, old, new)
    if key in _SIZES:
        return _size(key, label, old, new)
    return _text(key, label, old, new)


def _text(key: str, label: str, old: Stored, new: Stored) -> Iterator[Change]:
    before, after = value_of(key, old), value_of(key, new)
    if before != after:
        yield Change(label, before, after, "" if key == "version" else _phrase(label, after))


def _phrase(label: str, after: str) -> str:
    name = label if label.isupper() else label[:1].lower() + label[1:]
    return name if after else f"{name} removed"


def _list(key: str, label: str, old: Stored, new: Stored) -> Iterator[Change]:
    before, after = ([text_of(item) for item in items(side.get(key))] for side in (old, new))
    gone = [item for item in before if item not in after]
    added = [item for item in after if item not in before]
    counts = [f"+{len(added)}"] * bool(added) + [f"-{len(gone)}"] * bool(gone)
    if counts:
        yield Change(
            label, ", ".join(gone), ", ".join(added), f"{label.lower()} {'/'.join(counts)}"
        )


def _size(key: str, label: str, old: Stored, new: Stored) -> Iterator[Change]:
    before, after = value_of(key, old), value_of(key, new)
    if old.get(key) == new.get(key):
        return
    growth = _growth(_bytes(old.get(key)), _bytes(new.get(key)))
    said = ", ".join(filter(None, (_share(key, new), growth)))
    grown = f"{after} ({said})" if said else after
    yield Change(label, before, grown, f"{label.lower().removesuffix(' size')} {grown}")


def _share(key: str, details: Stored) -> str:
    """The part as a share of the whole: `33% of the whole`."""
    whole, part = _bytes(details.get("whole_package_size")), _bytes(details.get(key))
    if key == "whole_package_size" or not whole or part is None:
        return ""
    return f"{part / whole:.0%} of the whole"


def _growth(old: int | None, new: int | None) -> str:
    return f"{(new - old) / old:+.0%}" if old and new is not None else ""


def _bytes(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= SIZE_LIMIT else None


def _features(old: Iterable[ShownFeature], new: Iterable[ShownFeature]) -> Iterator[Change]:
    """By name; of two with one name the last counts, as it would on the platform."""
    before, after = ({f.name: f for f in side} for side in (old, new))
    for name, feature in after.items():
        if name not in before:
            yield _feature(name, "", _described(feature), f"feature {feature} added")
        elif feature != before[name]:
            yield _updated(before[name], feature)
    for name, feature in before.items():
        if name not in after:
            yield _feature(name, _described(feature), "", f"feature {feature} removed")


def _updated(old: ShownFeature, new: ShownFeature) -> Change:
    raised = old.version != new.version
    what = f"{old.version or 'no version'} → {new.version or 'no version'}" if raised else "changed"
    return _feature(new.name, _described(old), _described(new), f"feature {new.name} {what}")


def _feature(name: str, old: str, new: str, phrase: str) -> Change:
    return Change(f"Feature {name}".strip(), old, new, phrase)


def _described(feature: ShownFeature) -> str:
    more = [f"{label}: {value}" for label, value in feature.more]
    apis = f"APIs: {', '.join(feature.apis)}" if feature.apis else ""
    said = (feature.version, feature.status, feature.description, apis, *more)
    return " · ".join(filter(None, said)) or "named only"
