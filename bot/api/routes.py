"""The routes: each reads what was sent, makes one store call, and answers."""

import logging
import re
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from bot import interchange
from bot.api import bodies, handing_in, lists, openapi
from bot.api.door import Parts
from bot.api.handing_in import known, not_handed, refusal, somebody
from bot.api.problems import Problem, later, wrong_fields
from bot.api.schemas import StagedRequest
from store.domain.access import Denial, HandDenial, Refused
from store.domain.api_key import ApiKey, Right
from store.domain.lifecycle import Act
from store.domain.request import Request as Stored
from store.domain.request import Status
from store.domain.request_number import exactly
from store.domain.typed_text import tidy
from store.engine.time_limits import TooLateError
from store.requests import ask as asking
from store.requests import read, record
from store.requests.decide import Decision, OnPlatform, decide
from store.requests.hand_over import Handing, hand_over
from store.requests.release_stage import StageMove, move_stage
from store.requests.testing import OnIt, say_who_tests

log = logging.getLogger(__name__)

FUTURE = "This is in the future; the clocks differ."
NO_REASON = "No reason given on the platform"
_MOST_AHEAD_SECONDS = 300
"""How far ahead of ours a platform's clock may be. A day, as for what is handed in, would hide that
it writes its own hours with another offset.
"""
_REF = r"(?i)mp-[0-9]{1,18}"


def build(parts: Parts) -> FastAPI:
    """The app that answers whoever the door has let in."""
    app = FastAPI(
        title="Mini Program Approvals",
        version="1",
        summary="Requests come in by themselves, decisions go back",
        docs_url=None,
        redoc_url=None,
        exception_handlers={
            Problem: _problem,
            HTTPException: _http_problem,
            RequestValidationError: _wrong_question,
            SQLAlchemyError: _store_away,
            OSError: _store_away,
            TooLateError: _store_away,
            Exception: _broken,
        },
    )
    for routes in (_handing_in, _acting, _asking, _reviewing, _looking):
        routes(app, parts)
    openapi.describe(app)
    return app


Ref = Annotated[str, Path(description="`MP-12`, which is ours, or an external id")]


def _handing_in(app: FastAPI, parts: Parts) -> None:
    @app.post("/requests", **openapi.HAND_IN)
    async def hand_in(request: Request) -> Response:
        """Hand in a request, or many: one JSON object, or one a line as `application/x-ndjson`.

        The same again is the same request: safe to repeat.
        """
        key = _holder(request, Right.SUBMIT)
        if bodies.media_type(request) == bodies.NDJSON:
            body = await bodies.read(request, bodies.LONGEST_MANY)
            lines = await handing_in.hand_in_many(parts, body, key)
            return StreamingResponse(lines, media_type=bodies.NDJSON)
        status, stored = await handing_in.hand_in(parts, await bodies.json_of(request), key)
        return await _answer(parts, stored, status)


def _looking(app: FastAPI, parts: Parts) -> None:
    @app.get("/requests", **openapi.LIST)
    async def list_(request: Request, asked: Annotated[lists.Asked, Query()]) -> Response:
        """A page of all requests: the filters, search, sorts and cursor of the lists in Slack."""
        _holder(request, Right.READ)
        if asked.external_id is not None:
            async with parts.db.snapshot() as session:
                number = await record.number_of(session, tidy(asked.external_id))
                found = await record.record_of(session, number) if number else None
            return JSONResponse({"requests": [interchange.in_full(found)] if found else []})
        return JSONResponse(await lists.page(parts, asked))

    @app.get("/requests/{ref:path}", **openapi.SHOW)
    async def show(ref: Ref, request: Request) -> Response:
        """One request in full: votes, history, and what was sent in Slack."""
        _holder(request, Right.READ)
        number = await _number(parts, ref)
        async with parts.db.snapshot() as session:
            found = await record.record_of(session, number)
        if found is None:
            raise _unknown()
        tag = _tag(found.request)
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
        return JSONResponse(interchange.in_full(found), headers={"ETag": tag})

    app.head("/requests", include_in_schema=False)(list_)
    app.head("/requests/{ref:path}", include_in_schema=False)(show)


