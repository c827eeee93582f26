"""One object of the interchange format, as import, intake and form hand it over.

`read` is the only entrance: what it returns may be stored as it is, and what it refuses is refused
with every problem at once, in sentences for the person who wrote it.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from store.domain.evidence import MOST, Evidence
from store.domain.json_values import FieldProblem, Place, storable
from store.domain.links import LINK_LIMIT, link_to
from store.domain.request import Category, Environment, Request
from store.domain.typed_text import as_code, one_line

__all__ = [
    *("Attachment", "FieldProblem", "MiniProgram", "Moment", "Name", "Somebody", "Submission"),
    *("SubmissionError", "differing", "read", "read_as"),
]

EXTERNAL_ID_LIMIT = 64
TITLE_LIMIT = 150
NAME_LIMIT = 150
VERSION_LIMIT = 64
DETAILS_LIMIT = 500_000
"""Bytes of all details as JSON. Ours, like the limits above; the platform states none."""
FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Creation times outside are slips of a unit or a century, and would spoil every sort."""
AHEAD = timedelta(days=1)
"""How far a creation time may lie ahead: no two clocks and zones differ by more."""
ECHO_LIMIT = 40
"""Characters of a wrong value that a sentence repeats."""
REVIEW = "review"
"""Where an export says what became of a request; read over, since a review is never imported."""

_SHORT = {category.spec.filter_name: category.value for category in Category}
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}|[^@\s<>]{1,64}@[^@\s<>]{1,180}\.[^@\s<>.]{2,63}")
_LEAP_SECOND = re.compile(r"(.*[T ]\d\d:\d\d:)60(.*)")
_QUOTE = "'"
M = TypeVar("M", bound=BaseModel)


class SubmissionError(ValueError):
    """The object is no request; `problems` says all that is wrong with it, one a field."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def _refuse(sentence: str) -> PydanticCustomError:
    # As context, so that braces in what a person wrote are not taken for a template.
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence})


def _one_line(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) else value


def _category(value: Any) -> Any:
    """By the short name of the filters as well."""
    return _SHORT.get(value, value) if isinstance(value, str) else value


def _code(value: Any) -> Any:
    return as_code(value) if isinstance(value, str) else value


def _digits(value: Any) -> Any:
    value = _code(value)
    if isinstance(value, str) and value and not re.fullmatch(r"[0-9]{1,32}", value):
        raise _refuse(
            f"{_echo(value)} is not a mini program id; use the digits the platform shows."
        )
    return value


def _person(value: Any) -> Any:
    value = _code(value)
    if isinstance(value, str) and value and not _PERSON.fullmatch(value):
        raise _refuse(f"{_echo(value)} is neither an e-mail address nor a Slack user id (U…).")
    return value


def _moment(value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    written = as_code(str(value)).upper()
    leap = _LEAP_SECOND.fullmatch(written)  # Python knows none, and reads the second before it
    try:
        moment = datetime.fromisoformat(f"{leap[1]}59{leap[2]}" if leap else written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _refuse(
            f"{_echo(value)} is not a time with an offset; use 2026-11-20T10:14:00+08:00."
        )
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _refuse(f"{_echo(value)} is outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    return moment.astimezone(UTC) + timedelta(seconds=1 if leap else 0)


def _created(value: Any, info: ValidationInfo) -> datetime | None:
    moment, now = _moment(value), (info.context or {})["now"]
    if moment and moment > now + AHEAD:
        raise _refuse(f"{_echo(value)} is more than a day ahead; check the year.")
    return moment


def _listed(value: Any) -> Any:
    return () if value is None else value


def _address(value: Any) -> Any:
    value = _one_line(value)
    if isinstance(value, str) and value and not link_to(value):
        raise _refuse(
            f"{_echo(value)} leads nowhere; use an address such as https://app.example/7."
        )
    return value or None


def _line(limit: int) -> Any:
    return StringConstraints(min_length=1, max_length=limit)


Name = Annotated[str, BeforeValidator(_one_line), _line(NAME_LIMIT)]
Somebody = Annotated[str, BeforeValidator(_person), _line(254)]
"""An e-mail address or a Slack user id."""
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
"""A time with an offset, read as aware UTC; None where it is left out."""


Address = Annotated[str | None, BeforeValidator(_address)]
"""An https address that leads somewhere; None where it is left out."""


class MiniProgram(BaseModel):
    """Which mini program; the id is digits as the platform prints them, kept as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, BeforeValidator(_digits), _line(32)]
    name: Name


