"""What is sent to the API: bodies within bounds, and what each of them says."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)
from pydantic_core import PydanticCustomError
from starlette.requests import ClientDisconnect, Request

from bot import intake
from bot.api.problems import Problem, wrong_fields
from store.domain import submission
from store.domain.emergency import REASON_LEAST, is_link
from store.domain.questions import TEXT_LIMIT
from store.domain.request import ReleaseStage, Verdict
from store.domain.submission import Moment, Name, Somebody, SubmissionError

JSON, NDJSON = "application/json", "application/x-ndjson"
LONGEST = 4 * 2**20
"""Bytes of one object: details may have 500,000, and each may be written as an escape of six."""
LONGEST_MANY = 16 * 2**20
"""Bytes of many."""
MOST_LINES = 1000
"""Requests in one body."""
BODY_SECONDS = 10
"""How long a body may take to arrive."""
REASON_LIMIT = 2000
"""Characters of a reason, as in the form here."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_LIMIT)]
"""A question or an answer."""
M = TypeVar("M", bound="Body")


def _incident(text: str) -> str:
    if not is_link(text):
        raise ValueError("this must be the https address of the incident")
    return text


class Body(BaseModel):
    """An object that is sent; what it does not name is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Withdrawal(Body):
    """Takes a request back for the person who submitted it."""

    on_behalf_of: Somebody


class StageMove(Body):
    """Says where an approved release stands, for its submitter or an admin."""

    stage: Literal[
        ReleaseStage.PREPARATION,
        ReleaseStage.PILOT,
        ReleaseStage.GRAYSCALE,
        ReleaseStage.FULL,
        ReleaseStage.CANCELED,
    ]
    on_behalf_of: Somebody


class Testing(Body):
    """Says that somebody is testing a request, or not any more."""

    testing: StrictBool
    on_behalf_of: Somebody


class HandOver(Body):
    """Hands a request at its open stage to somebody, for one who may."""

    to: Somebody
    on_behalf_of: Somebody


class Emergency(Body):
    """Approves a request alone, whatever its stages, for somebody whom the policy names for it."""

    number: Annotated[str, Field(description="`MP-12` once more, to be sure", max_length=20)]
    reason: Annotated[
        str,
        StringConstraints(min_length=REASON_LEAST, max_length=REASON_LIMIT, strip_whitespace=True),
    ]
    incident: Annotated[
        str,
        AfterValidator(_incident),
        Field(description="The https address of the incident", json_schema_extra={"format": "uri"}),
    ]
    on_behalf_of: Somebody


class PlatformDecision(Body):
    """What was decided on the platform's own page, by whom as the platform calls them."""

    verdict: Verdict
    decided_by: Name
    decided_at: Moment = None
    reason: Annotated[
        Annotated[str, StringConstraints(max_length=REASON_LIMIT)] | None,
        AfterValidator(lambda reason: reason or None),
        Field(description="Why; a rejection without one says that none was given"),
    ] = None


def _question_number(value: object) -> object:
    if type(value) is not int or not 1 <= value <= _HIGHEST:
        said = "This must be the number of a question, without quotes."
        raise PydanticCustomError("sentence", "{sentence}", {"sentence": said})
    return value


_HIGHEST = 1_000_000
QuestionNumber = Annotated[int, BeforeValidator(_question_number), Field(ge=1, le=_HIGHEST)]


class NewQuestion(Body):
    """Asks the submitter, for a reviewer or an admin, who hears the answer."""

    question: Words
    on_behalf_of: Somebody


class Answer(Body):
    """Answers a question for the submitter."""

    number: QuestionNumber
    answer: Words
    on_behalf_of: Somebody


class Closing(Body):
    """Closes a question without an answer, for who asked it or an admin."""

    number: QuestionNumber
    on_behalf_of: Somebody


def media_type(request: Request) -> str:
    """What the body is said to be; JSON where nothing is said."""
    said = request.headers.get("content-type") or JSON
    return said.partition(";")[0].strip().lower()


async def read(request: Request, longest: int = LONGEST) -> bytes:
    """The whole body. Raises Problem for one that is too long or too slow."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > longest:
                    said = f"A body has at most {longest:,} bytes here."
                    raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", said)
    except TimeoutError:
        said = f"The body did not arrive within {BODY_SECONDS} seconds. Nothing was done."
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "too-slow", said) from None
    except ClientDisconnect:
        raise Problem(HTTPStatus.BAD_REQUEST, "broken-off") from None
    return bytes(body)


async def json_of(request: Request) -> object:
    """The JSON value that was sent. Raises Problem for anything else."""
    if media_type(request) != JSON:
        said = f"Send {JSON}."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", said)
    try:
        return intake.parse(await read(request))
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "not-json", f"This is {error}.") from None


async def said(request: Request, model: type[M]) -> M:
    """What the body says, by the sentences of the import. Raises Problem."""
    value = await json_of(request)
    try:
        return submission.read_as(model, value)
    except SubmissionError as error:
        raise wrong(error) from None


def wrong(error: SubmissionError) -> Problem:
    """422 with every wrong field."""
    return wrong_fields({each.field: each.sentence for each in error.problems})
