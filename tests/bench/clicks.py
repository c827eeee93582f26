"""Approve by signed HTTP: the bot as it runs beside a bare Bolt app, each in its own process.

The dispatcher sends meanwhile, at Slack's pace, to a sandbox in a third process: that is what a
click has to share the machine with. Each click is on a request of its own, with its cards.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from sqlmodel import col, delete, select

from blocks.buttons import APPROVE
from bot.sandbox.delivery.signed_http import signed_headers
from bot.sandbox.state.ids import TEAM_ID
from store.domain.request import Request
from store.messages import cards
from store.requests import read, revisions
from store.requests.revisions import Change
from store.tables import CardRow, EventRow, OutboxRow, RequestRow
from tests.bench import observing
from tests.bench.places import Place
from tests.bench.processes import SECRET, Listening, listening
from tests.bench.seed import GROUP
from tests.bench.table import Line
from tests.bench.timing import Taken, p99

AT_ONCE, BURST = 16, 200
_POLICY = f'[workspace]\nadmins = ["U00000"]\nreviewers = ["{GROUP}"]\n'


@asynccontextmanager
async def servers(place: Place) -> AsyncIterator[tuple[Listening, Listening]]:
    """Ours and the bare one, with Slack beside them."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        policy = folder / "policy.toml"
        policy.write_text(_POLICY, encoding="utf-8")
        slack = await stack.enter_async_context(listening("tests.bench.slack", "limits", env={}))
        env = json.loads(slack.said) | {
            "SLACK_SIGNING_SECRET": SECRET,
            "DATABASE_URL": place.url,
            "POLICY_FILE": str(policy),
            "LOG_LEVEL": "ERROR",
        }
        ours = await stack.enter_async_context(listening("tests.bench.serving_bot", env=env))
        bare = await stack.enter_async_context(listening("tests.bench.serving_bare", env=env))
        yield ours, bare


async def measure(place: Place, *, rounds: int, clicks: int) -> list[Line]:
    """Clicks a second, the slowest of a hundred, and the worst of 200 at once."""
    waiting = iter(await _prepared(place, (rounds + 1) * clicks + BURST))
    ours: list[Burst] = []
    floor: list[Burst] = []
    async with servers(place) as (bot, bare), aiohttp.ClientSession() as http:
        for number in range(rounds + 1):
            chosen = list(islice(waiting, clicks))
            for taken, server in ((ours, bot), (floor, bare)):
                burst = await _clicked(http, server.said, chosen, at_once=AT_ONCE)
                if number:
                    taken.append(burst)
        storm = await _clicked(http, bot.said, list(waiting), at_once=BURST)
    await _check_and_clear(place)
    worst = Taken((max(storm.answers),))
    storm_line = Line("200 clicks at once: the worst", place.database, worst, limit=1.0)
    each = Taken(tuple(burst.each for burst in ours))
    observed = [
        Line(work, place.database, observing.of_a_click(rounds, messages=messages), each, aim=0.05)
        for work, messages in (
            ("what is counted and logged of a click", False),
            ("the same with its five messages", True),
        )
    ]
    return [*_lines(place, ours, floor), storm_line, *observed]


def _lines(place: Place, ours: "Sequence[Burst]", floor: "Sequence[Burst]") -> list[Line]:
    each = [Taken(tuple(burst.each for burst in taken)) for taken in (ours, floor)]
    slow = [Taken(tuple(p99(burst.answers) for burst in taken)) for taken in (ours, floor)]
    share = 0.35 if place.is_sqlite else 0.30
    return [
        Line("approve click, 16 at a time", place.database, *each, aim=share, per_second=True),
        Line("approve click, p99", place.database, *slow, aim=10),
    ]


class Burst:
    """Clicks that were answered: seconds of each answer, and of all together."""

    def __init__(self, answers: Sequence[float], seconds: float) -> None:
        self.answers, self.each = answers, seconds / len(answers)


async def _clicked(
    http: aiohttp.ClientSession, address: str, chosen: Sequence[Request], *, at_once: int
) -> Burst:
    """Bodies are signed beforehand; so many are under way at any time."""
    signed = iter([_signed(request) for request in chosen])
    answers: list[float] = []
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(_click(http, f"{address}/slack/events", signed, answers))
    return Burst(answers, time.perf_counter() - begun)


async def _click(
    http: aiohttp.ClientSession,
    url: str,
    signed: Iterator[tuple[bytes, dict[str, str]]],
    answers: list[float],
) -> None:
    for body, headers in signed:
        begun = time.perf_counter()
        async with http.post(url, data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        answers.append(time.perf_counter() - begun)


def _signed(request: Request) -> tuple[bytes, dict[str, str]]:
    user = next(one for one in request.reviewers if one != request.submitted_by)
    channel = f"D{request.id:07d}"
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM_ID, "domain": "bench"},
        "user": {"id": user, "username": user, "name": user, "team_id": TEAM_ID},
        "api_app_id": "A0001",
        "token": "verification",
        "trigger_id": f"1.{request.id}.bench",
        "response_url": "http://127.0.0.1:9/nobody-hears",
        "container": {"type": "message", "message_ts": "1.000001", "channel_id": channel},
        "channel": {"id": channel, "name": "directmessage"},
        "actions": [
            {
                "type": "button",
                "block_id": "decide",
                "action_id": APPROVE,
                "action_ts": "1.000002",
                "value": f"{request.id}:{request.round}",
            }
        ],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    headers = signed_headers(SECRET, body, int(time.time()))
    return body, headers | {"Content-Type": "application/x-www-form-urlencoded"}


async def _prepared(place: Place, count: int) -> list[Request]:
    """So many waiting requests with cards and a history, the newest ones."""
    newest = select(RequestRow.id).where(col(RequestRow.status) == "under_review")
    newest = newest.order_by(col(RequestRow.created_at).desc()).limit(count)
    async with place.store() as db, db.transaction() as session:
        found = [await read.one(session, id_) for id_ in await session.exec(newest)]
        assert len(found) == count, "the seed has enough that wait"
        for request in found:
            await cards.create(session, [cards.New(request, None, has_receipt=True)])
            submitted = Change(request, "submitted", request.submitted_by, request.created_at, {})
            await revisions.record(session, [submitted])
    return found


async def _check_and_clear(place: Place) -> None:
    """Every click was recorded; what it left is taken away for the measures that follow."""
    async with place.store() as db, db.transaction() as session:
        clicked = select(CardRow.request_id).distinct()
        left = select(RequestRow.id).where(
            col(RequestRow.id).in_(clicked), col(RequestRow.status) == "under_review"
        )
        assert not (await session.exec(left)).all(), "an acknowledged click is a recorded click"
        for table in (OutboxRow, CardRow, EventRow):
            await session.exec(delete(table))
