"""What the API says of itself: bodies, answers, refusals and examples, as OpenAPI 3.1."""

from functools import partial
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.api import bodies
from bot.api.problems import MEDIA_TYPE
from bot.api.schemas import (
    FoundByExternalId,
    FullRequest,
    Line,
    Page,
    ProblemObject,
    RequestObject,
)
from store.domain.submission import Submission

_SCHEMA = "#/components/schemas/{model}"
_ACTS: dict[type[BaseModel], str] = {
    bodies.Withdrawal: "withdraw",
    bodies.StageMove: "moveOn",
    bodies.PlatformDecision: "decided",
    bodies.NewQuestion: "ask",
    bodies.Answer: "answer",
    bodies.Closing: "closeQuestion",
    bodies.Testing: "sayWhoTests",
    bodies.HandOver: "handOver",
    bodies.Emergency: "approveAlone",
}
"""The bodies of acts, each with what the act is called."""
_SENT: tuple[type[BaseModel], ...] = (Submission, *_ACTS)
_WRITTEN: tuple[type[BaseModel], ...] = (Line, ProblemObject)
EXAMPLE = {
    "external_id": "apply-000131",
    "title": "Release Bills Pay 3.2.4",
    "category": "mini_program_release",
    "environment": "production",
    "mini_program": {"id": "2171020092715498", "name": "Bills Pay"},
    "version": "3.2.4",
    "submitted_by": "alice@example.com",
    "created_at": "2026-11-20T10:14:00+08:00",
    "details": {
        "name": "Bills Pay",
        "version": "3.2.4",
        "type": "DSL",
        "target_app": "Wallet PH",
        "language": "fil",
    },
    "evidence": [{"title": "Test report", "url": "https://jira.example.com/browse/QA-324"}],
    "preview_url": "https://preview.example.com/bills-pay/3.2.4",
}
_ACT_EXAMPLES = {
    bodies.Withdrawal: {"on_behalf_of": "alice@example.com"},
    bodies.StageMove: {"stage": "pilot", "on_behalf_of": "alice@example.com"},
    bodies.PlatformDecision: {
        "verdict": "reject",
        "reason": "The privacy text names no contact.",
        "decided_by": "Operator Wu",
        "decided_at": "2026-11-20T11:03:00+08:00",
    },
    bodies.NewQuestion: {
        "question": "Which agreement covers the new domain?",
        "on_behalf_of": "bob@example.com",
    },
    bodies.Answer: {
        "number": 1,
        "answer": "The one of 3 May: https://example.com/agreements/17",
        "on_behalf_of": "alice@example.com",
    },
    bodies.Closing: {"number": 1, "on_behalf_of": "bob@example.com"},
    bodies.Testing: {"testing": True, "on_behalf_of": "bob@example.com"},
    bodies.HandOver: {"to": "carol@example.com", "on_behalf_of": "bob@example.com"},
    bodies.Emergency: {
        "number": "MP-1",
        "reason": "Payments are down for everybody.",
        "incident": "https://incidents.example/7",
        "on_behalf_of": "ada@example.com",
    },
}
_REFUSALS = {
    400: "Not JSON, or broken off",
    401: "No key, a wrong one, or one that was revoked",
    403: "Not for this key, or not for the person it acts for",
    404: "There is no such request",
    405: "There is no such method here",
    408: "The body did not arrive in time",
    409: "It stands otherwise on record",
    413: "Too long",
    415: "Neither JSON nor JSON lines",
    422: "Wrong fields, each with a sentence",
    429: "Too many requests; `Retry-After` says when to go on",
    503: "The store or Slack does not answer; ask again",
}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _SCHEMA.format(model=model.__name__)}


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {MEDIA_TYPE: {"schema": _ref(ProblemObject)}}
    return {
        status: {"description": said, "content": content}
        for status, said in _REFUSALS.items()
        if status in {401, 403, 408, 429, 503, *statuses}
    }


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


HAND_IN: dict[str, Any] = {
    "status_code": 201,
    "operation_id": "handIn",
    "responses": {
        201: {
            "description": "Stored",
            "model": RequestObject,
        },
        200: {
            "description": "It is there already and equal; or, of many lines, what became of each",
            "model": RequestObject,
        },
        **_refusals(400, 409, 413, 415, 422),
    },
    "openapi_extra": _body(
        {
            bodies.JSON: {"schema": _ref(Submission), "example": EXAMPLE},
            bodies.NDJSON: {"schema": {"type": "string"}},
        }
    ),
}
LIST: dict[str, Any] = {
    "operation_id": "list",
    "responses": {
        200: {"description": "A page", "model": Page | FoundByExternalId},
        **_refusals(422),
    },
}
SHOW: dict[str, Any] = {
    "operation_id": "show",
    "responses": {
        200: {"description": "The request", "model": FullRequest},
        304: {"description": "It is still at the revision of `If-None-Match`"},
        **_refusals(404),
    },
}


def act(model: type[BaseModel], answer: type[RequestObject] = RequestObject) -> dict[str, Any]:
    """What a route says that takes such a body and answers with the request."""
    return {
        "operation_id": _ACTS[model],
        "responses": {
            200: {"description": "The request as it is now", "model": answer},
            **_refusals(400, 404, 409, 413, 415, 422),
        },
        "openapi_extra": _body(
            {bodies.JSON: {"schema": _ref(model), "example": _ACT_EXAMPLES[model]}}
        ),
    }


def describe(app: FastAPI) -> None:
    """Let the app describe itself with what FastAPI does not see: bodies are read by hand."""
    app.openapi = partial(_described, app)  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            routes=app.routes,
            servers=[{"url": "/api/v1"}],
        )
        schemas = made["components"]["schemas"]
        models: list[tuple[type[BaseModel], Literal["validation"]]]
        models = [(each, "validation") for each in (*_WRITTEN, *_SENT)]
        schemas |= models_json_schema(models, ref_template=_SCHEMA)[1]["$defs"]
        made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{"key": []}]
        app.openapi_schema = made
    return app.openapi_schema
