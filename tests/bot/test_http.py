"""The HTTP surface: Slack by signature only, and an honest word on whether the bot can work."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY

import httpx
import pytest
from sqlalchemy import text

from bot import app, http, web_server
from bot.sandbox.delivery.signed_http import signed_headers
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack
from tests.postgres_server import Server

HELLO = json.dumps({"type": "url_verification", "challenge": "hello"}).encode()


@pytest.fixture
async def by_http(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """The team with signed HTTP and no Socket Mode."""
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="http") as together:
        yield together


def asking(team: Team) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(http.build(team.bot))
    return httpx.AsyncClient(transport=transport, base_url="http://bot")


def signed(team: Team, *, age: int = 0, secret: str | None = None) -> Mapping[str, str]:
    """Slack's headers for HELLO, so many seconds old."""
    by = secret or team.workspace.signing_secret
    return {
        **signed_headers(by, HELLO, int(time.time()) - age),
        "Content-Type": "application/json",
    }


async def post(team: Team, headers: Mapping[str, str], body: bytes = HELLO) -> httpx.Response:
    async with asking(team) as client:
        return await client.post("/slack/events", content=body, headers=headers)


async def test_slack_is_let_in_by_its_signature(by_http: Team) -> None:
    answer = await post(by_http, signed(by_http))
    assert (answer.status_code, answer.json()["challenge"]) == (200, "hello")


async def test_nobody_else_is_let_in(by_http: Team) -> None:
    right = signed(by_http)
    forged = [
        await post(by_http, signed(by_http, secret="guessed")),
        await post(by_http, signed(by_http, age=301)),
        await post(by_http, right, body=HELLO.replace(b"hello", b"other")),
        await post(by_http, {"Content-Type": "application/json"}),
    ]
    assert [answer.status_code for answer in forged] == [401] * 4


async def test_slack_only_posts(by_http: Team) -> None:
    async with asking(by_http) as client:
        assert (await client.get("/slack/events")).status_code == 405


async def test_without_a_signing_secret_there_is_no_entrance(team_once: Team) -> None:
    assert (await post(team_once, signed(team_once))).status_code == 404


async def test_alive_and_ready(team: Team) -> None:
    async with asking(team) as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")


async def test_an_old_schema_is_not_ready(team: Team) -> None:
    async with team.bot.db.engine.begin() as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
    async with asking(team) as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert "run `mp-approvals migrate`" in ready.json()["status"]


async def test_a_loop_that_has_ended_is_told(team_once: Team) -> None:
    async with app.running(team_once.bot), asking(team_once) as client:
        assert (await client.get("/readyz")).status_code == 200
        team_once.bot.dispatcher.stop()
        await team_once.bot.loops["sending"]
        ready = await client.get("/readyz")
    assert (ready.status_code, "sending has ended" in ready.json()["status"]) == (503, True)


async def test_a_database_that_is_away_is_not_ready(
    postgres: Server, clock: MovedClock, tmp_path: Path
) -> None:
    postgres.execute("CREATE DATABASE {} TEMPLATE template_of_ours", "leaving")
    async with team_at_slack(postgres.url("leaving"), clock, tmp_path, mode="http") as team:
        postgres.execute("DROP DATABASE {} WITH (FORCE)", "leaving")
        async with asking(team) as client:
            ready = await client.get("/readyz")
    found = (ready.status_code, ready.json()["status"])
    assert found == (503, "the database does not answer")


async def test_an_answer_does_not_wait_for_the_receipt_of_its_headers() -> None:
    sent_at_once: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = writer.get_extra_info("socket").getsockopt(IPPROTO_TCP, TCP_NODELAY)
        sent_at_once.set_result(asked)
        writer.close()

    listener = web_server.listening("127.0.0.1", 0)
    async with await asyncio.start_server(connected, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await sent_at_once
        writer.close()
