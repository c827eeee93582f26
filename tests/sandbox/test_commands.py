"""Slash commands: what the app is told and what the person gets to see."""

import asyncio

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace
from tests.sandbox.pieces import Json


async def test_ack_text_is_seen_by_the_person_alone(
    app: AsyncApp, bob: Person, carol: Person, workspace: Workspace
) -> None:
    @app.command("/hello")
    async def hello(ack: AsyncAck) -> None:
        await ack("Hello there")

    general = workspace.add_channel("general", members=[bob, carol])
    answer = await bob.command("/hello", channel=general)
    assert answer.acked
    assert answer.message is not None
    assert [message.text for message in bob.sees(general)] == ["Hello there"]
    assert carol.sees(general) == []


async def test_in_channel_ack_is_seen_by_everybody(
    app: AsyncApp, bob: Person, carol: Person, workspace: Workspace
) -> None:
    @app.command("/tell")
    async def tell(ack: AsyncAck) -> None:
        await ack(text="News", response_type="in_channel")

    general = workspace.add_channel("general", members=[bob, carol])
    await bob.command("/tell", channel=general)
    assert carol.message(containing="News", conversation=general).ephemeral_to is None


async def test_command_names_who_where_and_what(
    app: AsyncApp, bob: Person, workspace: Workspace
) -> None:
    heard = {}

    @app.command("/hello")
    async def hello(ack: AsyncAck, command: Json) -> None:
        heard.update(command)
        await ack()

    general = workspace.add_channel("general", members=[bob])
    answer = await bob.command("/hello a few words", channel=general)
    assert answer.message is None
    assert (heard["user_id"], heard["user_name"]) == (bob.id, "bob")
    assert (heard["channel_id"], heard["channel_name"]) == (general.id, "general")
    assert (heard["command"], heard["text"]) == ("/hello", "a few words")
    assert heard["team_id"] == workspace.team_id


async def test_command_text_is_escaped(app: AsyncApp, bob: Person, workspace: Workspace) -> None:
    heard = []

    @app.command("/hello")
    async def hello(ack: AsyncAck, command: Json) -> None:
        heard.append(command["text"])
        await ack()

    general = workspace.add_channel("general")
    group = workspace.add_usergroup("reviewers", members=[bob])
    await bob.command("/hello @bob #general @reviewers @nobody a<b & https://example.com/x")
    mentions = f"<@{bob.id}|bob> <#{general.id}|general> <!subteam^{group.id}|@reviewers> @nobody"
    assert heard == [f"{mentions} a&lt;b &amp; <https://example.com/x>"]


async def test_unknown_command_fails_for_the_person(
    app: AsyncApp, bob: Person, workspace: Workspace
) -> None:
    workspace.ack_seconds = 0.2
    answer = await bob.command("/nothing")
    assert not answer.acked
    assert answer.warning == "/nothing failed because the app did not respond."
    assert bob.sees() == []


async def test_late_ack_is_no_ack(app: AsyncApp, bob: Person, workspace: Workspace) -> None:
    workspace.ack_seconds = 0.05
    release = asyncio.Event()

    @app.command("/slow")
    async def slow(ack: AsyncAck) -> None:
        await release.wait()
        await ack("too late")

    answer = await bob.command("/slow")
    release.set()
    assert not answer.acked
    assert answer.took >= 0.05


async def test_ack_beyond_a_limit_is_an_error_for_the_person(app: AsyncApp, bob: Person) -> None:
    @app.command("/long")
    async def long(ack: AsyncAck) -> None:
        header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
        await ack(text="Long", blocks=[header])

    answer = await bob.command("/long")
    assert answer.warning == '/long failed with the error "invalid_blocks"'
    assert bob.sees() == []


async def test_commands_are_never_repeated(
    app: AsyncApp, bob: Person, workspace: Workspace
) -> None:
    workspace.ack_seconds = 0.2
    heard = []

    @app.command("/broken")
    async def broken() -> None:
        heard.append(1)
        workspace.changed()
        raise RuntimeError("broken")

    await bob.command("/broken")
    await workspace.until(lambda: heard)
    assert workspace.events.pending == 0
    assert heard == [1]


async def test_without_any_connection_a_command_fails(workspace: Workspace, bob: Person) -> None:
    assert not (await bob.command("/hello")).acked


async def test_request_url_nobody_listens_at_fails(workspace: Workspace, bob: Person) -> None:
    workspace.request_url = "http://127.0.0.1:9/slack/events"
    assert not (await bob.command("/hello")).acked


async def test_shortcut_reaches_the_app(app: AsyncApp, bob: Person) -> None:
    heard = []

    @app.shortcut("new_request")
    async def new_request(ack: AsyncAck, shortcut: Json) -> None:
        heard.append(shortcut["user"]["id"])
        await ack()

    assert (await bob.shortcut("new_request")).acked
    assert heard == [bob.id]
