"""Buttons, menus and selects in messages."""

import asyncio
import re

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Message
from bot.sandbox.workspace import Workspace
from tests.sandbox.pieces import Json, actions, button, options, text


async def card(client: AsyncWebClient, person: Person, *elements: Json) -> Message:
    await client.chat_postMessage(channel=person.id, text="Card", blocks=actions(*elements))
    return person.message(containing="Card")


@pytest.fixture
def heard(app: AsyncApp) -> list[Json]:
    """The bodies of all block_actions, acknowledged."""
    bodies: list[Json] = []

    @app.action(re.compile(".*"))
    async def listen(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    return bodies


async def test_click_tells_who_clicked_what_where(
    client: AsyncWebClient, bob: Person, heard: list[Json]
) -> None:
    message = await card(client, bob, button("approve", "Approve", value="MP-1:3"))
    assert (await bob.click(message, "approve")).acked
    body = heard[0]
    assert body["user"] == {"id": bob.id, "username": "bob", "name": "bob", "team_id": "T0SANDBOX"}
    assert body["channel"] == {"id": bob.dm.id, "name": "directmessage"}
    assert body["message"]["ts"] == body["container"]["message_ts"] == message.ts
    assert body["actions"][0]["value"] == "MP-1:3"
    assert body["actions"][0]["block_id"] == "acts"


async def test_value_tells_equal_buttons_apart(
    client: AsyncWebClient, bob: Person, heard: list[Json]
) -> None:
    rows = [{"type": "actions", "elements": [button("open", value=each)]} for each in "12"]
    await client.chat_postMessage(channel=bob.id, text="List", blocks=rows)
    message = bob.message(containing="List")
    with pytest.raises(LookupError, match="several times"):
        await bob.click(message, "open")
    await bob.click(message, "open", value="2")
    assert [body["actions"][0]["value"] for body in heard] == ["2"]


async def test_missing_button_is_refused_with_what_is_there(
    client: AsyncWebClient, bob: Person, heard: list[Json]
) -> None:
    message = await card(client, bob, button("approve", "Approve"))
    with pytest.raises(LookupError, match=r"approve \(button 'Approve'\)"):
        await bob.click(message, "reject")
    assert heard == []


async def test_cancelled_confirmation_sends_nothing(
    client: AsyncWebClient, bob: Person, heard: list[Json]
) -> None:
    words = {"title": text("Sure?"), "text": text("It goes live."), "confirm": text("Yes")}
    sure = words | {"deny": text("Cancel")}
    message = await card(client, bob, button("approve", confirm=sure))
    await bob.click(message, "approve", confirm=False)
    assert heard == []
    await bob.click(message, "approve")
    assert len(heard) == 1


async def test_overflow_sends_the_option(
    client: AsyncWebClient, bob: Person, heard: list[Json]
) -> None:
    menu = {"type": "overflow", "action_id": "more", "options": options("details", "withdraw")}
    message = await card(client, bob, menu)
    await bob.click(message, "more", value="withdraw")
    assert heard[0]["actions"][0]["selected_option"]["value"] == "withdraw"
    with pytest.raises(LookupError, match="'details'"):
        await bob.click(message, "more", value="destroy")


async def test_select_in_a_message_sends_the_choice(
    client: AsyncWebClient, bob: Person, heard: list[Json]
) -> None:
    menu = {"type": "static_select", "action_id": "sort", "options": options("newest", "oldest")}
    message = await card(client, bob, menu)
    await bob.choose(message, "sort", "oldest")
    assert heard[0]["actions"][0]["selected_option"]["value"] == "oldest"
    assert heard[0]["state"]["values"]["acts"]["sort"]["selected_option"]["value"] == "oldest"


async def test_nobody_clicks_what_they_do_not_see(
    client: AsyncWebClient, bob: Person, carol: Person, heard: list[Json]
) -> None:
    message = await card(client, bob, button("approve"))
    with pytest.raises(LookupError, match="carol does not see"):
        await carol.click(message, "approve")


async def test_click_meets_the_message_as_it_is_now(
    client: AsyncWebClient, bob: Person, heard: list[Json]
) -> None:
    message = await card(client, bob, button("approve"))
    offline = message.as_shown()
    await client.chat_update(channel=message.channel, ts=message.ts, text="Decided")
    with pytest.raises(LookupError, match="nothing"):
        await bob.click(message, "approve")
    await bob.click(offline, "approve")
    assert heard[0]["message"]["text"] == "Card"


async def test_two_people_click_at_the_same_moment(
    client: AsyncWebClient, workspace: Workspace, bob: Person, carol: Person, heard: list[Json]
) -> None:
    general = workspace.add_channel("general", members=[bob, carol])
    blocks = actions(button("approve"))
    await client.chat_postMessage(channel=general.id, text="Card", blocks=blocks)
    message = bob.message(containing="Card", conversation=general)
    await asyncio.gather(bob.click(message, "approve"), carol.click(message, "approve"))
    assert {body["user"]["id"] for body in heard} == {bob.id, carol.id}


async def test_ephemeral_click_comes_without_the_message(
    client: AsyncWebClient, workspace: Workspace, bob: Person, heard: list[Json]
) -> None:
    general = workspace.add_channel("general", members=[bob])
    blocks = actions(button("close"))
    await client.chat_postEphemeral(channel=general.id, user=bob.id, text="Psst", blocks=blocks)
    await bob.click(bob.message(containing="Psst", conversation=general), "close")
    assert heard[0]["container"]["is_ephemeral"] is True
    assert "message" not in heard[0]


async def test_deactivated_person_does_nothing(
    client: AsyncWebClient, workspace: Workspace, bob: Person, heard: list[Json]
) -> None:
    message = await card(client, bob, button("approve"))
    workspace.deactivate(bob)
    with pytest.raises(LookupError, match="bob is deactivated"):
        await bob.click(message, "approve")


async def test_unanswered_click_warns_the_person(
    app: AsyncApp, client: AsyncWebClient, workspace: Workspace, bob: Person
) -> None:
    workspace.ack_seconds = 0.2
    message = await card(client, bob, button("approve"))
    answer = await bob.click(message, "approve")
    assert not answer.acked
    assert answer.warning == "We had some trouble connecting. Try again?"
