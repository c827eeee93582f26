"""The platform beside Slack: it hands requests in by an HTTP API and receives webhooks.

It knows no more of the app than a platform does: an address, a key, and the secret of its webhooks,
whose signatures it checks by the Standard Webhooks specification. How it answers is anybody's to
switch: it accepts, refuses, is slow, or is down.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import aiohttp
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from bot.sandbox import SAMPLE

Json = dict[str, Any]
KEPT = 100
SLOW_SECONDS = 5.0
REASON = "package expired"
"""Why it refuses, until somebody says otherwise."""


class Mood(StrEnum):
    """How it answers webhooks."""

    ACCEPTS = "accepts"
    REFUSES = "refuses"
    SLOW = "slow"
    DOWN = "down"

    @property
    def label(self) -> str:
        """The words on its button."""
        return {"accepts": "Accepts", "refuses": "Refuses", "slow": "Is slow", "down": "Is down"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class Received:
    """One webhook as it arrived; `is_signed`: by who has the secret. `answered` is the status."""

    id: str
    type: str
    body: Json
    is_signed: bool
    answered: int
    at: datetime

    @property
    def request(self) -> str:
        """The number of the request it tells of, as the app writes it; empty for none."""
        data = self.body.get("data") or {}
        return str(data.get("request", {}).get("review", {}).get("request", ""))

    @property
    def shown(self) -> str:
        """The body, to be read."""
        return json.dumps(self.body, indent=2, ensure_ascii=False)


@dataclass
class Platform:
    """One platform. `now` is the time of the workspace, `changed` hears of all that happens.

    `api` and `key` lead to the app's HTTP API, `secret` checks its webhooks; an app that has none
    of it leaves them empty.
    """

    now: Callable[[], datetime]
    changed: Callable[[], None] = lambda: None
    api: str = ""
    key: str = ""
    secret: str = ""
    mood: Mood = Mood.ACCEPTS
    reason: str = REASON
    hook_url: str = field(default="", init=False)
    received: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT), init=False)
    handed_in: int = field(default=0, init=False)

    @classmethod
    @asynccontextmanager
    async def serving(
        cls, now: Callable[[], datetime], changed: Callable[[], None]
    ) -> AsyncIterator[Self]:
        """Listen for webhooks on 127.0.0.1 until the end of the block, at `hook_url`."""
        platform = cls(now, changed)
        app = web.Application(client_max_size=2**20)
        app.router.add_post("/hook", platform.hear)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            platform.hook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
            yield platform
        finally:
            await runner.cleanup()

    async def hear(self, request: web.Request) -> web.StreamResponse:
        """A webhook: kept, its signature checked, and answered as the mood is."""
        text = await request.text()
        is_signed = self._is_signed(request, text)
        try:
            body = json.loads(text)
        except ValueError:
            body = {}
        if self.mood is Mood.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        answer = self._answer(body, is_signed=is_signed)
        self.received.append(
            Received(
                request.headers.get("webhook-id", ""),
                str(body.get("type", "no JSON")),
                body,
                is_signed,
                answer.status,
                self.now(),
            )
        )
        self.changed()
        return answer

    def next_request(self) -> Json:
        """A release that nobody has handed in yet, as the sample has one."""
        lines = SAMPLE.read_text("utf-8").splitlines()
        sample: Json = next(each for each in map(json.loads, lines) if each["version"] == "3.2.4")
        number = self.handed_in + 1
        version = f"9.0.{number}"
        return sample | {
            "external_id": f"platform-{number}",
            "title": f"Release {sample['mini_program']['name']} {version}",
            "version": version,
            "created_at": self.now().isoformat(),
            "details": sample["details"] | {"version": version},
        }

    async def hand_in(self, request: Json) -> tuple[int, Json]:
        """Hand a request in by the API: the status, and what was answered.

        Raises LookupError where the app has no API, aiohttp.ClientError where it is not reached.
        """
        if not self.api:
            raise LookupError("this app has no HTTP API")
        head = {"Authorization": f"Bearer {self.key}"}
        timeout = aiohttp.ClientTimeout(total=30)
        async with (
            aiohttp.ClientSession(headers=head, timeout=timeout) as session,
            session.post(f"{self.api}/requests", json=request) as answer,
        ):
            said: Json = await answer.json(content_type=None)
            self.handed_in += answer.status == 201
            self.changed()
            return answer.status, said

    def _is_signed(self, request: web.Request, text: str) -> bool:
        """By the specification, but for the age: the workspace has a clock of its own."""
        if not self.secret:
            return False
        try:
            at = datetime.fromtimestamp(
                int(request.headers["webhook-timestamp"]), self.now().tzinfo
            )
            right = Webhook(self.secret).sign(request.headers["webhook-id"], at, text)
        except (LookupError, ValueError, OverflowError, OSError):
            return False
        return right in request.headers.get("webhook-signature", "").split()

    def _answer(self, body: Json, *, is_signed: bool) -> web.Response:
        if self.mood is Mood.DOWN:
            return web.Response(status=503)
        if not is_signed:
            return web.Response(status=401)
        if body.get("type") != "request.approved":
            return web.Response(status=204)
        if self.mood is Mood.REFUSES:
            return web.json_response({"accepted": False, "reason": self.reason})
        return web.json_response({"accepted": True})
