"""How calls reach the Web API: tokens, arguments, scopes, the log of calls."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace


def with_token(workspace: Workspace, token: str | None) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=workspace.api_url, retry_handlers=[])


async def test_token_tells_who_is_calling(client: AsyncWebClient, workspace: Workspace) -> None:
    answer = await client.auth_test()
    assert (answer["user_id"], answer["team_id"]) == (workspace.bot_user_id, workspace.team_id)
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_wrong_missing_and_misplaced_tokens_are_refused(workspace: Workspace) -> None:
    expected = {
        None: "not_authed",
        "xoxb-somebody-else": "invalid_auth",
        workspace.app_token: "not_allowed_token_type",
    }
    for token, code in expected.items():
        with pytest.raises(SlackApiError, match=code):
            await with_token(workspace, token).auth_test()
    bot = with_token(workspace, workspace.bot_token)
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await bot.apps_connections_open(app_token=workspace.bot_token)


async def test_two_workspaces_do_not_know_each_others_tokens(workspace: Workspace) -> None:
    async with Workspace() as other:
        with pytest.raises(SlackApiError, match="invalid_auth"):
            await with_token(workspace, other.bot_token).auth_test()


async def test_missing_scope_says_which(client: AsyncWebClient, workspace: Workspace) -> None:
    workspace.scopes.discard("users:read")
    with pytest.raises(SlackApiError) as refused:
        await client.users_list()
    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "users:read"


async def test_unknown_method_is_refused(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="unknown_method"):
        await client.api_call("chat.shout")


@pytest.mark.parametrize("way", ["params", "data", "json"])
async def test_arguments_come_by_query_form_or_json(
    workspace: Workspace, bob: Person, way: str
) -> None:
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    url = f"{workspace.api_url}users.info"
    async with aiohttp.ClientSession(headers=headers) as session:
        sent: dict[str, Any] = {way: {"user": bob.id}}
        response = await session.post(url, **sent)
        assert (await response.json())["user"]["name"] == "bob"


async def test_structures_may_come_as_json_text(workspace: Workspace, bob: Person) -> None:
    form = {"token": workspace.bot_token, "channel": bob.id, "text": "Card"}
    form["blocks"] = '[{"type": "divider"}]'
    async with aiohttp.ClientSession() as session:
        url = f"{workspace.api_url}chat.postMessage"
        async with session.post(url, data=form) as response:
            assert (await response.json())["ok"]
        async with session.post(url, data={**form, "blocks": "[{"}) as response:
            assert (await response.json())["error"] == "invalid_blocks_format"
    assert bob.message(containing="Card").blocks[0]["type"] == "divider"


async def test_missing_argument_is_named(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        await client.api_call("users.info")
    messages = refused.value.response["response_metadata"]["messages"]
    assert messages == ["[ERROR] missing required field: user"]


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.postMessage", {"text": 5}, "invalid_arguments"),
        ("chat.postMessage", {"text": "x", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ("chat.postMessage", {"text": "x", "thread_ts": 5}, "thread_not_found"),
        ("views.publish", {"view": ["home"]}, "invalid_arguments"),
        ("conversations.list", {"types": 5}, "invalid_arguments"),
        ("conversations.history", {"oldest": "yesterday"}, "invalid_arguments"),
        ("users.list", {"limit": -1}, "invalid_limit"),
    ],
)
async def test_nonsense_is_refused_by_name(
    client: AsyncWebClient, bob: Person, method: str, arguments: dict[str, Any], code: str
) -> None:
    bob.say("Something to read", bob.dm)
    given = {"channel": bob.dm.id, "user_id": bob.id, **arguments}
    with pytest.raises(SlackApiError) as refused:
        await client.api_call(method, json=given)
    assert refused.value.response["error"] == code


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe"])
async def test_broken_json_is_refused(workspace: Workspace, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        response = await session.post(f"{workspace.api_url}api.test", data=body, headers=headers)
        assert (await response.json())["error"] == "invalid_json"


async def test_calls_are_kept_without_the_token(
    workspace: Workspace, bob: Person, client: AsyncWebClient
) -> None:
    async with aiohttp.ClientSession() as session:
        form = {"token": workspace.bot_token, "user": bob.id}
        await (await session.post(f"{workspace.api_url}users.info", data=form)).read()
    call = workspace.calls[-1]
    assert (call.method, call.args, call.at) == ("users.info", {"user": bob.id}, workspace.now())
    assert call.response is not None
    assert call.response["ok"]


async def test_until_says_what_was_missing_and_what_was_called(
    workspace: Workspace, client: AsyncWebClient, bob: Person
) -> None:
    await client.auth_test()
    with pytest.raises(TimeoutError) as late:
        await workspace.until(lambda: bob.message(containing="MP-1"), timeout=0.01)
    assert "bob sees no 'MP-1'" in str(late.value)
    assert "auth.test" in str(late.value)


async def test_workspace_works_behind_a_proxy_setting(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, bob: Person
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    workspace.request_url = f"{workspace.api_url}api.test"
    assert (await bob.shortcut("any")).status == 200