class Attachment(BaseModel):
    """A link to evidence: what is there, and its address. One that leads nowhere stays text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, BeforeValidator(_one_line), Field(max_length=TITLE_LIMIT)] = ""
    url: Annotated[str, BeforeValidator(_one_line), _line(LINK_LIMIT)]


class Submission(BaseModel):
    """What a submitter hands in. `submitted_by` is an e-mail address or a Slack user id.

    `created_at` is aware UTC, or None for now. `details` keep every key, known or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    external_id: Annotated[str, BeforeValidator(_one_line), _line(EXTERNAL_ID_LIMIT)]
    title: Annotated[str, BeforeValidator(_one_line), _line(TITLE_LIMIT)]
    category: Annotated[Category, BeforeValidator(_category)]
    environment: Environment
    mini_program: MiniProgram
    version: Annotated[str | None, BeforeValidator(_code), Field(validate_default=True)] = None
    submitted_by: Somebody
    created_at: Annotated[datetime | None, BeforeValidator(_created)] = None
    details: dict[str, Any]
    evidence: Annotated[
        tuple[Attachment, ...], BeforeValidator(_listed), Field(max_length=MOST)
    ] = ()
    preview_url: Address = None
    preview_qr: Address = None

    @property
    def attached(self) -> Evidence:
        """Its evidence, as a request has it."""
        listed = [each.model_dump() for each in self.evidence]
        return Evidence.of(listed, self.preview_url, self.preview_qr)

    @field_validator("version")
    @classmethod
    def _version_where_needed(cls, version: str | None, info: ValidationInfo) -> str | None:
        category: Category | None = info.data.get("category")
        if not version and category and category.spec.needs_version:
            raise _refuse(f"{category.label} needs a version.")
        if version and len(version) > VERSION_LIMIT:
            raise _refuse(_too_long(version, VERSION_LIMIT))
        return version or None


def read(obj: object, *, now: datetime) -> Submission:
    """The request in a decoded JSON value that arrives now (aware UTC).

    Raises SubmissionError with all its problems.
    """
    found: list[FieldProblem] = []
    clean = storable(_handed_in(obj), found)
    if not isinstance(clean, dict):
        raise SubmissionError((FieldProblem("", "A request is a JSON object, one per line."),))
    submission = _validated(Submission, clean, (), found, now=now)
    _check_details(clean, found)
    if submission is None or found:
        first_at: dict[str, FieldProblem] = {}
        for problem in found:
            first_at.setdefault(problem.field, problem)
        raise SubmissionError(tuple(first_at.values()))
    return submission


def read_as(model: type[M], obj: object) -> M:
    """Something said about a request, read by the same sentences. Raises SubmissionError."""
    found: list[FieldProblem] = []
    clean = storable(obj, found)
    if not isinstance(clean, dict):
        raise SubmissionError((FieldProblem("", "This must be a JSON object."),))
    value = _validated(model, clean, (), found)
    if value is None or found:
        raise SubmissionError(tuple({each.field: each for each in reversed(found)}.values())[::-1])
    return value


