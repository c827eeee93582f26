"""The door: requests by the HTTP API, its list pages, and webhooks going out."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import col, delete, select
from standardwebhooks.webhooks import Webhook

from blocks import request_list
from bot import interchange
from bot.api import lists
from bot.api.door import Parts
from bot.api.lists import Asked
from bot.cli.import_file import Importer
from bot.observe.observer import Observer
from bot.profiles import Profiles
from bot.webhooks.loop import WebhookLoop
from store import api_keys, webhooks
from store.domain.api_key import Right
from store.domain.clock import utc_now
from store.domain.hook import HookEvent, new_secret
from store.domain.lists.query import ListQuery, Scope
from store.domain.policy import Policy, PolicyInForce
from store.lists import listing
from store.requests import record
from store.tables import ApiKeyRow, DeliveryRow, HookRow
from tests.bench.importing import connected, request_line, take_away
from tests.bench.places import Place
from tests.bench.processes import SECRET, Listening, listening
from tests.bench.seed import GROUP
from tests.bench.serving_bare_api import TABLE
from tests.bench.table import Line
from tests.bench.timing import Taken, by_turns, p99

AT_ONCE = 16
_POLICY = Policy(admins=("U00000",), reviewers=("U00001", "U00002", "U00004"))
_TOML = f"""
[workspace]
admins = ["U00000"]
reviewers = ["{GROUP}"]
[[rules]]
name = "Three reviewers"
target_app = ["Wallet PH"]
stages = [{{name = "Review", reviewers = ["U00001", "U00002", "U00004"]}}]
"""
"""What is open in the seed stays with its reviewers: nobody's cards are drawn again meanwhile."""


async def measure(place: Place, *, rounds: int, requests: int) -> list[Line]:
    """Intake beside a bare FastAPI route, pages beside Slack's, webhooks beside a bare loop."""
    return [
        *await _intake(place, rounds, requests),
        await _pages(place, rounds),
        await _webhooks(place, rounds, requests),
    ]


async def _intake(place: Place, rounds: int, requests: int) -> list[Line]:
    ours, floor = _Bursts(), _Bursts()
    bodies = iter(map(request_line, range((rounds + 1) * requests)))
    async with place.store() as db:
        async with db.transaction() as session:
            _, key = await api_keys.create(session, "bench", list(Right), now=utc_now())
        async with _servers(place) as (bot, bare), aiohttp.ClientSession() as http:
            for number in range(rounds + 1):
                some = [next(bodies) for _ in range(requests)]
                for taken, url in ((ours, f"{bot.said}/api/v1"), (floor, bare.said)):
                    answers, seconds = await _handed_in(http, f"{url}/requests", key, some)
                    if number:
                        taken.add(answers, seconds)
        async with db.transaction() as session:
            await session.exec(delete(ApiKeyRow))
    take_away(place)
    return [
        Line(
            "HTTP API, a request, 16 at a time",
            place.database,
            ours.each,
            floor.each,
            aim=0.3,
            per_second=True,
        ),
        Line("HTTP API, a request, p99", place.database, ours.slow, floor.slow, aim=10),
    ]


class _Bursts:
    def __init__(self) -> None:
        self._each: list[float] = []
        self._slow: list[float] = []

    def add(self, answers: Sequence[float], seconds: float) -> None:
        self._each.append(seconds / len(answers))
        self._slow.append(p99(answers))

    @property
    def each(self) -> Taken:
        return Taken(tuple(self._each))

    @property
    def slow(self) -> Taken:
        return Taken(tuple(self._slow))


