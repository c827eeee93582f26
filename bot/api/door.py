"""Who is let in under `/api/v1`: limits by address and key, and the key itself.

Until the first key exists there is nothing here. FastAPI is imported by then, in a thread, so that
the process that is asked first goes on with its clicks.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.api.limits import Buckets, neighbourhood
from bot.api.problems import Problem, later
from bot.profiles import Profiles
from store import api_keys
from store.domain.api_key import ApiKey, prefix_of
from store.domain.clock import Clock
from store.domain.policy import Policy, PolicyInForce
from store.engine.database import Database
from store.engine.time_limits import TooLateError

log = logging.getLogger(__name__)

BURST_SECONDS = 4
"""How many seconds' worth of a limit may come at once."""
ADDRESS_FACTOR = 4
"""An address may ask as often as so many keys."""
WRONG_KEY_COST = 20
"""As many requests a wrong key counts for: who guesses is slowed down soon."""
AT_ONCE = 32
"""Requests answered at one time; each may hold a body. Others wait for their turn."""
TURN_SECONDS = 5
ANSWER_SECONDS = 25
"""How long an answer may take, body included: shorter than what stands in front usually waits."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with."""

    db: Database
    profiles: Profiles
    in_force: PolicyInForce
    clock: Clock

    @property
    def policy(self) -> Policy:
        """The policy as it is at this moment."""
        return self.in_force.policy


class Door:
    """The ASGI app. `rate`: requests a second for each key. `refused` counts, by their kind."""

    def __init__(self, parts: Parts, *, rate: float) -> None:
        self._parts = parts
        self._routes: ASGIApp | None = None
        per_address = rate * ADDRESS_FACTOR
        self._addresses = Buckets(per_address, per_address * BURST_SECONDS)
        self._keys = Buckets(rate, rate * BURST_SECONDS)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._loading = asyncio.Lock()
        self.refused: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or refuse it; a refusal is counted and answered as a problem."""
        if scope["type"] != "http":  # a WebSocket: there is none
            await send({"type": "websocket.close", "code": 1000})
            return
        answer = _Answer(send)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._let_in(scope, receive, answer)
        except Problem as problem:
            await _refuse(problem, scope, receive, answer)
        except TimeoutError:
            await _refuse(later("late"), scope, receive, answer)
        except (SQLAlchemyError, OSError, TooLateError) as error:
            log.warning("the API cannot use the store: %s", type(error).__name__)
            await _refuse(later("store-away"), scope, receive, answer)
        finally:
            if answer.status >= HTTPStatus.BAD_REQUEST:
                self.refused[HTTPStatus(answer.status).phrase] += 1

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = neighbourhood(scope["client"][0] if scope.get("client") else "")
        if wait := self._addresses.take(address):
            raise _too_many(wait)
        if self._routes is None and not await self._load():
            raise Problem(HTTPStatus.NOT_FOUND)
        assert self._routes is not None, "it was loaded, or there is no key"
        key = await self._holder(scope, address)
        if wait := self._keys.take(key.prefix):
            raise _too_many(wait)
        await self._record_use(key)
        scope.setdefault("state", {})["key"] = key
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise later("busy") from None
        try:
            await self._routes(scope, receive, send)
        finally:
            self._turns.release()

    async def _load(self) -> bool:
        """Make the routes, if there is a key by now."""
        async with self._loading:
            if self._routes is not None:
                return True
            async with self._parts.db.snapshot() as session:
                if not await api_keys.any_made(session):
                    return False
            routes = await asyncio.to_thread(import_module, "bot.api.routes")
            self._routes = routes.build(self._parts)
            return True

    async def _holder(self, scope: Scope, address: str) -> ApiKey:
        """Whose key it is. Raises Problem, without a word why, to whoever has none."""
        scheme, _, text = Headers(scope=scope).get("authorization", "").partition(" ")
        given = text.strip() if scheme.lower() == "bearer" else ""
        key = await self._parts.db.read_batches.run(api_keys.find_batch, given)
        if key is None:
            self._addresses.charge(address, WRONG_KEY_COST)
            log.warning("a wrong key %s from %s", prefix_of(given) or "of no form", address)
            challenge = {"WWW-Authenticate": "Bearer"}
            raise Problem(HTTPStatus.UNAUTHORIZED, headers=challenge)
        return key

    async def _record_use(self, key: ApiKey) -> None:
        now = self._parts.clock()
        if key.last_used_at and now - key.last_used_at < api_keys.USE_WRITTEN_EVERY:
            return
        async with self._parts.db.transaction() as session:
            await api_keys.record_use(session, key, now=now)


class _Answer:
    """Sends on, and knows the status that was sent; 0 before."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def _refuse(problem: Problem, scope: Scope, receive: Receive, answer: _Answer) -> None:
    if not answer.status:  # else part of an answer is out, and can only be broken off
        await problem.response()(scope, receive, answer)


def _too_many(wait: float) -> Problem:
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", retry_after=wait)