def _acting(app: FastAPI, parts: Parts) -> None:
    @app.post("/requests/{ref:path}/withdraw", **openapi.act(bodies.Withdrawal))
    async def withdraw(ref: Ref, request: Request) -> Response:
        """Take a request back for its submitter. The same again changes nothing."""
        key = _holder(request, Right.SUBMIT)
        said = await bodies.said(request, bodies.Withdrawal)
        number, actor = await _concerned(parts, ref, said.on_behalf_of)
        act = Decision(number, Act.WITHDRAW, actor, parts.clock(), by_key=key.actor)
        answer = await decide(parts.db, act, parts.policy)
        if isinstance(answer, Refused) and not _is_now(answer, Status.WITHDRAWN):
            raise await refusal(parts, answer)
        return await _answer(parts, answer)

    @app.post("/requests/{ref:path}/release-stage", **openapi.act(bodies.StageMove))
    async def move(ref: Ref, request: Request) -> Response:
        """Say where an approved release stands. The same again changes nothing."""
        key = _holder(request, Right.SUBMIT)
        said = await bodies.said(request, bodies.StageMove)
        number, actor = await _concerned(parts, ref, said.on_behalf_of)
        act = StageMove(number, actor, said.stage, parts.clock(), by_key=key.actor)
        answer = await move_stage(parts.db, act, parts.policy)
        if isinstance(answer, Refused) and not _stands_at(answer, act):
            raise await refusal(parts, answer)
        return await _answer(parts, answer)

    @app.post("/requests/{ref:path}/decision", **openapi.act(bodies.PlatformDecision))
    async def decided(ref: Ref, request: Request) -> Response:
        """Put on record what was decided on the platform's own page. It is nobody's vote here.

        The same verdict again changes nothing; another than is on record is refused, and the
        admins hear of it.
        """
        key = _holder(request, Right.DECIDE)
        said = await bodies.said(request, bodies.PlatformDecision)
        now, act = parts.clock(), Act(said.verdict)
        at = said.decided_at or now
        if (at - now).total_seconds() > _MOST_AHEAD_SECONDS:
            raise wrong_fields({"decided_at": FUTURE})
        assert act is Act.APPROVE or act is Act.REJECT
        reason = said.reason or (NO_REASON if act is Act.REJECT else None)
        there = OnPlatform(said.decided_by, min(at, now))
        number = await _number(parts, ref)
        decision = Decision(number, act, key.actor, now, reason=reason, on_platform=there)
        answer = await decide(parts.db, decision, parts.policy)
        ended = Status.APPROVED if act is Act.APPROVE else Status.REJECTED
        if isinstance(answer, Refused) and not _is_now(answer, ended):
            raise await refusal(parts, answer)
        return await _answer(parts, answer)


def _asking(app: FastAPI, parts: Parts) -> None:
    @app.post("/requests/{ref:path}/question", **openapi.act(bodies.NewQuestion, StagedRequest))
    async def ask(ref: Ref, request: Request) -> Response:
        """Ask the submitter before deciding. The same again, while it is open, is one question."""
        key = _holder(request, Right.DECIDE)
        said = await bodies.said(request, bodies.NewQuestion)
        number, actor = await _concerned(parts, ref, said.on_behalf_of)
        new = asking.NewQuestion(number, actor, said.question, parts.clock(), by_key=key.actor)
        return await _with_questions(parts, await asking.ask(parts.db, new, parts.policy))

    @app.post("/requests/{ref:path}/answer", **openapi.act(bodies.Answer, StagedRequest))
    async def answer(ref: Ref, request: Request) -> Response:
        """Answer a question for the submitter. The same again changes nothing."""
        key = _holder(request, Right.SUBMIT)
        said = await bodies.said(request, bodies.Answer)
        number, actor = await _concerned(parts, ref, said.on_behalf_of)
        answer = asking.Answer(
            number, said.number, actor, said.answer, parts.clock(), by_key=key.actor
        )
        return await _with_questions(parts, await asking.answer(parts.db, answer, parts.policy))

    @app.post("/requests/{ref:path}/close-question", **openapi.act(bodies.Closing, StagedRequest))
    async def close(ref: Ref, request: Request) -> Response:
        """Close a question without an answer. The same again changes nothing."""
        key = _holder(request, Right.DECIDE)
        said = await bodies.said(request, bodies.Closing)
        number, actor = await _concerned(parts, ref, said.on_behalf_of)
        closing = asking.Closing(number, said.number, actor, parts.clock(), by_key=key.actor)
        return await _with_questions(parts, await asking.close(parts.db, closing, parts.policy))


