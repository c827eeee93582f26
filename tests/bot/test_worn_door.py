"""Strangers without the secret cannot wear the HTTP door down."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot import http, web_server
from bot.incoming import signed_requests
from tests.bot.test_http import asking, post, signed
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack


@pytest.fixture
async def by_http(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="http") as together:
        yield together


async def heard(reader: asyncio.StreamReader) -> bytes:
    """All that is answered until the connection is closed or, while we still send, reset."""
    answer = b""
    with suppress(ConnectionError):
        while part := await reader.read(1024):
            answer += part
    return answer


async def said_to(address: str, words: bytes) -> bytes:
    """The answer to these words."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(words)
    async with asyncio.timeout(30):
        answer = await heard(reader)
    writer.close()
    return answer


HEAD = b"POST /slack/events HTTP/1.1\r\nHost: bot\r\n"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n"


async def test_a_request_that_never_comes_whole_is_hung_up_on(
    by_http: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "HEADER_SECONDS", 1.0)
    async with web_server.serving(http.build(by_http.bot), host="127.0.0.1", port=0) as address:
        answers = await asyncio.gather(
            *(said_to(address, words) for words in (b"", HEAD, WHOLE + HEAD))
        )
    assert answers[:2] == [b"", b""]
    assert answers[2].startswith(b"HTTP/1.1 200")


async def dripped_on(address: str, begun: bytes) -> bytes:
    """The same for who begins like this and adds a byte every moment, for ever."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(begun)
    answer = asyncio.create_task(heard(reader))
    async with asyncio.timeout(30):
        while not answer.done():
            writer.write(b"x")
            await asyncio.wait([answer], timeout=0.02)
    writer.close()
    return answer.result()


async def test_who_drips_for_ever_is_hung_up_on(
    by_http: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the head, in a body that is read, and in one that was answered unread."""
    monkeypatch.setattr(web_server, "HEADER_SECONDS", 1.0)
    monkeypatch.setattr(signed_requests, "BODY_SECONDS", 0.3)
    body = b"Content-Length: 100000\r\n\r\n"
    unread = [b"GET /healthz HTTP/1.1\r\nHost: bot\r\n", b"POST /none HTTP/1.1\r\nHost: bot\r\n"]
    async with web_server.serving(http.build(by_http.bot), host="127.0.0.1", port=0) as address:
        begun = (HEAD + b"X-Slow: ", HEAD + body, *(head + body for head in unread))
        answers = await asyncio.gather(*(dripped_on(address, each) for each in begun))
    assert [answer[9:12] for answer in answers] == [b"", b"408", b"200", b"404"]


async def test_one_connection_too_many_is_closed(
    by_http: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "MOST_CONNECTIONS", 0)
    async with web_server.serving(http.build(by_http.bot), host="127.0.0.1", port=0) as address:
        assert await said_to(address, WHOLE) == b""


async def test_a_body_that_says_it_is_too_long_is_not_read(by_http: Team) -> None:
    announced = f"Content-Length: {signed_requests.LONGEST + 1}\r\n\r\n".encode()
    async with web_server.serving(http.build(by_http.bot), host="127.0.0.1", port=0) as address:
        assert (await said_to(address, HEAD + announced)).startswith(b"HTTP/1.1 413")


async def test_a_body_that_does_not_come_is_not_waited_for(
    by_http: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_requests, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(signed_requests, "AT_ONCE", 2)
    begun = HEAD + b"Content-Length: 10\r\n\r\nhalf"
    async with web_server.serving(http.build(by_http.bot), host="127.0.0.1", port=0) as address:
        answers = await asyncio.gather(*(said_to(address, begun) for _ in range(5)))
        assert {answer[:12] for answer in answers} == {b"HTTP/1.1 408"}
        assert (await post(by_http, signed(by_http))).status_code == 200


async def test_slacks_own_look_at_the_address_is_answered(by_http: Team) -> None:
    async with asking(by_http) as client:
        looks = [
            await client.get("/slack/events", params={"ssl_check": "1", "token": "x"}),
            await client.post("/slack/events", data={"ssl_check": "1", "token": "x"}),
        ]
    assert [(look.status_code, look.content) for look in looks] == [(200, b"")] * 2
    assert by_http.bot.heard.refused_signatures == 0


async def test_a_refused_signature_is_counted_and_logged_once_a_minute(
    by_http: Team, caplog: pytest.LogCaptureFixture
) -> None:
    before = by_http.bot.heard.refused_signatures
    for _ in range(3):
        await post(by_http, signed(by_http, secret="guessed"), body=b"secret words")
    assert by_http.bot.heard.refused_signatures == before + 3
    said = [r.getMessage() for r in caplog.records if "signature" in r.getMessage()]
    assert len(said) <= 1
    assert "secret words" not in caplog.text


async def test_a_process_without_files_says_so_once_a_minute(
    by_http: Team, caplog: pytest.LogCaptureFixture
) -> None:
    no_files = {
        "message": "socket.accept() out of system resource",
        "exception": OSError(errno.EMFILE, "Too many open files"),
    }
    async with web_server.serving(http.build(by_http.bot), host="127.0.0.1", port=0):
        with caplog.at_level(logging.ERROR):
            for _ in range(1000):
                asyncio.get_running_loop().call_exception_handler(no_files)
    assert caplog.text.count("no connection can be accepted") == 1
