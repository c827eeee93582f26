"""What the tables are made of: specs, and how a value is checked against one.

A spec says what one JSON value may be. `check` yields a `Complaint` for everything that is
wrong with a value and nothing when it is fine; it never raises, whatever JSON it is given.
Lengths count characters (code points), never bytes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

Surface = Literal["message", "modal", "home"]
EVERYWHERE: frozenset[Surface] = frozenset(("message", "modal", "home"))


@dataclass(frozen=True)
class Complaint:
    """What is wrong, and the JSON pointer of the place where it is."""

    pointer: str
    message: str


class Spec(Protocol):
    """What one value may be. The walk knows the surface and the shapes by "type"."""

    def check(self, value: Any, at: str, walk: "Walk", /) -> Iterator[Complaint]: ...


class Leaf:
    """A spec of a value with nothing inside: it only says what is wrong."""

    def check(self, value: Any, at: str, _walk: "Walk", /) -> Iterator[Complaint]:
        return (Complaint(at, message) for message in self.wrong(value))

    def wrong(self, value: Any) -> Iterator[str]:
        raise NotImplementedError


@dataclass(frozen=True)
class Words(Leaf):
    """A JSON string. `pattern` must match all of it; `form` names the pattern in the complaint."""

    longest: int | None = None
    shortest: int = 1
    pattern: str = ""
    form: str = ""

    def wrong(self, value: Any) -> Iterator[str]:
        if not isinstance(value, str):
            yield "must be a string"
            return
        if len(value) < self.shortest:
            yield f"must be more than {self.shortest - 1} characters"
        if self.longest is not None and len(value) > self.longest:
            yield f"must be less than {self.longest + 1} characters"
        if self.pattern and not re.fullmatch(self.pattern, value):
            yield f"must be {self.form}"


class Flag(Leaf):
    """true or false."""

    def wrong(self, value: Any) -> Iterator[str]:
        if not isinstance(value, bool):
            yield "must be a boolean"


@dataclass(frozen=True)
class Whole(Leaf):
    """A whole number between `low` and `high`, both included."""

    low: int
    high: int | None = None

    def wrong(self, value: Any) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield "must be an integer"
        elif value < self.low:
            yield f"must be at least {self.low}"
        elif self.high is not None and value > self.high:
            yield f"must be at most {self.high}"


class Number(Leaf):
    """Any JSON number."""

    def wrong(self, value: Any) -> Iterator[str]:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield "must be a number"


class Choice(Leaf):
    """One of a few fixed words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def wrong(self, value: Any) -> Iterator[str]:
        if value not in self.words:
            yield f"must be one of: {', '.join(self.words)}"


class Anything(Leaf):
    """Left unchecked: Slack's documentation says nothing about the inside."""

    def wrong(self, _value: Any) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True)
class Many:
    """A list of `least` to `most` values of one spec."""

    of: Spec
    most: int | None = None
    least: int = 1

    def check(self, value: Any, at: str, walk: "Walk") -> Iterator[Complaint]:
        if not isinstance(value, list):
            yield Complaint(at, "must be an array")
            return
        if len(value) < self.least:
            yield Complaint(at, f"no less than {self.least} items allowed")
        if self.most is not None and len(value) > self.most:
            yield Complaint(at, f"no more than {self.most} items allowed")
        for index, each in enumerate(value):
            yield from self.of.check(each, f"{at}/{index}", walk)


Rule = Callable[[Mapping[str, Any], str], Iterator[Complaint]]