def differing(sent: Submission, submitter: str, there: Request) -> tuple[str, ...]:
    """The fields that were sent and are otherwise on record, by their paths; none when it is equal.

    What was left out is not compared, but in `details`, which are one value: a key that is gone
    there is a difference.
    """
    asked = sent.model_dump(mode="json", exclude={"submitted_by", "created_at", "details"})
    asked |= {"submitted_by": submitter, "created_at": sent.created_at}
    known = {
        "external_id": there.external_id,
        "title": there.title,
        "category": there.category.value,
        "environment": there.environment.value,
        "mini_program": {"id": there.mini_program_id, "name": there.mini_program_name},
        "version": there.version,
        "submitted_by": there.submitted_by,
        "created_at": there.created_at,
        **there.evidence.fields(),
    }
    fields = (
        sent.model_fields_set - {"details"} - ({"created_at"} if not sent.created_at else set())
    )
    places = [place for name in known if name in fields for place in _unlike(asked, known, name)]
    stored = storable(there.details, [])  # as it would be read today
    details = sorted({*sent.details, *stored})
    unlike = [name for name in details if sent.details.get(name) != stored.get(name)]
    return (*places, *(f"details.{name}" for name in unlike))


def _unlike(asked: dict[str, Any], known: dict[str, Any], name: str) -> list[str]:
    if isinstance(asked[name], dict):
        return [f"{name}.{key}" for key in known[name] if asked[name][key] != known[name][key]]
    return [name] if asked[name] != known[name] else []


def _handed_in(obj: object) -> object:
    return {k: v for k, v in obj.items() if k != REVIEW} if isinstance(obj, dict) else obj


def _check_details(clean: dict[str, Any], found: list[FieldProblem]) -> None:
    details, category = clean.get("details"), clean.get("category")
    if not isinstance(details, dict):
        return
    if len(json.dumps(details, ensure_ascii=False).encode()) > DETAILS_LIMIT:
        found.append(
            FieldProblem("details", f"These are over {DETAILS_LIMIT:,} bytes; shorten them.")
        )
    elif category in tuple(Category):
        _validated(Category(category).spec.model, details, ("details",), found)


def _validated(
    model: type[M],
    value: Any,
    place: Place,
    found: list[FieldProblem],
    now: datetime | None = None,
) -> M | None:
    try:
        return model.model_validate(value, context={"now": now})
    except ValidationError as error:
        found.extend(
            FieldProblem.at((*place, *wrong["loc"]), _sentence(wrong)) for wrong in error.errors()
        )
        return None


def _sentence(wrong: ErrorDetails) -> str:
    """What was wrong and what is accepted, in our words: pydantic's are for programmers."""
    kind, value, context = wrong["type"], wrong["input"], wrong.get("ctx", {})
    if kind == "sentence":
        return str(context["sentence"])
    if kind == "missing" or value in (None, ""):
        return "This is required."
    if kind in {"enum", "literal_error"}:
        return f"{_echo(value)} is not known; use {context['expected'].replace(_QUOTE, '')}."
    if kind in {"too_long", "string_too_long"} and isinstance(value, str):
        return _too_long(value, context["max_length"])
    if kind == "too_long":
        return f"At most {context['max_length']} fit here."
    return _SENTENCES.get(kind, "This value is not accepted.")


_SENTENCES = {
    "string_type": "This must be text, in quotes.",
    "tuple_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "too_short": "At least one is needed.",
    "bool_type": "Use true or false.",
    "int_type": "This must be a whole number of bytes.",
    "greater_than_equal": "This cannot be less than 0 bytes.",
    "less_than_equal": "This is more bytes than any package has.",
    "extra_forbidden": "This is no field of a request; put anything extra inside details.",
}


def _too_long(text: str, limit: int) -> str:
    return f"This has {len(text):,} characters; at most {limit:,} fit."


def _echo(value: object) -> str:
    if isinstance(value, dict | list):
        return "A list" if isinstance(value, list) else "An object"
    text = str(value)
    return f"'{text if len(text) <= ECHO_LIMIT else text[: ECHO_LIMIT - 1] + '…'}'"
