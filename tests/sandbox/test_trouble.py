"""Planned faults and rate limits."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.state.rates import Rates
from bot.sandbox.workspace import Workspace
from tests.clock import MovedClock


async def test_dropped_before_nothing_was_done(
    workspace: Workspace, client: AsyncWebClient, bob: Person
) -> None:
    workspace.faults.add("chat.postMessage", "drop_before")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=bob.id, text="Card")
    assert bob.sees() == []
    assert workspace.calls[-1].response is None
    assert (await client.chat_postMessage(channel=bob.id, text="Card"))["ok"]


async def test_dropped_after_the_work_was_done(
    workspace: Workspace, client: AsyncWebClient, bob: Person
) -> None:
    workspace.faults.add("chat.postMessage", "drop_after")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=bob.id, text="Card")
    assert len(bob.sees()) == 1


async def test_blind_retry_after_a_lost_answer_posts_twice(
    workspace: Workspace, client: AsyncWebClient, bob: Person
) -> None:
    client.retry_handlers.append(AsyncConnectionErrorRetryHandler())
    workspace.faults.add("chat.postMessage", "drop_after")
    assert (await client.chat_postMessage(channel=bob.id, text="Card"))["ok"]
    assert len(bob.sees()) == 2


async def test_delay_outlasts_an_impatient_client(workspace: Workspace) -> None:
    workspace.faults.add("*", "delay", seconds=5)
    patience = aiohttp.ClientTimeout(total=0.05)
    async with aiohttp.ClientSession(timeout=patience) as session:
        with pytest.raises(TimeoutError):
            await session.post(f"{workspace.api_url}api.test")


@pytest.mark.parametrize("status", [500, 503])
async def test_server_error_has_its_status(
    workspace: Workspace, client: AsyncWebClient, status: int
) -> None:
    workspace.faults.add("auth.test", "status", status=status, times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError) as failed:
            await client.auth_test()
        assert failed.value.response.status_code == status
    assert (await client.auth_test())["ok"]


async def test_planned_429_says_when_to_come_back(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    workspace.faults.add("*", "status", status=429, retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        await client.auth_test()
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"


async def test_planned_error_is_slacks_no(workspace: Workspace, client: AsyncWebClient) -> None:
    workspace.faults.add("auth.test", "status", error="account_inactive")
    with pytest.raises(SlackApiError, match="account_inactive"):
        await client.auth_test()
    workspace.faults.add("auth.test", "status", error="account_inactive")
    workspace.faults.clear()
    assert (await client.auth_test())["ok"]


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_posting_is_limited_for_each_channel(clock: MovedClock) -> None:
    seconds = Seconds()
    rates = Rates(post_burst=2, clock=seconds)
    async with Workspace(now=clock, rates=rates) as workspace:
        bob = workspace.add_person("bob", real_name="Bob")
        carol = workspace.add_person("carol", real_name="Carol")
        client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        for channel in (bob.id, bob.dm.id):
            await client.chat_postMessage(channel=channel, text="x")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=bob.id, text="x")
        assert refused.value.response.headers["Retry-After"] == "1"
        assert refused.value.response["error"] == "ratelimited"
        await client.chat_postMessage(channel=carol.id, text="x")
        seconds.now += 1
        await client.chat_postMessage(channel=bob.id, text="x")
    assert (len(bob.sees()), len(carol.sees())) == (3, 1)


async def test_each_method_has_its_tier(clock: MovedClock) -> None:
    rates = Rates(clock=Seconds())
    async with Workspace(now=clock, rates=rates) as workspace:
        client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        for _ in range(20):
            await client.users_list()
        with pytest.raises(SlackApiError) as refused:
            await client.users_list()
        assert refused.value.response.headers["Retry-After"] == "3"
        await client.usergroups_list()


async def test_without_rates_there_is_no_limit(client: AsyncWebClient, bob: Person) -> None:
    for _ in range(30):
        await client.users_list()
        await client.chat_postMessage(channel=bob.id, text="x")
    assert len(bob.sees()) == 30
