"""Who is let in: keys, what each may do, limits, and everything that must stay outside."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Message, Scope

from bot import http
from bot.api import bodies, door
from bot.api.door import Door
from bot.api.limits import Buckets, neighbourhood
from bot.web_server import serving
from store import api_keys
from store.domain.api_key import Right, new_text
from store.engine.database import Database
from tests.api.platform import Platform, asking, at_the_door, new_key, release
from tests.cast import NOW
from tests.harness_slack import Team

ALL = tuple(Right)


def new_door(team: Team, *, rate: float = 50) -> Door:
    bot = team.bot
    return Door(door.Parts(bot.db, bot.profiles, bot.in_force, team.clock), rate=rate)


def at(site: Door, headers: dict[str, str], address: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(site, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://bot", headers=headers)


async def test_there_is_no_api_until_there_is_a_key(team: Team) -> None:
    async with asking(team) as client:
        before = await client.get("/requests")
        _, text = await new_key(team.bot.db, team)
        after = await client.get("/requests", headers={"Authorization": f"Bearer {text}"})
        nobody = await client.get("/requests")
    assert [before.status_code, after.status_code, nobody.status_code] == [404, 200, 401]


async def test_nobody_without_a_key_learns_anything(team_once: Team) -> None:
    _, text = await new_key(team_once.bot.db, team_once)
    forged = [None, "", "nonsense", new_text(), text[:-1] + ("A" if text[-1] != "A" else "B")]
    for wrong in forged:
        async with asking(team_once, wrong) as client:
            for path in ("/requests", "/requests/MP-1", "/openapi.json", "/nowhere"):
                answer = await client.get(path)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == "Bearer"
                body = {"type": "about:blank", "title": "Unauthorized", "status": 401}
                assert answer.json() == body
    async with asking(team_once) as client:
        basic = await client.get("/requests", headers={"Authorization": f"Basic {text}"})
    assert basic.status_code == 401


async def test_a_revoked_key_is_refused_at_once(team: Team) -> None:
    async with at_the_door(team) as platform:
        assert (await platform.hands_in()).status_code == 201
        async with team.bot.db.transaction() as session:
            assert await api_keys.revoke(session, "platform", now=team.clock())
        assert (await platform.hands_in(external_id="2")).status_code == 401


@pytest.mark.parametrize(
    ("right", "allowed"),
    [
        (Right.SUBMIT, {"POST /requests", "withdraw", "release-stage"}),
        (Right.READ, {"GET /requests", "GET /requests/MP-1"}),
        (Right.DECIDE, {"decision"}),
    ],
)
async def test_a_key_does_what_it_may(team_once: Team, right: Right, allowed: set[str]) -> None:
    await team_once.store()
    async with at_the_door(team_once, rights=[right]) as platform:
        client = platform.client
        said = {"on_behalf_of": "alice@example.com"}
        answers = {
            "POST /requests": await client.post("/requests", json=release()),
            "GET /requests": await client.get("/requests"),
            "GET /requests/MP-1": await client.get("/requests/MP-1"),
            "decision": await platform.decides("MP-1", "approve"),
            "withdraw": await platform.says("MP-1", "withdraw", **said),
            "release-stage": await platform.says("MP-1", "release-stage", stage="pilot", **said),
        }
    refused = {name for name, answer in answers.items() if "not-allowed" in answer.text}
    assert refused == answers.keys() - allowed
    assert all(answers[name].status_code == 403 for name in refused)


async def test_the_last_use_is_on_record_to_a_minute(team: Team, platform: Platform) -> None:
    async def last() -> Any:
        async with team.bot.db.snapshot() as session:
            (key,) = await api_keys.listed(session)
        return key.last_used_at

    await platform.client.get("/requests")
    first = await last()
    team.clock.move(seconds=59)
    await platform.client.get("/requests")
    assert (first, await last()) == (team.clock.moment.replace(second=0), first)
    team.clock.move(seconds=2)
    await platform.client.get("/requests")
    assert await last() == team.clock()


async def test_of_a_key_only_a_hash_is_kept(db: Database) -> None:
    async with db.transaction() as session:
        key, text = await api_keys.create(session, "platform", ALL, now=NOW)
    async with db.engine.connect() as connection:
        row = (await connection.exec_driver_sql("SELECT * FROM api_key")).one()
    assert key.prefix in row
    assert not any(text[13:] in str(cell) for cell in row)
    async with db.snapshot() as session:
        found = await api_keys.find_batch(session, [text, new_text(), "", text[:13]])
    assert [each and each.id for each in found] == [key.id, None, None, None]


async def test_a_bucket_fills_with_time() -> None:
    now = [0.0]
    buckets = Buckets(2, 4, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert buckets.take("b") == 0
    now[0] = 0.5
    assert (buckets.take("a"), buckets.take("a")) == (0, 0.5)
    buckets.charge("a", 100)
    now[0] = 2.4
    assert buckets.take("a") > 0
    now[0] = 100
    assert buckets.take("a") == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("testclient", "testclient"),
    ],
)
def test_who_has_a_whole_network_is_one_client(address: str, place: str) -> None:
    assert neighbourhood(address) == place


async def test_a_flood_is_told_to_wait(team_once: Team) -> None:
    _, text = await new_key(team_once.bot.db, team_once)
    headers = {"Authorization": f"Bearer {text}"}
    async with at(new_door(team_once, rate=0.25), headers) as client:
        first, second = await client.get("/requests"), await client.get("/requests")
    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["retry-after"]) >= 1


async def test_who_guesses_keys_is_slowed_down_by_address(team_once: Team) -> None:
    site, (_, text) = new_door(team_once, rate=0.25), await new_key(team_once.bot.db, team_once)
    async with at(site, {"Authorization": f"Bearer {new_text()}"}, "203.0.113.9") as guessing:
        statuses = [(await guessing.get("/requests")).status_code for _ in range(3)]
    async with at(site, {"Authorization": f"Bearer {text}"}, "203.0.113.10") as other:
        assert (await other.get("/requests")).status_code == 200
    assert statuses == [401, 429, 429]


async def test_the_address_of_a_client_comes_from_configured_proxies_alone() -> None:
    seen: list[str] = []

    async def site(scope: Scope, _receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    for proxies in (None, "10.0.0.0/8", "127.0.0.1"):
        async with (
            serving(site, host="127.0.0.1", port=0, proxies=proxies) as address,
            httpx.AsyncClient() as client,
        ):
            await client.get(address, headers=forwarded)
    assert seen == ["127.0.0.1", "127.0.0.1", "203.0.113.9"]


async def test_a_body_that_is_too_long_is_not_read(platform_once: Platform) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 2 * bodies.LONGEST:
            sent += 2**16
            yield b" " * 2**16

    answer = await platform_once.client.post("/requests", content=endless())
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:mp-approvals:too-large")
    assert sent <= bodies.LONGEST + 2**17


async def test_a_body_that_does_not_come_is_not_waited_for(
    platform_once: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.01)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await platform_once.client.post("/requests", content=never())
    assert (answer.status_code, answer.json()["type"]) == (408, "urn:mp-approvals:too-slow")


async def test_only_json_is_taken(platform_once: Platform) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = await platform_once.client.post("/requests", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (415, "Send application/json.")


async def test_what_the_framework_refuses_is_a_problem_too(platform_once: Platform) -> None:
    for answer, status in (
        (put := await platform_once.client.put("/requests"), 405),
        (await platform_once.client.get("/nowhere"), 404),
        (await platform_once.client.get("/requests/MP%0A1"), 404),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    assert put.headers["allow"] == "GET, HEAD, POST"


async def test_while_the_store_is_away_the_platform_is_asked_to_come_again(
    team_once: Team, platform_once: Platform
) -> None:
    await platform_once.client.get("/requests")
    async with team_once.bot.db.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE request RENAME TO elsewhere")
    answer = await platform_once.hands_in()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["type"] == "urn:mp-approvals:store-away"


async def test_an_answer_that_takes_too_long_is_broken_off(
    team_once: Team, platform_once: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await platform_once.client.get("/requests")
    monkeypatch.setattr(door, "ANSWER_SECONDS", 0.2)
    async with team_once.bot.db.transaction():  # the one writer of SQLite
        answer = await platform_once.hands_in()
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:mp-approvals:late")
    monkeypatch.undo()
    assert (await platform_once.hands_in()).status_code in {200, 201}


async def test_refusals_are_counted(team_once: Team) -> None:
    counting = new_door(team_once)
    _, text = await new_key(team_once.bot.db, team_once)
    async with at(counting, {}) as client:
        await client.get("/requests")
        headers = {"Authorization": f"Bearer {text}"}
        await client.get("/requests/MP-1", headers=headers)
        await client.post("/requests", headers=headers, content=b"{")
    assert counting.refused == {"Unauthorized": 1, "Not Found": 1, "Bad Request": 1}


async def test_a_websocket_is_closed(team_once: Team) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await new_door(team_once)({"type": "websocket", "path": "/requests"}, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_bot_without_a_key_does_not_import_fastapi() -> None:
    command = "import sys, bot.cli.main, bot.http; print('fastapi' in sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", command, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said.decode().split() == ["False"]


async def test_what_is_built_for_slack_is_served_beside(team_once: Team) -> None:
    paths = [getattr(route, "path", "") for route in http.build(team_once.bot).routes]
    assert {"/healthz", "/readyz", "/api/v1"} <= set(paths)
