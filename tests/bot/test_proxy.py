"""Behind a proxy every call goes through it: methods, response URLs and the bytes of a file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from blocks import notices
from bot import slack_client
from bot.exports.slack_files import Files
from bot.outgoing.slack_calls import Post, Reply, SlackCalls
from tests.harness_slack import Team

WORDS = notices.plain("A word.")


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that passes on what it is asked for; its address, and the paths so far."""
    passed: list[str] = []

    async def pass_on(request: web.BaseRequest) -> web.Response:
        passed.append(URL(request.raw_path).path)
        headers = {n: v for n, v in request.headers.items() if n not in ("Host", "Content-Length")}
        async with aiohttp.ClientSession(auto_decompress=False) as straight:
            asked = straight.request(
                request.method, request.raw_path, data=await request.read(), headers=headers
            )
            async with asked as answer:
                kind = answer.headers.get("Content-Type", "text/plain")
                body, status = await answer.read(), answer.status
                return web.Response(body=body, status=status, headers={"Content-Type": kind})

    runner = web.ServerRunner(web.Server(pass_on))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", passed
    await runner.cleanup()


async def every_way(team: Team, tmp_path: Path) -> None:
    """Call a method, answer by a response URL and send a file."""
    url = team.workspace.root_url + team.workspace.response_urls.new(team.bob.dm.id, team.bob.id)
    file = tmp_path / "requests.csv"
    file.write_bytes(b"id,title")
    async with slack_client.session() as http:
        client = slack_client.client(team.bot.settings, http)
        calls, files = SlackCalls(client, http), Files(client, http)
        await calls.send(Post(WORDS, team.bob.id), key="k")
        await calls.send(Reply(WORDS, url, replace=False), key="k")
        where, file_id = await files.offer(file.name, 8)
        await files.send(file, where)
        where_to = await files.conversation(team.bob.id)
        await files.share(file_id, file.name, where_to, comment="Here it is.")
    assert [shared["name"] for m in team.bob.sees() for shared in m.files] == [file.name]


async def test_uploads_go_through_the_proxy_like_all_other_calls(
    team_once: Team, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with proxy() as (address, passed):
        monkeypatch.setenv("HTTPS_PROXY", address)
        await every_way(team_once, tmp_path)

    assert [path.rsplit("/", 2)[-2] for path in passed] == [
        "api",
        "response",
        "api",
        "upload",
        "api",
        "api",
    ]


async def test_where_no_proxy_names_the_host_no_call_goes_through_it(
    team_once: Team, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with proxy() as (address, passed):
        monkeypatch.setenv("HTTPS_PROXY", address)
        monkeypatch.setenv("NO_PROXY", "intranet.example, 127.0.0.1")
        await every_way(team_once, tmp_path)

    assert passed == []


@pytest.mark.parametrize(
    ("no_proxy", "url", "proxied"),
    [
        (None, "https://slack.com/api/", True),
        ("", "wss://wss-primary.slack.com/link", True),
        ("slack.com", "wss://wss-primary.slack.com/link", False),
        (".slack.com", "https://hooks.slack.com/actions/T1", False),
        ("slack.com", "https://notslack.com/api/", True),
        ("files.slack.com,example.com", "https://slack.com/api/", True),
        ("localhost:8080", "http://localhost:8080/api/", False),
        ("*", "https://slack.com/api/", False),
    ],
)
def test_each_address_has_its_own_way(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str | None, url: str, proxied: bool
) -> None:
    for name in ("no_proxy", "https_proxy", "http_proxy", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    if no_proxy is not None:
        monkeypatch.setenv("NO_PROXY", no_proxy)
    assert slack_client.proxy_for(url) == ("http://proxy.example:3128" if proxied else None)
