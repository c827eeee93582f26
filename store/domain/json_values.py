"""Outside JSON made fit for the record: tidy texts, and nothing a database cannot hold."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.domain.typed_text import tidy

NESTING_LIMIT = 12
"""Ours: how deep lists and objects may nest; deeper than this is a mistake or an attack."""

INTEGER_LIMIT = 2**63 - 1
"""What a 64-bit integer holds."""

_UNHELD = re.compile(r"[\x00\ud800-\udfff]")
"""What no database holds: PostgreSQL no NUL, and UTF-8 no lone surrogates."""

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong value. `field` is its path, like `details.features.0.name`; empty for the whole."""

    field: str
    sentence: str

    @classmethod
    def at(cls, place: Place, sentence: str) -> "FieldProblem":
        """A problem at a path given in parts."""
        return cls(".".join(map(str, place)), sentence)

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}" if self.field else self.sentence


def storable(value: object, found: list[FieldProblem], place: Place = ()) -> Any:
    """A tidy copy of a JSON value; what cannot be stored is added to `found` and becomes None."""
    if isinstance(value, str):
        return tidy(value)
    if isinstance(value, Mapping | list | tuple):
        return _nested(value, found, place)
    problem = _number_problem(value)
    if problem:
        found.append(FieldProblem.at(place, problem))
        return None
    return value


def holdable(value: Any, *, numbers: bool = True) -> Any:
    """A copy of a JSON value whose texts can be stored and looked for: without NUL, half emoji.

    Without `numbers` these are texts too: a number in the place of an id would be compared with
    texts, and no database takes one of any size. Raises RecursionError for a value that is nested
    without an end.
    """
    if isinstance(value, str):
        return _UNHELD.sub("", value)
    if isinstance(value, dict):
        held = value.items()
        return {holdable(key): holdable(inner, numbers=numbers) for key, inner in held}
    if isinstance(value, list):
        return [holdable(inner, numbers=numbers) for inner in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number and not numbers else value


def _nested(value: Any, found: list[FieldProblem], place: Place) -> Any:
    if len(place) >= NESTING_LIMIT:
        levels = f"This is nested deeper than {NESTING_LIMIT} levels; please make it flatter."
        found.append(FieldProblem.at(place[:2], levels))
        return None
    if isinstance(value, Mapping):
        named = [(tidy(str(key)), inner) for key, inner in value.items()]
        for key, count in Counter(key for key, _ in named).items():
            if count > 1:  # they differed in what no database holds
                found.append(FieldProblem.at((*place, key), "This key stands here twice."))
        return {key: storable(inner, found, (*place, key)) for key, inner in named}
    return [storable(inner, found, (*place, n)) for n, inner in enumerate(value)]


def _number_problem(value: object) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return "This is not a number JSON can hold."
    if isinstance(value, int) and abs(value) > INTEGER_LIMIT:
        return "This number is too large; write it as text."
    if value is None or isinstance(value, bool | int | float):
        return None
    return "This is not JSON: use text, numbers, true, false, null, lists and objects."
