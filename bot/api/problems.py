"""Refusals as `application/problem+json` (RFC 9457): what was wrong, and how to go on."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - its name in RFC 9457
    """A refusal. `kind` is its word for programs, `detail` a sentence for people; `more` is beside.

    `retry_after` is in seconds.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str | None = None,
        detail: str | None = None,
        *,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(kind or status.phrase)
        self.status, self.kind, self.detail, self.more = status, kind, detail, more or {}
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))

    def body(self) -> dict[str, Any]:
        """The problem as an object."""
        said = {"detail": self.detail} if self.detail else {}
        return {
            "type": f"urn:mp-approvals:{self.kind}" if self.kind else "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            **said,
            **self.more,
        }

    def response(self) -> JSONResponse:
        """The whole answer."""
        return JSONResponse(self.body(), self.status, self.headers, MEDIA_TYPE)


def wrong_fields(problems: Mapping[str, str]) -> Problem:
    """422: the sentence about each wrong field, by its path; empty for the whole."""
    errors = [{"field": field, "sentence": sentence} for field, sentence in problems.items()]
    said = " ".join(f"{field}: {words}" if field else words for field, words in problems.items())
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-fields", said, more={"errors": errors})


def later(kind: str) -> Problem:
    """503: `busy`, `late` or `store-away`; worth another try."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, kind, _LATER[kind], retry_after=1)


_LATER = {
    "busy": "Too much is asked at once. Ask again in a moment.",
    "late": "It is not known whether this was done. Ask again: nothing is done twice.",
    "store-away": "The store does not answer, so nothing is known to be done. Ask again.",
}
