"""Where the platform hears webhooks: down at times, slow at times, and not everything is accepted.

What it takes is kept, also where its answer never arrives: it is sent again then.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random
from socket import AF_INET, SO_REUSEPORT, SOCK_STREAM, SOL_SOCKET, socket

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from store.domain.hook import SENT_AGAIN, HookEvent, new_secret
from store.domain.request import Status
from tests.soak.shared_clock import SharedClock

_TOLERANCE = timedelta(minutes=5)
"""How old or new a webhook may say it is, by the specification."""
_AWAY_SECONDS = 1.5
"""About how long it is down or slow."""
_SLOWEST_SECONDS = 3.0
_NOT_ACCEPTED = 0.3
"""How often it does not accept an approval."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A webhook that was taken: its id, and the event and the revision that it tells of.

    `refused_for` is why the approval was not accepted, if it was not; the same each time it comes.
    """

    id: str
    request_id: int
    revision: int
    event: str
    refused_for: str | None = None


class PlatformHook:
    """Listens on one port, though not always.

    `known` are the requests that it heard of, by number their external ids; of those that are
    `open` it heard no end.
    """

    def __init__(self, clock: SharedClock, chance: Random, counts: Counter[str], port: int) -> None:
        self.secret, self.arrived = new_secret(), list[Arrived]()
        self.url = f"http://127.0.0.1:{port}/hook"
        self.wrong: list[str] = []
        self.open: dict[int, str] = {}
        self.known: dict[int, str] = {}
        self._clock, self._chance, self._counts, self._port = clock, chance, counts, port
        self._reasons: dict[str, str | None] = {}
        self._failing = self._slow = False
        self._runner: web.ServerRunner | None = None

    async def go_up(self) -> None:
        """Listen, and answer at once."""
        self._failing = self._slow = False
        if self._runner is None:
            self._runner = web.ServerRunner(web.Server(self._hear), shutdown_timeout=0.1)
            await self._runner.setup()
            site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_port=True)
            await site.start()

    async def go_down(self) -> None:
        """Refuse connections, and break off those that there are."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def have_outages(self, until: asyncio.Event, *, pause: float) -> None:
        """Down, failing or slow, in turn, until the event; afterwards it is up."""
        ways = cycle(("down", "failing", "slow"))
        while not until.is_set():
            way = next(ways)
            self._counts[f"platform: {way}"] += 1
            self._failing, self._slow = way == "failing", way == "slow"
            if way == "down":
                await self.go_down()
            await _wait(until, self._chance.uniform(0.5, 1.5) * _AWAY_SECONDS)
            await self.go_up()
            await _wait(until, self._chance.uniform(0.5, 1.5) * pause)

    async def _hear(self, request: web.BaseRequest) -> web.StreamResponse:
        text = await request.text()
        if problem := self._problem(request, text):
            self.wrong.append(problem)
        if self._failing:
            self._counts["platform: webhooks answered 503"] += 1
            return web.Response(status=503)
        body, id_ = json.loads(text), request.headers["webhook-id"]
        changed, review = body["data"]["changed"], body["data"]["request"]["review"]
        number, event = int(review["request"].removeprefix("MP-")), body["type"]
        is_approval = event == HookEvent.APPROVED
        if is_approval and id_ not in self._reasons:
            refuses = self._chance.random() < _NOT_ACCEPTED
            self._reasons[id_] = f"Package {id_} has expired" if refuses else None
        refused_for = self._reasons.get(id_)
        kind = event.removeprefix("request.")
        if changed["kind"] not in ({kind, SENT_AGAIN} if is_approval else {kind}):
            self.wrong.append(f"{id_} is {event} and tells of {changed['kind']}")
        self.arrived.append(Arrived(id_, number, changed["revision"], event, refused_for))
        if number not in self.known:
            self.known[number] = self.open[number] = body["data"]["request"]["external_id"]
        if review["status"] != Status.UNDER_REVIEW:
            self.open.pop(number, None)
        if self._slow:
            await asyncio.sleep(self._chance.uniform(0.2, _SLOWEST_SECONDS))
        if refused_for:
            return web.json_response({"accepted": False, "reason": refused_for})
        return web.Response(status=204) if number % 2 else web.json_response({"accepted": True})

    def _problem(self, request: web.BaseRequest, text: str) -> str | None:
        """What the specification would refuse it for; by the clock of the soak."""
        named = ("webhook-id", "webhook-timestamp", "webhook-signature")
        id_, at_text, signature = (request.headers.get(name, "") for name in named)
        at = datetime.fromtimestamp(int(at_text), UTC)
        if signature != Webhook(self.secret).sign(id_, at, text):
            return f"{id_} has a wrong signature"
        if abs(at - self._clock()) > _TOLERANCE:
            return f"{id_} came at {self._clock()} and says it is of {at}"
        return None


@asynccontextmanager
async def platform_hook(
    clock: SharedClock, chance: Random, counts: Counter[str]
) -> AsyncIterator[PlatformHook]:
    """Up, on a port that stays its own while it is down."""
    with socket(AF_INET, SOCK_STREAM) as holder:
        holder.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        hook = PlatformHook(clock, chance, counts, holder.getsockname()[1])
        try:
            await hook.go_up()
            yield hook
        finally:
            await hook.go_down()


async def _wait(until: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