def _reviewing(app: FastAPI, parts: Parts) -> None:
    @app.post("/requests/{ref:path}/testing", **openapi.act(bodies.Testing))
    async def say_who_tests_(ref: Ref, request: Request) -> Response:
        """Say that a reviewer is testing a request, or lets go of it. The same again changes
        nothing.
        """
        key = _holder(request, Right.DECIDE)
        said = await bodies.said(request, bodies.Testing)
        number, actor = await _concerned(parts, ref, said.on_behalf_of)
        act: Literal[Act.TEST, Act.LET_GO] = Act.TEST if said.testing else Act.LET_GO
        on_it = OnIt(number, act, actor, parts.clock(), by_key=key.actor)
        answer = await say_who_tests(parts.db, on_it, parts.policy)
        if isinstance(answer, Refused) and not _is_so(answer, on_it):
            raise await refusal(parts, answer)
        return await _answer(parts, answer)

    @app.post("/requests/{ref:path}/hand-over", **openapi.act(bodies.HandOver))
    async def hand_over_(ref: Ref, request: Request) -> Response:
        """Hand a request at its open stage to somebody: reviewers to others of the stage, admins
        to anybody. The same again changes nothing.
        """
        key = _holder(request, Right.DECIDE)
        said = await bodies.said(request, bodies.HandOver)
        number, actor = await _concerned(parts, ref, said.on_behalf_of)
        to = await somebody(parts, said.to, "to")
        wanted = Handing(number, actor, to, parts.clock(), by_key=key.actor)
        answer = await hand_over(parts.db, wanted, parts.policy)
        if isinstance(answer, HandDenial):
            if answer is not HandDenial.HAS_IT:
                raise await not_handed(parts, answer, number, to)
            async with parts.db.snapshot() as session:
                answer = await read.one(session, number)
        if isinstance(answer, Refused):
            raise await refusal(parts, answer)
        return await _answer(parts, answer)

    @app.post("/requests/{ref:path}/emergency", **openapi.act(bodies.Emergency))
    async def approve_alone(ref: Ref, request: Request) -> Response:
        """Approve a request alone, whatever its stages, for somebody whom the policy names for
        emergencies. Everybody who is passed over is told. The same again changes nothing.
        """
        key = _holder(request, Right.DECIDE)
        said = await bodies.said(request, bodies.Emergency)
        number, actor = await _concerned(parts, ref, said.on_behalf_of)
        typed = exactly(tidy(said.number))
        if typed is None or typed.number != number:
            raise wrong_fields({"number": f"Give MP-{number}, the number of this request."})
        decision = Decision(
            *(number, Act.EMERGENCY, actor, parts.clock()),
            reason=said.reason,
            incident=said.incident,
            by_key=key.actor,
        )
        answer = await decide(parts.db, decision, parts.policy)
        if isinstance(answer, Refused) and not _is_alone(answer, actor):
            raise await refusal(parts, answer)
        return await _answer(parts, answer)