@asynccontextmanager
async def _servers(place: Place) -> AsyncIterator[tuple[Listening, Listening]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        (folder / "policy.toml").write_text(_TOML, encoding="utf-8")
        kind = "TEXT" if place.is_sqlite else "JSONB"
        columns = f"external_id TEXT PRIMARY KEY, title TEXT, body {kind}"
        _run(place, f"DROP TABLE IF EXISTS {TABLE}", f"CREATE TABLE {TABLE} ({columns})")
        slack = await stack.enter_async_context(listening("tests.bench.slack", "limits", env={}))
        env = json.loads(slack.said) | {
            "SLACK_SIGNING_SECRET": SECRET,
            "DATABASE_URL": place.url,
            "POLICY_FILE": str(folder / "policy.toml"),
            "LOG_LEVEL": "ERROR",
            "API_REQUESTS_PER_SECOND": "10000",
        }
        ours = await stack.enter_async_context(listening("tests.bench.serving_bot", env=env))
        floor = await stack.enter_async_context(listening("tests.bench.serving_bare_api", env=env))
        yield ours, floor
    _run(place, f"DROP TABLE {TABLE}")


def _run(place: Place, *statements: str) -> None:
    with closing(connected(place)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


async def _handed_in(
    http: aiohttp.ClientSession, url: str, key: str, bodies: Sequence[bytes]
) -> tuple[list[float], float]:
    """Seconds of each answer, and of all together."""
    left, answers = iter(bodies), list[float]()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(_hand_in(http, url, headers, left, answers))
    return answers, time.perf_counter() - begun


async def _hand_in(
    http: aiohttp.ClientSession,
    url: str,
    headers: dict[str, str],
    bodies: Iterator[bytes],
    answers: list[float],
) -> None:
    for body in bodies:
        begun = time.perf_counter()
        async with http.post(url, data=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            await answer.read()
        answers.append(time.perf_counter() - begun)


async def _pages(place: Place, rounds: int) -> Line:
    """The first page of all requests, by the same query, as each of them makes it."""
    async with place.store() as db:
        in_force = PolicyInForce(_POLICY)
        profiles = Profiles(db, AsyncWebClient(), in_force, utc_now)
        parts = Parts(db, profiles, in_force, utc_now)
        query, now = ListQuery(Scope.ALL), utc_now()

        async def drawn() -> None:
            found = await listing.listing(db, query, asker="U00000", policy=_POLICY)
            request_list.build(query, found.page, found.people, now=now).payload()

        api, slack = await by_turns(
            lambda: lists.page(parts, Asked()),
            drawn,
            rounds=rounds,
            times=20,
        )
    return Line("HTTP API, a list page beside Slack's", place.database, api, slack, aim=1.3)


async def _webhooks(place: Place, rounds: int, requests: int) -> Line:
    """What is owed of so many requests, and a loop that only signs and posts the last of it."""
    secret = new_secret()
    async with place.store() as db, listening("tests.bench.receiver", env={}) as receiver:
        url = receiver.said
        async with db.transaction() as session:
            now = utc_now()
            await webhooks.add(session, url, HookEvent, secret, allow_private=True, now=now)
        in_force = PolicyInForce(_POLICY)
        loop = WebhookLoop(db, in_force, utc_now, Observer())

        importer = Importer(db, Profiles(db, AsyncWebClient(), in_force, utc_now), _POLICY, utc_now)
        lines = map(request_line, range((rounds + 1) * requests))

        async def owed() -> None:
            async for line in importer.run(islice(lines, requests)):
                assert line.new, line.problems

        async def last() -> dict[str, Any]:
            about = select(DeliveryRow.request_id, DeliveryRow.revision)
            async with db.snapshot() as session:
                found = (await session.exec(about.order_by(col(DeliveryRow.id).desc()))).first()
                assert found, "the hook has been told of requests"
                (event,) = await record.hook_events(session, [found])
            return interchange.staged(event.request, event.people)

        async def floor() -> None:
            body = await last()
            async with aiohttp.ClientSession() as http:
                for number in range(requests):
                    text, at, id_ = json.dumps(body), datetime.now(UTC), f"msg_{number}"
                    signature = Webhook(secret).sign(id_, at, text)
                    signed = {"webhook-id": id_, "webhook-signature": signature}
                    async with http.post(url, data=text, headers=signed) as answer:
                        await answer.read()

        ours, bare = list[float](), list[float]()
        for number in range(rounds + 1):
            await owed()
            for seconds, work in ((ours, loop.send_all), (bare, floor)):
                begun = time.perf_counter()
                await work()
                if number:
                    seconds.append((time.perf_counter() - begun) / requests)
        async with db.transaction() as session:
            await session.exec(delete(DeliveryRow))
            await session.exec(delete(HookRow))
    take_away(place)
    each = (Taken(tuple(ours)), Taken(tuple(bare)))
    return Line("webhooks", place.database, *each, aim=0.5, per_second=True)
