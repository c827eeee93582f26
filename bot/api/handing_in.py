"""Requests that are handed in by the API: one, or many at once, and what becomes of each."""

import json
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from blocks import handing, refusals, text
from bot import intake
from bot.api import bodies
from bot.api.door import Parts
from bot.api.problems import Problem, wrong_fields
from handlers.slack_errors import answer_of
from store import people
from store.domain import submission
from store.domain.access import Denial, HandDenial, Refused
from store.domain.api_key import ApiKey
from store.domain.request import People, Request
from store.domain.submission import SubmissionError
from store.requests.submit import NewRequest, Submitted, submit, submit_all

PORTION = 40
"""Lines stored at once: on SQLite a click waits for them."""
_FORBIDDEN = {
    Denial.OWN_REQUEST,
    Denial.NOT_A_REVIEWER,
    Denial.NOT_THE_SUBMITTER,
    Denial.NOT_THE_MOVER,
    Denial.NOT_RESUBMITTABLE,
    Denial.NOT_ASKED,
    Denial.NOT_THE_ASKER,
    Denial.NOT_IN_EMERGENCIES,
}
"""Refusals that are about who asks; the others are about how the request stands."""


async def hand_in(parts: Parts, obj: object, key: ApiKey) -> tuple[HTTPStatus, Request]:
    """Store one request: 201, or 200 where it is there already and equal. Raises Problem."""
    new = await _new(parts, obj, key)
    return await _outcome(parts, await submit(parts.db, new, parts.policy))


async def hand_in_many(parts: Parts, body: bytes, key: ApiKey) -> AsyncIterator[bytes]:
    """Store each line that is not blank; what became of each, in order, a line of JSON each.

    Raises Problem, before anything is stored, for more lines than are taken at once.
    """
    lines = [(n, line) for n, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if len(lines) > bodies.MOST_LINES:
        said = f"At most {bodies.MOST_LINES:,} lines are taken at once; this has {len(lines):,}."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-many-lines", said)
    return _told(parts, lines, key)


async def _told(
    parts: Parts, lines: Sequence[tuple[int, bytes]], key: ApiKey
) -> AsyncIterator[bytes]:
    for portion in (lines[at : at + PORTION] for at in range(0, len(lines), PORTION)):
        good: dict[int, NewRequest] = {}
        told: dict[int, dict[str, Any]] = {}
        for number, line in portion:
            try:
                good[number] = await _new(parts, _parse(line), key)
            except Problem as problem:
                told[number] = _refused(problem)
        answers = await submit_all(parts.db, list(good.values()), parts.policy)
        for number, answer in zip(good, answers, strict=True):
            try:
                status, request = await _outcome(parts, answer)
                named = {"request": request.ref, "external_id": request.external_id}
                told[number] = {"status": status.value, **named}
            except Problem as problem:
                told[number] = _refused(problem)
        for number, _ in portion:
            yield json.dumps({"line": number, **told[number]}, ensure_ascii=False).encode() + b"\n"


async def somebody(parts: Parts, named: str, field: str) -> str:
    """The active person with this address or id. Raises Problem where nobody is, or Slack away."""
    try:
        found = await intake.person(parts.profiles, named)
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        wait = answer_of(error).retry_after or 5
        said = f"{field}: Slack could not be asked who {named} is. Nothing was done; ask again."
        status = HTTPStatus.SERVICE_UNAVAILABLE
        raise Problem(status, "slack-away", said, retry_after=min(wait, 900)) from error
    if found is None:
        raise wrong_fields({field: intake.nobody(named)})
    return found


async def known(parts: Parts, *users: str | None) -> People:
    """Those of these whose profile is on record."""
    wanted = frozenset(filter(None, users))
    met = await parts.db.read_batches.run(people.met_each, wanted)
    return {user: each.person for user, each in met.items()}


async def refusal(parts: Parts, refused: Refused) -> Problem:
    """The sentence that Slack would show, as plain text."""
    request = refused.request
    named = await known(parts, *(request.people() if request else ()))
    said = text.unmarked(refusals.word(refused, named, asker=""))
    if refused.denial is Denial.UNKNOWN:
        return Problem(HTTPStatus.NOT_FOUND, "unknown", "There is no such request.")
    status = HTTPStatus.FORBIDDEN if refused.denial in _FORBIDDEN else HTTPStatus.CONFLICT
    more = {"request": request.ref} if request else {}
    return Problem(status, refused.denial.value.replace("_", "-"), said, more=more)


async def not_handed(parts: Parts, denial: HandDenial, request_id: int, to: str) -> Problem:
    """The same of a request that cannot be handed to somebody."""
    async with parts.db.snapshot() as session:
        admins = (await people.roster(session, parts.policy)).admins
    named = await known(parts, to, *admins)
    said = text.unmarked(handing.refused(denial, request_id, to, named, sorted(admins)))
    name, more = denial.value.replace("_", "-"), {"request": f"MP-{request_id}"}
    return Problem(HTTPStatus.CONFLICT, name, said, more=more)


async def _new(parts: Parts, obj: object, key: ApiKey) -> NewRequest:
    try:
        sent = submission.read(obj, now=parts.clock())
    except SubmissionError as error:
        raise bodies.wrong(error) from None
    submitter = await somebody(parts, sent.submitted_by, "submitted_by")
    now = parts.clock()
    return NewRequest(sent, submitter, now, from_platform=True, by_key=key.actor, receipt=False)


async def _outcome(parts: Parts, answer: Submitted | Refused) -> tuple[HTTPStatus, Request]:
    if isinstance(answer, Refused):
        raise await refusal(parts, answer)
    if answer.new:
        return HTTPStatus.CREATED, answer.request
    if differs := answer.unlike:
        said = f"{answer.request.ref} has this external id and is otherwise: {', '.join(differs)}."
        more = {"differs": differs, "request": answer.request.ref}
        raise Problem(HTTPStatus.CONFLICT, "differs", said, more=more)
    return HTTPStatus.OK, answer.request


def _parse(line: bytes) -> object:
    try:
        return intake.parse(line)
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "not-json", f"This is {error}.") from None


def _refused(problem: Problem) -> dict[str, Any]:
    return {"status": problem.status.value, "problem": problem.body()}
