"""Answers to commands and clicks by response URL."""

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace
from tests.clock import MovedClock
from tests.sandbox.pieces import Json, actions, button, text


@pytest.fixture
async def url(app: AsyncApp, bob: Person) -> str:
    """The response URL of a command of Bob's."""
    urls: list[str] = []

    @app.command("/hello")
    async def hello(ack: AsyncAck, command: Json) -> None:
        urls.append(command["response_url"])
        await ack()

    await bob.command("/hello")
    return urls[0]


async def test_answer_is_for_the_person_alone_unless_asked_otherwise(url: str, bob: Person) -> None:
    webhook = AsyncWebhookClient(url)
    await webhook.send(text="For you")
    await webhook.send(text="For all", response_type="in_channel")
    assert [(m.text, m.ephemeral_to) for m in bob.sees()] == [
        ("For you", bob.id),
        ("For all", None),
    ]


async def test_sixth_answer_is_refused(url: str, bob: Person) -> None:
    webhook = AsyncWebhookClient(url)
    answers = [await webhook.send(text=str(number)) for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5].body
    assert len(bob.sees()) == 5


async def test_answer_after_half_an_hour_is_refused(
    url: str, bob: Person, clock: MovedClock
) -> None:
    webhook = AsyncWebhookClient(url)
    clock.move(minutes=30)
    assert (await webhook.send(text="Just in time")).status_code == 200
    clock.move(seconds=1)
    late = await webhook.send(text="Too late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_command_has_no_original_to_replace(url: str, bob: Person) -> None:
    webhook = AsyncWebhookClient(url)
    await webhook.send(text="One")
    await webhook.send(text="Two", replace_original=True)
    assert [message.text for message in bob.sees()] == ["One", "Two"]


async def test_answer_beyond_a_limit_is_refused(url: str, bob: Person) -> None:
    header = {"type": "header", "text": text("x" * 151)}
    answer = await AsyncWebhookClient(url).send(text="x", blocks=[header])
    assert (answer.status_code, "invalid_blocks" in answer.body) == (400, True)
    assert bob.sees() == []


async def clicked_url(app: AsyncApp, person: Person) -> str:
    urls: list[str] = []

    @app.action("go")
    async def go(ack: AsyncAck, body: Json) -> None:
        urls.append(body["response_url"])
        await ack()

    await person.click(person.message(containing="Press"), "go")
    return urls[0]


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ({"replace_original": True}, ["New"]),
        ({}, ["New"]),
        ({"replace_original": False}, ["Card", "New"]),
        ({"delete_original": True}, []),
    ],
)
async def test_answer_to_a_click_replaces_adds_or_deletes(
    app: AsyncApp, client: AsyncWebClient, bob: Person, answer: Json, seen: list[str]
) -> None:
    await client.chat_postMessage(channel=bob.id, text="Card", blocks=actions(button("go")))
    await AsyncWebhookClient(await clicked_url(app, bob)).send(text="New", **answer)
    assert [message.text for message in bob.sees()] == seen


async def test_a_replaced_message_keeps_no_metadata_but_what_it_is_given(
    app: AsyncApp, client: AsyncWebClient, bob: Person
) -> None:
    kept = {"event_type": "card", "event_payload": {"key": "7"}}
    blocks = actions(button("go"))
    await client.chat_postMessage(channel=bob.id, text="Card", blocks=blocks, metadata=kept)
    message = bob.message(containing="Card")
    answer = AsyncWebhookClient(await clicked_url(app, bob))
    await answer.send_dict({"text": "New", "replace_original": True, "metadata": kept})
    assert message.metadata == kept
    await answer.send_dict({"text": "Newer", "replace_original": True})
    assert message.metadata is None


async def test_ephemeral_original_stays_ephemeral_when_replaced(
    app: AsyncApp, url: str, bob: Person
) -> None:
    blocks = actions(button("go", "Press"))
    await AsyncWebhookClient(url).send(text="Psst", blocks=blocks)
    message = bob.message(containing="Psst")
    answer = AsyncWebhookClient(await clicked_url(app, bob))
    await answer.send(text="Done", replace_original=True)
    assert (message.text, message.blocks, message.ephemeral_to) == ("Done", [], bob.id)


async def test_lost_answer_may_have_been_shown(url: str, bob: Person, workspace: Workspace) -> None:
    workspace.faults.add("response_url", "drop_after")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.post(url, json={"text": "Hello"})
    assert bob.message(containing="Hello")
