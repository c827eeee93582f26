"""What is different between two details of one category: for a card in short, for a page in full.

Reads whatever was stored and never fails on it. A reordered list is no change. All texts are plain
and of any length; escaping and clipping are the reader's.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import get_origin

from store.domain.categories.spec import Spec
from store.domain.categories.stored import (
    WHAT_CHANGED,
    Stored,
    StoredFeature,
    bytes_of,
    features_in,
    is_size,
    items,
    text_of,
    value_of,
)

SHORT = 40
"""Up to so many characters before and after, a card says both."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference under the platform's label; `old` is empty for what is new, `new` for what
    is gone. `phrase` says it on a card; empty where the card says it anyway (the version).
    """

    label: str
    old: str
    new: str
    phrase: str = ""


def between(spec: Spec, old: Stored, new: Stored) -> tuple[Change, ...]:
    """Every difference, in the order of the category's fields; unknown keys come last."""
    fields = spec.model.model_fields
    found: list[Change] = []
    for key, field in fields.items():
        label = field.title or key
        if key == "features":
            continue
        if get_origin(field.annotation) is tuple:
            found += _list(key, label, old, new)
        elif is_size(key):
            found += _size(key, label, old, new, whole=spec.whole_size)
        else:
            found += _text(key, label, old, new)
    found += _features(features_in(old), features_in(new))
    for key in sorted((old.keys() | new.keys()) - fields.keys() - {WHAT_CHANGED}):
        found += _text(key, key, old, new)
    return tuple(found)


def summary(changes: Iterable[Change]) -> tuple[str, ...]:
    """The changes as short phrases: `tagline`, `feature Scan 1.8 added`, `whitelist +1`."""
    return tuple(change.phrase for change in changes if change.phrase)


def listed(
    label: str, before: Sequence[str], after: Sequence[str], *, between: str
) -> Iterator[Change]:
    """What a list has lost and gained, if anything: `whitelist +1/-2`."""
    gone = [item for item in before if item not in after]
    added = [item for item in after if item not in before]
    counts = [f"+{len(added)}"] * bool(added) + [f"-{len(gone)}"] * bool(gone)
    if counts:
        phrase = f"{label.lower()} {'/'.join(counts)}"
        yield Change(label, between.join(gone), between.join(added), phrase)


def _text(key: str, label: str, old: Stored, new: Stored) -> Iterator[Change]:
    before, after = value_of(key, old), value_of(key, new)
    if before == after:
        return
    name = label if label.isupper() else label[:1].lower() + label[1:]
    if not after:
        phrase = f"{name} removed"
    elif before and max(len(before), len(after)) <= SHORT and "\n" not in before + after:
        phrase = f"{name} {_worded(before)} → {_worded(after)}"
    else:
        phrase = name
    yield Change(label, before, after, "" if key == "version" else phrase)


def _worded(value: str) -> str:
    """A short value within a phrase: several words are held together by quotes."""
    return value if len(value.split()) < 2 else f"“{value}”"


def _list(key: str, label: str, old: Stored, new: Stored) -> Iterator[Change]:
    before, after = ([text_of(item) for item in items(side.get(key))] for side in (old, new))
    yield from listed(label, before, after, between=", ")


def _size(key: str, label: str, old: Stored, new: Stored, *, whole: str) -> Iterator[Change]:
    """With its share of the whole and its growth: `1.1 MB (30% of the whole, +20%)`."""
    if old.get(key) == new.get(key):
        return
    before, after, said = bytes_of(key, old), bytes_of(key, new), []
    total = bytes_of(whole, new)
    if key != whole and total and after is not None:
        said.append(f"{after / total:.0%} of the whole")
    if before and after is not None:
        said.append(f"{(after - before) / before:+.0%}")
    value = value_of(key, new) + (f" ({', '.join(said)})" if said else "")
    phrase = f"{label.lower().removesuffix(' size')} {value}"
    yield Change(label, value_of(key, old), value, phrase)


def _features(old: Iterable[StoredFeature], new: Iterable[StoredFeature]) -> Iterator[Change]:
    """By name; of two with one name the last counts, as it would on the platform."""
    before, after = ({feature.name: feature for feature in side} for side in (old, new))
    for name, feature in after.items():
        if name not in before:
            yield _feature(name, "", _described(feature), f"feature {feature} added")
        elif feature != before[name]:
            was, now = before[name].version or "no version", feature.version or "no version"
            what = f"{was} → {now}" if before[name].version != feature.version else "changed"
            phrase = f"feature {name} {what}"
            yield _feature(name, _described(before[name]), _described(feature), phrase)
    for name, feature in before.items():
        if name not in after:
            yield _feature(name, _described(feature), "", f"feature {feature} removed")


def _feature(name: str, old: str, new: str, phrase: str) -> Change:
    return Change(f"Feature {name}".strip(), old, new, phrase)


def _described(feature: StoredFeature) -> str:
    more = [f"{label}: {value}" for label, value in feature.more]
    apis = f"APIs: {', '.join(feature.apis)}" if feature.apis else ""
    said = (feature.version, feature.status, feature.description, apis, *more)
    return " · ".join(filter(None, said)) or "named only"