def _holder(request: Request, right: Right) -> ApiKey:
    """The key that the door has looked at. Raises Problem where it may not do this."""
    key: ApiKey = request.state.key
    if right not in key.rights:
        may = ", ".join(sorted(key.rights))
        said = f"This key may not {right.value}; it may {may}."
        raise Problem(HTTPStatus.FORBIDDEN, "not-allowed", said)
    return key


async def _number(parts: Parts, ref: str) -> int:
    """What looks like MP-12 is ours; anything else is an external id. Raises Problem."""
    if re.fullmatch(_REF, ref):
        return int(ref[3:])
    async with parts.db.snapshot() as session:
        number = await record.number_of(session, tidy(ref))
    if number is None:
        raise _unknown()
    return number


async def _concerned(parts: Parts, ref: str, on_behalf_of: str) -> tuple[int, str]:
    """The request, and the person for whom the platform acts. Raises Problem."""
    return await _number(parts, ref), await somebody(parts, on_behalf_of, "on_behalf_of")


async def _answer(
    parts: Parts, answer: Stored | Refused, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """The request as it is now."""
    request = answer.request if isinstance(answer, Refused) else answer
    assert request is not None, "a refusal that is answered like this shows the request"
    people = await known(parts, *request.people())
    return JSONResponse(interchange.summary(request, people), status, _headers(request))


async def _with_questions(parts: Parts, answer: Stored | Refused) -> Response:
    """The request as it is now, with what was asked and answered. Raises Problem."""
    if isinstance(answer, Refused):
        raise await refusal(parts, answer)
    people = await known(parts, *answer.people())
    return JSONResponse(interchange.staged(answer, people), headers=_headers(answer))


def _headers(request: Stored) -> dict[str, str]:
    return {"ETag": _tag(request), "Location": f"/api/v1/requests/{request.ref}"}


def _is_now(refused: Refused, status: Status) -> bool:
    """Whether it was refused because it is so already."""
    found = refused.request
    return refused.denial is Denial.CLOSED and found is not None and found.status is status


def _stands_at(refused: Refused, move: StageMove) -> bool:
    found = refused.request
    is_there = found is not None and found.release_stage is move.stage
    return refused.denial is Denial.WRONG_RELEASE_STAGE and is_there


def _is_so(refused: Refused, said: OnIt) -> bool:
    """Whether they are testing it already, or nobody is any more."""
    tester = refused.request.tester if refused.request else None
    if said.act is Act.TEST:
        return refused.denial is Denial.TESTED and tester == said.actor
    return refused.denial is Denial.NOT_TESTING and tester is None


def _is_alone(refused: Refused, actor: str) -> bool:
    """Whether they have approved it alone already."""
    found = refused.request
    return _is_now(refused, Status.APPROVED) and found is not None and found.decided_by == actor


def _tag(request: Stored) -> str:
    """The revision. Weak: what was sent in Slack is no change of the request."""
    return f'W/"{request.revision}"'


def _unknown() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "unknown", "There is no such request.")


async def _problem(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem.response()


async def _http_problem(request: Request, error: Exception) -> Response:
    """What the framework refuses itself: no such path, no such method."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request)
    return Problem(HTTPStatus(error.status_code), headers=headers).response()


def _allowed(request: Request) -> str:
    """Every method of the path; the framework names those of one route."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    there = [route for route in routes if route.matches(request.scope)[0] is Match.PARTIAL]
    return ", ".join(
        sorted({name for one in there if one.path == there[0].path for name in one.methods or ()})
    )


async def _store_away(_request: Request, error: Exception) -> Response:
    log.warning("the API cannot use the store: %s", type(error).__name__)
    return later("store-away").response()


async def _broken(_request: Request, _error: Exception) -> Response:
    """A mistake of ours; the server logs it with its trace, which nobody outside sees."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR).response()


async def _wrong_question(_request: Request, error: Exception) -> Response:
    """A question with what no list knows."""
    assert isinstance(error, RequestValidationError)
    return lists.unknown([str(each["loc"][-1]) for each in error.errors()]).response()
