"""The submit form: a table of fields in the order people think, and the way back from it.

The form only collects. What is valid is said by `store.domain.submission`, for every entrance
alike, and `errors` puts its sentences under the inputs they are about.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from slack_sdk.models.views import View

from blocks.form_field import FormField, Kind, draw, read
from blocks.text import clip, words
from store.domain.request import Category, Environment
from store.domain.storable import FieldProblem

CALLBACK_ID = "request.submit"
ERROR_LIMIT = 300
"""Ours: what still reads as one remark under an input."""

_NAME, _VERSION = "mini_program.name", "version"

_REQUEST = (
    FormField(
        "category",
        "Category",
        Kind.SELECT,
        required=True,
        options=((Category.RELEASE.value, Category.RELEASE.label),),
        hint="The other four categories come from the platform by import.",
    ),
    FormField(
        "environment",
        "Environment",
        Kind.RADIO,
        required=True,
        options=tuple((each.value, each.label) for each in Environment),
    ),
    FormField(_NAME, "Mini Program Name", required=True, limit=150, also=("details.name",)),
    FormField(
        "mini_program.id",
        "Mini Program ID",
        required=True,
        limit=32,
        placeholder="2171020092715498",
        hint="The digits the platform shows beside the name.",
    ),
    FormField(_VERSION, "Version", required=True, limit=64, also=("details.version",)),
    FormField("title", "Title", limit=150, hint="Left empty: Release, the name and the version."),
)

_RELEASE = (
    FormField(
        "details.type",
        "Type",
        Kind.RADIO,
        required=True,
        options=(("DSL", "DSL"), ("H5+", "H5+")),
        hint="Cannot be changed later; another type is another mini program.",
    ),
    FormField("details.target_app", "Target App", required=True, limit=150),
    FormField("details.language", "Language", required=True, limit=50, placeholder="en"),
    FormField("details.tagline", "Tagline", limit=300, hint="The short summary in search results."),
    FormField("details.description", "Description", Kind.LONG),
    FormField("details.logo", "Logo", hint="Its address, https://…"),
    FormField("details.keywords", "Keywords", Kind.COMMAS, hint="Separated by commas."),
    FormField("details.tags", "Tags", Kind.COMMAS, hint="Separated by commas."),
    FormField(
        "details.features",
        "Features",
        Kind.FEATURES,
        placeholder="Scan | 1.8 | Scan a QR or bar code",
        hint="One a line: name | version | description.",
    ),
    FormField(
        "details.whitelist",
        "Whitelist",
        Kind.LINES,
        placeholder="api.example.com",
        hint="One domain a line.",
    ),
    FormField(
        "details.rectification",
        "Rectification information",
        Kind.LONG,
        hint="If a warning asked for changes: what you changed.",
    ),
)

FIELDS = (*_REQUEST, *_RELEASE)
"""Every input, in order. Another category is another table beside `_RELEASE`."""


def build(values: Mapping[str, Any] | None = None) -> View:
    """The form; `values` is a request in the interchange format to begin with."""
    begun = {"category": Category.RELEASE.value, **(values or {})}
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words("New request"),
        submit=words("Submit for Review"),
        close=words("Cancel"),
        blocks=[draw(field, _at(begun, field.path)) for field in FIELDS],
    )


def parse(view: Mapping[str, Any], *, submitted_by: str, external_id: str) -> dict[str, Any]:
    """What was filled in, in the interchange format and unchecked; empty inputs are left out."""
    values = view["state"]["values"]
    request: dict[str, Any] = {
        "external_id": external_id,
        "submitted_by": submitted_by,
        "mini_program": {},
        "details": {},
    }
    for field in FIELDS:
        value = read(field, values)
        for path in field.paths if value is not None else ():
            _put(request, path, value)
    request.setdefault("title", _title(request))
    return request


def errors(problems: Iterable[FieldProblem]) -> dict[str, str]:
    """The sentences by block id, as Slack's `response_action: errors` takes them.

    A problem of no input of ours stands under the first one, with its name.
    """
    found: dict[str, list[str]] = {}
    for problem in problems:
        block, sentence = _placed(problem)
        if sentence not in found.setdefault(block, []):
            found[block].append(sentence)
    return {block: clip(" ".join(said), ERROR_LIMIT) for block, said in found.items()}


def _placed(problem: FieldProblem) -> tuple[str, str]:
    for field in FIELDS:
        for path in field.paths:
            if problem.field == path:
                return field.path, problem.sentence
            if problem.field.startswith(f"{path}."):
                return field.path, _within(problem.field[len(path) + 1 :], problem.sentence)
    return FIELDS[0].path, str(problem)


def _within(rest: str, sentence: str) -> str:
    """Says which entry of a list is meant: `0.version` is "Line 1, version"."""
    number, _, key = rest.partition(".")
    if not number.isdigit():
        return sentence
    return f"Line {int(number) + 1}{f', {key}' if key else ''}: {sentence}"


def _title(request: Mapping[str, Any]) -> str:
    named = (_at(request, _NAME), _at(request, _VERSION))
    return clip(" ".join(["Release", *(str(part) for part in named if part)]), 150)


def _at(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        values = values.setdefault(key, {})
    values[last] = value
