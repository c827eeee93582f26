"""The names that filters and sorts accept, and the sentence about one they do not know."""

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Generic, TypeVar

from store.domain.lists.query import Due, Filter, Sort, Waits, is_about_open
from store.domain.request import Category, Environment, PlatformAnswer, Status
from store.domain.typed_text import folded, seen

ECHO_LIMIT = 40
"""Characters of a wrong word that a sentence repeats."""

E = TypeVar("E", bound=StrEnum)


class WordsError(ValueError):
    """The words cannot be understood; `sentence` says which, and what may be written instead."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Names(Generic[E]):
    """What one key accepts: the canonical names, and other spellings."""

    noun: str
    canonical: dict[str, E]
    others: dict[str, E]

    def chosen(self, values: list[str]) -> tuple[E, ...]:
        """The values without duplicates, in the order of the enum."""
        found = {self._one(value) for value in values}
        return tuple(member for member in self.canonical.values() if member in found)

    def name(self, member: E) -> str:
        """The canonical name."""
        return next(name for name, known in self.canonical.items() if known is member)

    def _one(self, value: str) -> E:
        name = _folded(value)
        member = self.canonical.get(name) or self.others.get(name)
        if member:
            return member
        near = get_close_matches(name, (*self.canonical, *self.others), n=1)
        guess = f" Did you mean `{near[0]}`?" if near else ""
        *first, last = (f"`{known}`" for known in self.canonical)
        use = " or ".join(filter(None, (", ".join(first), last)))
        raise WordsError(f"I don't know the {self.noun} {echo(value)}.{guess} Use {use}.")


def _folded(value: str) -> str:
    # The sign in front belongs to a sort; between words it is only another way to join them.
    name = folded(value)
    sign = "-" if name.startswith("-") else ""
    return sign + "_".join(re.split(r"[\s_-]+", name.removeprefix("-").strip()))


STATUSES = Names("status", {s.value: s for s in Status}, {"review": Status.UNDER_REVIEW})
ENVIRONMENTS = Names(
    "environment", {e.value: e for e in Environment}, {"prod": Environment.PRODUCTION}
)
CATEGORIES = Names(
    "category",
    {c.spec.filter_name: c for c in Category},
    {name: c for c in Category for name in (c.value, _folded(c.label))},
)
SENT = Names("platform's answer", {a.value: a for a in PlatformAnswer}, {})
WAITS = Names("side", {w.value: w for w in Waits}, {"reviewer": Waits.REVIEWERS})
DUE = Names("due date", {d.value: d for d in Due}, {"late": Due.OVERDUE})
SORTS = Names("order", {s.value: s for s in Sort}, {})


def of_what_is_open(filter: Filter, sort: Sort) -> Filter:
    """The filter of a list; about what is due or waits, of what is open. Raises WordsError."""
    if not is_about_open(filter, sort):
        return filter
    if set(filter.statuses) - {Status.UNDER_REVIEW}:
        can = "waits for anybody" if filter.waits else "can be due"
        raise WordsError(
            f"Only what is Under Review {can}. Choose Under Review alone, or no status."
        )
    return replace(filter, statuses=(Status.UNDER_REVIEW,))


def echo(value: str) -> str:
    """A wrong word as a sentence repeats it: clipped, in backticks of ours only."""
    text = " ".join(seen(value).replace("`", "").split())
    return f"`{text if len(text) <= ECHO_LIMIT else text[: ECHO_LIMIT - 1] + '…'}`"
