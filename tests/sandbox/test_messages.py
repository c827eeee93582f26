"""chat.* and conversations.history: what is said, changed, deleted and read back."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace
from tests.sandbox.pieces import actions, button, text

METADATA = {"event_type": "card", "event_payload": {"request": 7}}


async def test_posting_to_a_person_opens_the_direct_messages(
    client: AsyncWebClient, bob: Person
) -> None:
    answer = await client.chat_postMessage(channel=bob.id, text="Hello")
    assert answer["channel"] == bob.dm.id
    assert bob.message(containing="Hello").ts == answer["ts"]
    assert bob.dm.unread[bob.id] == 1
    bob.read()
    assert bob.dm.unread[bob.id] == 0


async def test_posting_to_a_deactivated_person_succeeds_as_in_slack(
    client: AsyncWebClient, bob: Person, workspace: Workspace
) -> None:
    workspace.deactivate(bob)
    assert (await client.chat_postMessage(channel=bob.id, text="Hello"))["ok"]
    with pytest.raises(SlackApiError, match="user_disabled"):
        await client.conversations_open(users=bob.id)


async def test_channel_may_be_given_by_name(client: AsyncWebClient, workspace: Workspace) -> None:
    general = workspace.add_channel("general")
    assert (await client.chat_postMessage(channel="#general", text="Hi"))["channel"] == general.id


async def test_places_where_the_bot_cannot_post(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    outside = workspace.add_channel("outside", bot_is_member=False)
    hidden = workspace.add_channel("hidden", bot_is_member=False, private=True)
    archived = workspace.add_channel("archived")
    archived.is_archived = True
    expected = {outside: "not_in_channel", hidden: "channel_not_found", archived: "is_archived"}
    for channel, code in expected.items():
        with pytest.raises(SlackApiError, match=code):
            await client.chat_postMessage(channel=channel.id, text="Hi")
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.chat_postMessage(channel="C404", text="Hi")


async def test_message_needs_words(client: AsyncWebClient, bob: Person) -> None:
    with pytest.raises(SlackApiError, match="no_text"):
        await client.api_call("chat.postMessage", json={"channel": bob.id, "text": " "})
    assert bob.sees() == []


async def test_blocks_without_a_text_give_slacks_own_notification(
    client: AsyncWebClient, bob: Person
) -> None:
    with pytest.warns(UserWarning, match="text"):
        await client.chat_postMessage(channel=bob.id, blocks=actions(button("go", "Press me")))
    assert bob.message(containing="Press me").text == "This content can't be displayed."


async def test_invalid_blocks_are_refused_with_every_pointer(
    client: AsyncWebClient, bob: Person
) -> None:
    header = {"type": "header", "text": text("x" * 151)}
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=bob.id, text="x", blocks=[header, header])
    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    pointers = "".join(answer["response_metadata"]["messages"])
    assert "/blocks/0/text" in pointers
    assert "/blocks/1/text" in pointers
    assert bob.sees() == []


async def test_update_with_text_alone_removes_the_blocks(
    client: AsyncWebClient, bob: Person
) -> None:
    blocks = actions(button("go"))
    posted = await client.chat_postMessage(channel=bob.id, text="One", blocks=blocks)
    message = bob.message(containing="One")
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="Two")
    assert (message.text, message.blocks, message.edited) == ("Two", [], True)


async def test_update_with_blocks_is_not_marked_as_edited(
    client: AsyncWebClient, bob: Person
) -> None:
    posted = await client.chat_postMessage(channel=bob.id, text="One", metadata=METADATA)
    blocks = actions(button("go"))
    await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="Two", blocks=blocks)
    message = bob.message(containing="Two")
    assert (message.edited, message.metadata) == (False, METADATA)


async def test_messages_that_cannot_be_updated(
    client: AsyncWebClient, bob: Person, workspace: Workspace
) -> None:
    general = workspace.add_channel("general", members=[bob])
    said = bob.say("My own words", general)
    whispered = await client.chat_postEphemeral(channel=general.id, user=bob.id, text="Psst")
    expected = {said.ts: "cant_update_message", whispered["message_ts"]: "message_not_found"}
    for ts, code in {**expected, "1.1": "message_not_found"}.items():
        with pytest.raises(SlackApiError, match=code):
            await client.chat_update(channel=general.id, ts=ts, text="Changed")
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.chat_update(channel=bob.id, ts=said.ts, text="Changed")


async def test_deleted_message_is_gone_for_everybody(client: AsyncWebClient, bob: Person) -> None:
    posted = await client.chat_postMessage(channel=bob.id, text="Oops")
    message = bob.message(containing="Oops")
    await client.chat_delete(channel=posted["channel"], ts=posted["ts"])
    assert message.deleted
    assert bob.sees() == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client.chat_delete(channel=posted["channel"], ts=posted["ts"])


async def test_ephemeral_message_is_for_a_member_and_no_part_of_history(
    client: AsyncWebClient, bob: Person, carol: Person, workspace: Workspace
) -> None:
    general = workspace.add_channel("general", members=[bob])
    await client.chat_postEphemeral(channel=general.id, user=bob.id, text="Psst")
    assert bob.message(containing="Psst", conversation=general).ephemeral_to == bob.id
    assert (await client.conversations_history(channel=general.id))["messages"] == []
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        await client.chat_postEphemeral(channel=general.id, user=carol.id, text="Psst")


async def test_history_gives_metadata_back_when_asked(client: AsyncWebClient, bob: Person) -> None:
    await client.chat_postMessage(channel=bob.id, text="Card", metadata=METADATA)
    plain = await client.conversations_history(channel=bob.dm.id)
    assert "metadata" not in plain["messages"][0]
    full = await client.conversations_history(channel=bob.dm.id, include_all_metadata=True)
    assert full["messages"][0]["metadata"] == METADATA


async def test_malformed_metadata_is_refused(client: AsyncWebClient, bob: Person) -> None:
    with pytest.raises(SlackApiError, match="invalid_metadata_format"):
        await client.chat_postMessage(channel=bob.id, text="x", metadata={"event_type": "card"})


async def test_history_is_paged_newest_first(client: AsyncWebClient, bob: Person) -> None:
    posted = [await client.chat_postMessage(channel=bob.id, text=str(n)) for n in range(5)]
    first = await client.conversations_history(channel=bob.dm.id, limit=2)
    assert [message["text"] for message in first["messages"]] == ["4", "3"]
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel=bob.dm.id, limit=2, cursor=cursor)
    assert [message["text"] for message in second["messages"]] == ["2", "1"]
    recent = await client.conversations_history(channel=bob.dm.id, oldest=posted[2]["ts"])
    assert [message["text"] for message in recent["messages"]] == ["4", "3"]


async def test_thread_is_read_by_replies(client: AsyncWebClient, bob: Person) -> None:
    parent = (await client.chat_postMessage(channel=bob.id, text="Parent"))["ts"]
    await client.chat_postMessage(channel=bob.id, text="Reply", thread_ts=parent)
    thread = await client.conversations_replies(channel=bob.dm.id, ts=parent)
    assert [message["text"] for message in thread["messages"]] == ["Parent", "Reply"]
    history = await client.conversations_history(channel=bob.dm.id)
    assert [message["text"] for message in history["messages"]] == ["Parent"]


async def test_timestamps_rise_while_the_clock_stands_still(
    client: AsyncWebClient, bob: Person
) -> None:
    stamps = [(await client.chat_postMessage(channel=bob.id, text="x"))["ts"] for _ in range(3)]
    assert stamps == sorted(set(stamps))


async def test_permalink_names_the_message(client: AsyncWebClient, bob: Person) -> None:
    ts = (await client.chat_postMessage(channel=bob.id, text="x"))["ts"]
    answer = await client.chat_getPermalink(channel=bob.dm.id, message_ts=ts)
    assert answer["permalink"].endswith(f"/archives/{bob.dm.id}/p{ts.replace('.', '')}")


async def test_missing_message_is_reported_with_what_is_there(
    client: AsyncWebClient, bob: Person
) -> None:
    await client.chat_postMessage(channel=bob.id, text="Something else")
    with pytest.raises(LookupError, match="Something else"):
        bob.message(containing="MP-1")