@dataclass(frozen=True)
class Shape:
    """The properties of one kind of object: no others are allowed, `required` must be there.

    `rules` look at several properties at once. `surfaces` say where the kind may show.
    """

    fields: Mapping[str, Spec]
    required: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    surfaces: frozenset[Surface] = EVERYWHERE

    def ruled(self, *rules: Rule) -> "Shape":
        """The same shape with these rules too."""
        return replace(self, rules=(*self.rules, *rules))

    def only(self, surfaces: frozenset[Surface]) -> "Shape":
        """The same shape, showing on these surfaces alone."""
        return replace(self, surfaces=surfaces)

    def check(self, value: Any, at: str, walk: "Walk") -> Iterator[Complaint]:
        if not isinstance(value, Mapping):
            yield Complaint(at, "must be an object")
            return
        for name in self.required:
            if value.get(name) is None:
                yield Complaint(at, f"missing required field: {name}")
        for name, each in value.items():
            yield from self._property(name, each, at, walk)
        for rule in self.rules:
            yield from rule(value, at)

    def _property(self, name: str, value: Any, at: str, walk: "Walk") -> Iterator[Complaint]:
        if name not in self.fields:
            yield Complaint(at, f"invalid additional property: {name}")
        elif value is not None or name not in self.required:
            yield from self.fields[name].check(value, f"{at}/{name}", walk)


class Kind:
    """An object told by its "type": one of `types`, whose shapes are in the walk's book, or one
    of `own`, whose specs are given here because they differ from the book's."""

    def __init__(self, *types: str, **own: Spec) -> None:
        self.types = types
        self.own = own

    def check(self, value: Any, at: str, walk: "Walk") -> Iterator[Complaint]:
        if not isinstance(value, Mapping):
            yield Complaint(at, "must be an object")
            return
        kind = value.get("type")
        if kind is None:
            yield Complaint(at, "missing required field: type")
        elif not isinstance(kind, str):
            yield Complaint(f"{at}/type", "must be a string")
        elif kind in self.own:
            yield from self.own[kind].check(value, at, walk)
        elif kind not in self.types:
            yield Complaint(f"{at}/type", f"unsupported type: {kind}")
        elif walk.surface not in walk.book[kind].surfaces:
            yield Complaint(f"{at}/type", f"unsupported type in a {walk.surface}: {kind}")
        else:
            yield from walk.book[kind].check(value, at, walk)


@dataclass(frozen=True)
class Text:
    """A text object. Slack: at least 1, at most 3000 characters, often fewer."""

    longest: int = 3000
    kinds: tuple[str, ...] = ("plain_text",)

    def check(self, value: Any, at: str, walk: "Walk") -> Iterator[Complaint]:
        if not isinstance(value, Mapping):
            yield Complaint(at, "must be an object")
        elif value.get("type") not in self.kinds:
            yield Complaint(f"{at}/type", f"must be one of: {', '.join(self.kinds)}")
        else:
            yield from self._shape(value["type"]).check(value, at, walk)

    def _shape(self, kind: str) -> Shape:
        # emoji belongs to plain_text alone, verbatim to mrkdwn alone (docs.slack.dev, text object)
        extra = "emoji" if kind == "plain_text" else "verbatim"
        fields: dict[str, Spec] = {"type": Anything(), "text": Words(self.longest), extra: Flag()}
        return Shape(fields, required=("type", "text"))


@dataclass(frozen=True)
class Walk:
    """What a check needs besides the value: the surface, and all shapes by "type"."""

    surface: Surface
    book: Mapping[str, Shape] = field(repr=False)


def listed(value: Any, name: str) -> list[Any]:
    """The list under this property, or an empty one: rules run on malformed objects as well."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []


def at_least_one(*names: str) -> Rule:
    """A rule: one of these properties must have something in it."""

    def rule(value: Mapping[str, Any], at: str) -> Iterator[Complaint]:
        if not any(value.get(name) for name in names):
            yield Complaint(at, f"must define at least one of: {', '.join(names)}")

    return rule


def exactly_one(*names: str) -> Rule:
    """A rule: one of these properties is there and the others are not."""

    def rule(value: Mapping[str, Any], at: str) -> Iterator[Complaint]:
        if sum(value.get(name) is not None for name in names) != 1:
            yield Complaint(at, f"must define exactly one of: {', '.join(names)}")

    return rule
