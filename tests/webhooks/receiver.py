"""A receiver of webhooks: a real server that checks signatures and answers as a story wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from store import webhooks
from store.domain.hook import HookEvent, new_secret
from store.engine.database import Database
from tests.harness_slack import Team


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Receiver:
    """What arrived, in its order; `answers` gives the status for each, 204 by default.

    While `may_answer` is cleared, it takes what comes and answers nothing.
    """

    address: str = ""
    secret: str = field(default_factory=new_secret)
    arrived: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: Callable[[dict[str, Any]], web.StreamResponse | None] = lambda _body: None
    may_answer: asyncio.Event = field(default_factory=_set)

    @property
    def url(self) -> str:
        return f"{self.address}/hook"

    def types(self) -> list[str]:
        return [body["type"] for _, body in self.arrived]

    def revisions(self) -> list[tuple[str, int]]:
        return [
            (body["data"]["request"]["review"]["request"], body["data"]["changed"]["revision"])
            for _, body in self.arrived
        ]

    async def hear(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        await self.may_answer.wait()
        _check(self.secret, request, text)
        body = json.loads(text)
        self.arrived.append((request.headers["webhook-id"], body))
        return self.answers(body) or web.Response(status=204)


def _check(secret: str, request: web.Request, text: str) -> None:
    """As the specification checks, but for the time: stories have a clock of their own."""
    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    right = Webhook(secret).sign(request.headers["webhook-id"], at, text)
    assert request.headers["webhook-signature"] == right


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """On a free port of this machine."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.hear)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        await runner.cleanup()


async def add(
    db: Database,
    team: Team,
    receiver: Receiver,
    *,
    events: Iterable[HookEvent] = HookEvent,
    allow_private: bool = True,
    is_platform: bool = False,
) -> None:
    """A hook that leads there."""
    async with db.transaction() as session:
        await webhooks.add(
            session,
            receiver.url,
            events,
            receiver.secret,
            allow_private=allow_private,
            is_platform=is_platform,
            now=team.clock(),
        )
