"""A request that is still being written: what its form collects, step by step.

What must stay true: a draft is unchecked. Only `submission.read` says whether what it has come to
is a request, for a form as for every other entrance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from store.domain.categories.stored import without_change
from store.domain.erasure import is_erased
from store.domain.request import Category, Request
from store.domain.submission import TITLE_LIMIT

Values = Mapping[str, Any]
"""The interchange format as far as it has been filled in."""

_KNOWN = frozenset(key for category in Category for key in category.spec.model.model_fields)
"""The keys of the details that any category asks for."""


SENT_AS = "slack-"
"""How the external id of what a draft becomes begins; its id follows."""
PROGRAM = "program"
"""Which mini program was chosen in the search: its id, or NEW and what was typed."""
FILLED_FROM = "filled_from"
"""The number of the release that its values were filled in from."""
OFFERED = "offered"
"""Which categories its writer may submit, and of each which environments; left out where all."""
NEW = "new:"
_OF_THE_FORM = frozenset({PROGRAM, FILLED_FROM, OFFERED})
"""What a draft keeps beside the values of the request."""
FILLED = ("type", "target_app", "language", "logo", "description")
"""The details that are filled in from the last release of the mini program that was chosen."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`owner` is the Slack user id of who writes it; `repeats` the ended request that is submitted
    again by it, as it is now.
    """

    id: str
    owner: str
    values: Values
    repeats: Request | None = None

    @property
    def unchanged(self) -> bool:
        """Whether it asks for exactly what the request did that it repeats."""
        return self.repeats is not None and _content(self.values) == _content(
            values_of(self.repeats)
        )

    @property
    def is_begun(self) -> bool:
        """Whether anything was written in it that one would miss."""
        if self.repeats:
            return not self.unchanged
        program = self.values.get("mini_program") or {}
        return bool(self.category or self.values.get("title") or any(program.values()))

    @property
    def program(self) -> str:
        """What was chosen in the search; empty where nothing was."""
        return str(self.values.get(PROGRAM) or "")

    @property
    def filled_from(self) -> int | None:
        """The release that the values were filled in from."""
        number = self.values.get(FILLED_FROM)
        return number if isinstance(number, int) else None

    @property
    def offered(self) -> Mapping[str, Sequence[str]] | None:
        """What its writer may choose: of each category the environments; None for everything."""
        found = self.values.get(OFFERED)
        return found if isinstance(found, Mapping) else None

    @property
    def external_id(self) -> str:
        """The same draft submitted twice is one request."""
        return f"{SENT_AS}{self.id}"

    @property
    def category(self) -> Category | None:
        """None until one is chosen."""
        chosen = self.values.get("category")
        return Category(chosen) if chosen in tuple(Category) else None

    @property
    def features(self) -> tuple[dict[str, Any], ...]:
        """The features so far; one stored as a bare text counts as its name."""
        listed = (self.values.get("details") or {}).get("features")
        named = listed if isinstance(listed, list | tuple) else ()
        return tuple(dict(f) if isinstance(f, Mapping) else {"name": str(f)} for f in named)

    @property
    def title(self) -> str:
        """The title given, or one after what is asked for."""
        return self.values.get("title") or _title(self.category, self.values)

    def interchange(self) -> dict[str, Any]:
        """The whole request as an import would bring it.

        Details of a category that was chosen before stay in the draft and out of this.
        """
        details = self.values.get("details") or {}
        ours = self.category.spec.model.model_fields if self.category else {}
        return {
            **{key: value for key, value in self.values.items() if key not in _OF_THE_FORM},
            "external_id": self.external_id,
            "title": self.title,
            "submitted_by": self.owner,
            "details": {k: v for k, v in details.items() if k in ours or k not in _KNOWN},
        }

    def with_program(
        self, chosen: str, program_id: str | None, name: str, released: Request | None
    ) -> Values:
        """The values filled in for the mini program that was chosen; `released` is its last
        release, as far as there is one. What another one had filled in goes.
        """
        known = released.details if released and not is_erased(released.details) else {}
        kept = self.values.get("details") or {}
        if self.filled_from:
            kept = {key: value for key, value in kept.items() if key not in FILLED}
        filled = {key: known[key] for key in FILLED if known.get(key)}
        return {
            **self.values,
            PROGRAM: chosen,
            FILLED_FROM: released.id if released and filled else None,
            "mini_program": {"id": program_id, "name": name},
            "details": {**kept, **filled, "name": name},
        }

    def with_feature(self, number: int, feature: Mapping[str, Any]) -> Values:
        """The values with this feature in place of number `number`, or at the end."""
        listed = list(self.features)
        listed[number : number + 1] = [dict(feature)]
        return self._with_features(listed)

    def without_feature(self, number: int, *, of: int) -> Values:
        """The values without feature `number`, if there still are `of`: a second click removes
        no second feature.
        """
        listed = list(self.features)
        if len(listed) == of:
            del listed[number : number + 1]
        return self._with_features(listed)

    def _with_features(self, features: list[dict[str, Any]]) -> Values:
        return {
            **self.values,
            "details": {**(self.values.get("details") or {}), "features": features},
        }


def values_of(request: Request) -> Values:
    """What a form begins with when this request is submitted again.

    A title of the usual form is left out, so that it follows a new version or name; and so is what
    was said to have changed that time.
    """
    name = request.mini_program_name
    values = {
        "category": request.category.value,
        "environment": request.environment.value,
        "mini_program": {"id": request.mini_program_id, "name": "" if is_erased(name) else name},
        "version": request.version,
        "details": {} if is_erased(request.details) else without_change(request.details),
        **({} if is_erased(request.details) else request.evidence.fields()),
    }
    usual = is_erased(request.title) or request.title == _title(request.category, values)
    return values if usual else {**values, "title": request.title}


def _content(values: Values) -> Any:
    """What is asked for, comparable: what is empty is the same as what is not there."""
    kept = {key: value for key, value in values.items() if key not in _OF_THE_FORM}
    kept["details"] = without_change(values.get("details") or {})
    return _without_empty(kept)


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _without_empty(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in (None, "", [], {})}
    return [_without_empty(each) for each in value] if isinstance(value, list | tuple) else value


def _title(category: Category | None, values: Values) -> str:
    if category is None:
        return ""
    name = (values.get("mini_program") or {}).get("name") or ""
    title = category.spec.default_title.format(name=name, version=values.get("version") or "")
    return " ".join(title.split())[:TITLE_LIMIT]
