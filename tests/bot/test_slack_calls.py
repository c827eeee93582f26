"""What comes back of one call: every shape of answer, also those that are none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from blocks import notices
from bot.outgoing.slack_calls import Post, Reply, SlackCalls
from handlers.slack_errors import PAGE as A_PAGE
from handlers.slack_errors import Answer, code_of
from tests.harness_slack import Team

WORDS = notices.plain("A card.")
JSON, PAGE = "application/json", "text/html"


@asynccontextmanager
async def slack_that_says(
    status: int, body: str, kind: str, heard: list[Any] | None = None, **headers: str
) -> AsyncIterator[tuple[str, AsyncWebClient, aiohttp.ClientSession]]:
    """A server with one answer to everything, that keeps what it heard; its address, and a client
    of it.
    """

    async def say(request: web.Request) -> web.Response:
        if heard is not None:
            heard.append(await request.json())
        return web.Response(status=status, text=body, content_type=kind, headers=headers)

    site = web.Application()
    site.router.add_post("/{any:.*}", say)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient("xoxb-1", base_url=url, session=session, retry_handlers=[])
        yield url, client, session
    await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "body", "kind", "answer"),
    [
        (200, '{"ok": true, "channel": "D1", "ts": "1.2"}', JSON, Answer(200)),
        (200, '{"ok": false, "error": "is_archived"}', JSON, Answer(200, "is_archived")),  # a no
        (500, "<html>Server Error</html>", PAGE, Answer(500)),
        (503, "Service Unavailable", "text/plain", Answer(503)),
        (404, "nothing here", "text/plain", Answer(404)),  # a response URL that is spent
        (502, '{"ok": fal', JSON, Answer(500)),  # cut off: the work may be done
        (200, '{"ok": tr', JSON, Answer(500)),
        (200, "<html>Log in to the guest network</html>", PAGE, Answer(200, A_PAGE)),  # not Slack
    ],
)
async def test_every_answer_is_understood(
    status: int, body: str, kind: str, answer: Answer
) -> None:
    async with slack_that_says(status, body, kind) as (_url, client, session):
        came_back, place = await SlackCalls(client, session).send(Post(WORDS, "D1"), key="k")

    assert came_back == answer
    assert (place is not None) is (answer == Answer(200))


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, "ok", Answer(200)),
        (200, '{"ok": true}', Answer(200)),
        (404, '{"ok": false, "error": "expired_url"}', Answer(404, "expired_url")),
        (404, "used_url", Answer(404, "used_url")),
        (404, "<html>Not found</html>", Answer(404, A_PAGE)),  # a proxy's
        (404, "Not found, sorry", Answer(404)),
        (200, "<html>Log in</html>", Answer(200, A_PAGE)),
        (200, "[]", Answer(200)),
        (200, "[" * 100_000, Answer(200)),
    ],
)
async def test_a_response_url_says_what_it_complains_of(
    status: int, body: str, answer: Answer
) -> None:
    async with slack_that_says(status, body, "text/plain") as (url, client, session):
        reply = Reply(WORDS, url, replace=False)
        came_back, _ = await SlackCalls(client, session).send(reply, key="k")

    assert came_back == answer


@pytest.mark.parametrize("kind", [JSON, "text/plain"])
async def test_slack_says_when_to_come_back(kind: str) -> None:
    said = '{"ok": false, "error": "ratelimited"}'
    headers = {"Retry-After": "30"}
    async with slack_that_says(429, said, kind, **headers) as (url, client, session):
        wire = SlackCalls(client, session)
        posted, _ = await wire.send(Post(WORDS, "D1"), key="k")
        replied, _ = await wire.send(Reply(WORDS, url, replace=False), key="k")

    assert (posted.status, posted.retry_after) == (429, 30.0)
    assert (replied.status, replied.retry_after) == (429, 30.0)


async def test_nobody_listening_is_not_reached() -> None:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: every connection is refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        async with aiohttp.ClientSession() as session:
            client = AsyncWebClient("xoxb-1", base_url=url, session=session, retry_handlers=[])
            answer, place = await SlackCalls(client, session).send(Post(WORDS, "D1"), key="k")

    assert (answer.status, answer.reached, place) == (None, False, None)


@pytest.mark.parametrize(("status", "kind"), [(500, "text/plain"), (500, PAGE), (200, JSON)])
async def test_a_page_in_place_of_an_answer_has_no_code(status: int, kind: str) -> None:
    async with slack_that_says(status, "<html>", kind) as (_url, client, _session):
        with pytest.raises(Exception) as failed:  # noqa: PT011 - any of the SDK's three shapes
            await client.users_info(user="U1")

    assert code_of(failed.value) == "no answer"


async def test_a_modal_slack_cannot_show_is_no_fault_of_ours(team_once: Team) -> None:
    request = await team_once.submit()
    team_once.workspace.faults.add("views.open", "status", status=503)
    card = team_once.card(team_once.bob, request)
    answer = await team_once.bob.click(card, "request.menu", value="Details")
    await team_once.send_all()

    assert answer.acked
    assert not [seen for seen in team_once.bob.sees() if seen.ephemeral_to]


async def test_no_link_is_unfurled_in_what_is_posted_or_said_by_a_response_url() -> None:
    heard: list[Any] = []
    said = '{"ok": true, "channel": "D1", "ts": "1.2"}'
    async with slack_that_says(200, said, JSON, heard) as (url, client, session):
        calls = SlackCalls(client, session)
        await calls.send(Post(WORDS, "D1"), key="k")
        await calls.send(Reply(WORDS, f"{url}response", replace=True), key="k")
    unfurled = [(each["unfurl_links"], each["unfurl_media"]) for each in heard]
    assert unfurled == [(False, False)] * 2
