"""The platform at the HTTP API: it hands in, decides and withdraws, and repeats what got no answer.

What it was answered is kept, to be found in the store afterwards.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx

from store import api_keys, webhooks
from store.domain.api_key import Right
from store.domain.hook import HookEvent
from store.engine.database import Database
from tests.cast import profile
from tests.soak.people import release
from tests.soak.platform_hook import PlatformHook
from tests.soak.workspace_and_bots import SUBMITTERS, Setup

Json = dict[str, Any]
_AT_ONCE = 3
"""Acts under way at one time."""
_PATIENCE_SECONDS = 5.0
"""How long it waits for an answer: it asks again while a bot may still be at the first."""
_AGAIN_SECONDS = 0.3
_NOT_NOW = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
ENDS = {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn"}
"""How a request has ended after each verdict."""
_NEWEST = 20
"""Of what is known, the newest are acted on: people are at the same requests then."""
_ENDED_ALREADY = 0.1
"""How often something is decided of which it has heard that it ended."""


class NothingKnownError(LookupError):
    """There is no request yet that an act could be about."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What was answered with 201 (`is_new`) or 200; `number` is what it was called then."""

    external_id: str
    number: int
    submitter: str
    is_new: bool
    asked_at: datetime
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A decision or withdrawal that was answered with 200: how the request had ended then, and who
    decided it if that was on the platform.
    """

    number: int
    status: str
    decider: str | None


@dataclass(frozen=True, slots=True)
class TooLate:
    """A decision or withdrawal that was answered with 409: it had ended otherwise."""

    number: int
    verdict: str


@dataclass
class Told:
    """What the platform was answered in a soak; `wrong` is what nothing explains."""

    handed_in: list[HandedIn] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    too_late: list[TooLate] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Platform:
    """Acts by a key of its own until told to stop; where nobody answers, it asks again."""

    def __init__(self, setup: Setup, hook: PlatformHook, key: str, *, pause: float) -> None:
        self.told, self._hook = Told(), hook
        self._setup, self._chance, self._pause = setup, setup.chance, pause
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"}, timeout=_PATIENCE_SECONDS
        )
        self._until = asyncio.Event()
        self._sent: dict[str, tuple[Json, datetime]] = {}
        self._operators = 0

    async def act(self, until: asyncio.Event) -> None:
        """Several acts at a time until the event; what has no answer by then stays without one."""
        self._until = until
        async with self._client:
            await asyncio.gather(*(self._acts() for _ in range(_AT_ONCE)))

    async def _acts(self) -> None:
        acts = [self._hand_in] * 3
        acts += [self._hand_in_again, self._decide, self._decide, self._withdraw, self._replay]
        while not self._until.is_set():
            with suppress(NothingKnownError):
                await self._chance.choice(acts)()
                self._setup.counts["platform: acts"] += 1
            await asyncio.sleep(self._chance.expovariate(1 / self._pause))

    async def _hand_in(self) -> None:
        """A release of a mini program of its own."""
        submitter, now = profile(self._chance.choice(SUBMITTERS))["email"], self._setup.clock()
        body = release("Platform", len(self._sent) + 1, submitter, now)
        self._sent[body["external_id"]] = (body, now)
        await self._send(body["external_id"])

    async def _hand_in_again(self) -> None:
        """What was handed in before, perhaps a moment ago."""
        await self._send(self._one_of(list(self._sent)))

    async def _send(self, external_id: str) -> None:
        body, asked_at = self._sent[external_id]
        answer = await self._post("/requests", body)
        if answer is None:
            return
        if answer.status_code not in {HTTPStatus.CREATED, HTTPStatus.OK}:
            self._is_wrong(answer, f"{external_id} was handed in")
            return
        is_new, number = answer.status_code == HTTPStatus.CREATED, _number(answer)
        submitter, now = body["submitted_by"], self._setup.clock()
        new = HandedIn(external_id, number, submitter, is_new, asked_at, now)
        self.told.handed_in.append(new)

    async def _decide(self) -> None:
        """On its own page, a request of anybody's."""
        number, external_id = self._somewhere()
        verdict = self._chance.choice(("approve", "reject"))
        self._operators += 1
        said = {"verdict": verdict, "decided_by": f"Operator {self._operators}"}
        if verdict == "reject" and self._chance.random() < 0.5:
            said["reason"] = "The package names no contact."
        await self._end(number, external_id, "decision", said, verdict)

    async def _withdraw(self) -> None:
        """For whoever submitted it."""
        new: HandedIn = self._one_of(self.told.handed_in)
        said = {"on_behalf_of": new.submitter}
        await self._end(new.number, new.external_id, "withdraw", said, "withdraw")

    async def _replay(self) -> None:
        """An operator has it told of a request anew, with all that happened to it."""
        await self._setup.replay(self._one_of(list(self._hook.known)))

    async def _end(self, number: int, external_id: str, act: str, said: Json, verdict: str) -> None:
        ref = self._chance.choice((f"MP-{number}", external_id))
        answer = await self._post(f"/requests/{ref}/{act}", said)
        if answer is None:
            return
        if answer.status_code == HTTPStatus.CONFLICT:
            self.told.too_late.append(TooLate(number, verdict))
        elif answer.status_code != HTTPStatus.OK or _number(answer) != number:
            self._is_wrong(answer, f"{verdict} of {ref}")
        else:
            review = answer.json()["review"]
            self.told.ended.append(Ended(number, review["status"], review["platform_decider"]))
            if review["status"] != ENDS[verdict]:
                self._is_wrong(answer, f"{verdict} of {ref}")

    def _somewhere(self) -> tuple[int, str]:
        """One of the open requests that it has heard of, or one that it takes for open."""
        known = self._hook.known if self._chance.random() < _ENDED_ALREADY else self._hook.open
        number = self._one_of(list(known))
        return number, known[number]

    def _one_of(self, known: list[Any]) -> Any:
        """One of the newest. NothingKnownError where there is none."""
        if not known:
            raise NothingKnownError
        return self._chance.choice(known[-_NEWEST:])

    async def _post(self, path: str, body: Json) -> httpx.Response | None:
        """The answer of any bot, however often it has to be asked; None when the time is over."""
        while not self._until.is_set():
            url = f"{self._setup.address()}/api/v1{path}"
            try:
                answer = await self._client.post(url, json=body)
            except httpx.TransportError:
                self._setup.counts["platform: got no answer"] += 1
            else:
                if answer.status_code not in _NOT_NOW:
                    return answer
                self._setup.counts["platform: told to come again"] += 1
            await asyncio.sleep(_AGAIN_SECONDS)
        return None

    def _is_wrong(self, answer: httpx.Response, what: str) -> None:
        self.told.wrong.append(f"{what} and answered {answer.status_code}: {answer.text[:300]}")


async def introduce(setup: Setup, hook: PlatformHook) -> str:
    """Put the platform's hook on record, and make its key; the text of that."""
    db, now = Database(setup.environment["DATABASE_URL"]), setup.clock()
    try:
        async with db.transaction() as session:
            told = {"allow_private": True, "is_platform": True, "now": now}
            await webhooks.add(session, hook.url, HookEvent, hook.secret, **told)
            _, text = await api_keys.create(session, "platform", tuple(Right), now=now)
    finally:
        await db.dispose()
    return text


def _number(answer: httpx.Response) -> int:
    return int(answer.json()["review"]["request"].removeprefix("MP-"))
