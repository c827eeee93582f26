"""Profiles, groups, channels and files, as the app can ask for them."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace


async def test_profile_tells_name_address_and_time_zone(
    client: AsyncWebClient, bob: Person
) -> None:
    user = (await client.users_info(user=bob.id))["user"]
    assert (user["name"], user["real_name"]) == ("bob", "Bob Reyes")
    assert user["profile"]["email"] == "bob@example.com"
    assert (user["tz"], user["tz_offset"], user["is_bot"]) == ("Asia/Manila", 8 * 3600, False)
    assert "locale" not in user
    with_locale = await client.users_info(user=bob.id, include_locale=True)
    assert with_locale["user"]["locale"] == "en-US"


async def test_picture_can_be_fetched(client: AsyncWebClient, bob: Person) -> None:
    profile = (await client.users_info(user=bob.id))["user"]["profile"]
    async with aiohttp.ClientSession() as session:
        picture = await session.get(profile["image_72"])
        assert picture.content_type == "image/svg+xml"
        assert ">BR<" in await picture.text()


async def test_address_needs_a_scope_of_its_own(
    client: AsyncWebClient, workspace: Workspace, bob: Person
) -> None:
    workspace.scopes.discard("users:read.email")
    assert "email" not in (await client.users_info(user=bob.id))["user"]["profile"]


async def test_unknown_person_is_not_found(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="user_not_found"):
        await client.users_info(user="U404")


async def test_lookup_by_address_skips_the_deactivated(
    client: AsyncWebClient, workspace: Workspace, bob: Person
) -> None:
    found = await client.users_lookupByEmail(email="BOB@example.com")
    assert found["user"]["id"] == bob.id
    workspace.deactivate(bob)
    with pytest.raises(SlackApiError, match="users_not_found"):
        await client.users_lookupByEmail(email="bob@example.com")
    assert (await client.users_info(user=bob.id))["user"]["deleted"] is True


async def test_people_are_listed_by_pages(client: AsyncWebClient, workspace: Workspace) -> None:
    for number in range(5):
        workspace.add_person(f"p{number}", real_name=f"Person {number}")
    seen: list[str] = []
    async for page in await client.users_list(limit=2):
        assert len(page["members"]) <= 2
        seen += [member["name"] for member in page["members"]]
    assert seen == ["p0", "p1", "p2", "p3", "p4", "mini_program_bot"]


async def test_invented_cursor_is_refused(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="invalid_cursor"):
        await client.users_list(cursor="page 2")


async def test_group_tells_its_members(
    client: AsyncWebClient, workspace: Workspace, bob: Person, carol: Person
) -> None:
    group = workspace.add_usergroup("reviewers", members=[bob, carol])
    listed = (await client.usergroups_list(include_users=True))["usergroups"]
    assert [(g["handle"], g["users"]) for g in listed] == [("reviewers", [bob.id, carol.id])]
    assert (await client.usergroups_users_list(usergroup=group.id))["users"] == group.members
    with pytest.raises(SlackApiError, match="no_such_subteam"):
        await client.usergroups_users_list(usergroup="S404")


async def test_bot_joins_a_public_channel(client: AsyncWebClient, workspace: Workspace) -> None:
    channel = workspace.add_channel("releases", bot_is_member=False)
    assert (await client.conversations_info(channel=channel.id))["channel"]["is_member"] is False
    await client.conversations_join(channel=channel.id)
    members = await client.conversations_members(channel=channel.id)
    assert members["members"] == [workspace.bot_user_id]


async def test_private_channel_is_invisible_from_outside(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    hidden = workspace.add_channel("hidden", bot_is_member=False, private=True)
    workspace.add_channel("general")
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert [channel["name"] for channel in listed["channels"]] == ["general"]
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.conversations_info(channel=hidden.id)


async def test_inbox_shows_unread_conversations_first(
    client: AsyncWebClient, workspace: Workspace, bob: Person
) -> None:
    workspace.add_channel("quiet", members=[bob])
    busy = workspace.add_channel("busy", members=[bob])
    await client.chat_postMessage(channel=busy.id, text="News")
    assert [where.name for where in workspace.inbox(bob)] == ["busy", "quiet"]


async def test_direct_messages_are_opened_once(client: AsyncWebClient, bob: Person) -> None:
    first = await client.conversations_open(users=[bob.id])
    again = await client.conversations_open(users=bob.id, return_im=True)
    assert first["channel"]["id"] == again["channel"]["id"] == bob.dm.id
    assert again["channel"]["user"] == bob.id
    with pytest.raises(SlackApiError, match="users_list_not_supplied"):
        await client.conversations_open(users="")


async def test_uploaded_file_is_shared_and_can_be_fetched(
    client: AsyncWebClient, workspace: Workspace, bob: Person
) -> None:
    await client.files_upload_v2(
        channel=bob.dm.id, filename="requests.csv", content="a,b\n", initial_comment="Your list"
    )
    message = bob.message(containing="Your list")
    assert [file["name"] for file in message.files] == ["requests.csv"]
    assert workspace.files.content(message.files[0]["id"]) == b"a,b\n"
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    async with aiohttp.ClientSession() as session:
        address = message.files[0]["url_private"]
        assert (await session.get(address)).status == 403
        response = await session.get(address, headers=headers)
        assert await response.read() == b"a,b\n"


async def test_file_that_never_arrived_cannot_be_shared(
    client: AsyncWebClient, bob: Person
) -> None:
    expected = await client.files_getUploadURLExternal(filename="a.csv", length=4)
    files = [{"id": expected["file_id"], "title": "a.csv"}]
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_completeUploadExternal(files=files, channel_id=bob.dm.id)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.files_completeUploadExternal(files=files, channel_id=bob.id)


async def test_upload_of_another_length_is_refused(client: AsyncWebClient) -> None:
    expected = await client.files_getUploadURLExternal(filename="a.csv", length=4)
    async with aiohttp.ClientSession() as session:
        response = await session.post(expected["upload_url"], data=b"far too long")
        assert response.status == 400


async def test_person_is_found_by_handle(workspace: Workspace, bob: Person) -> None:
    assert workspace.person("@bob") is workspace.person(bob.id) is bob
    with pytest.raises(LookupError, match="there are bob"):
        workspace.person("dave")
