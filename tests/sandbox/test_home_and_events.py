"""The home tab, events and their retries."""

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace
from tests.clock import MovedClock
from tests.sandbox.pieces import Json, home, modal


async def test_opening_home_tells_the_app_which_publishes(app: AsyncApp, bob: Person) -> None:
    @app.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=home("Welcome"))

    assert bob.home is None
    assert (await bob.open_home()).acked
    assert bob.home is not None
    assert bob.home.blocks[0]["text"]["text"] == "Welcome"


async def test_publishing_again_keeps_the_view_and_checks_the_hash(
    client: AsyncWebClient, bob: Person
) -> None:
    first = await client.views_publish(user_id=bob.id, view=home("One"))
    old = first["view"]["hash"]
    second = await client.views_publish(user_id=bob.id, view=home("Two"), hash=old)
    assert second["view"]["id"] == first["view"]["id"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_publish(user_id=bob.id, view=home("Three"), hash=old)


async def test_modal_cannot_be_published(client: AsyncWebClient, bob: Person) -> None:
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.views_publish(user_id=bob.id, view=modal())


async def test_event_that_fails_is_repeated_three_times(
    app: AsyncApp, bob: Person, workspace: Workspace
) -> None:
    workspace.ack_seconds = 0.2
    heard = []

    @app.event("app_home_opened")
    async def opened(request: AsyncBoltRequest) -> None:
        heard.append(request.headers.get("x-slack-retry-num", ["0"])[0])
        workspace.changed()
        raise RuntimeError("broken")

    await bob.open_home()
    await workspace.until(lambda: len(heard) == 2 and workspace.events.pending)
    await workspace.events.retry_now()
    await workspace.events.retry_now()
    assert heard == ["0", "1", "2", "3"]
    assert workspace.events.pending == 0


async def test_repeated_event_has_the_same_id_and_a_reason(
    app: AsyncApp, bob: Person, workspace: Workspace
) -> None:
    workspace.ack_seconds = 0.2
    heard = []

    @app.event("app_home_opened")
    async def opened(body: Json, request: AsyncBoltRequest) -> None:
        heard.append((body["event_id"], request.headers.get("x-slack-retry-reason", [""])[0]))
        workspace.changed()
        if len(heard) == 1:
            raise RuntimeError("broken once")

    await bob.open_home()
    await workspace.until(lambda: len(heard) == 2)
    (first, no_reason), (second, reason) = heard
    assert (first, no_reason) == (second, "")
    assert reason in ("http_error", "http_timeout")


async def test_stopping_drops_the_retries_that_wait(clock: MovedClock) -> None:
    async with Workspace(now=clock) as workspace:
        await workspace.add_person("bob", real_name="Bob").open_home()
        await workspace.until(lambda: workspace.events.pending)
    assert workspace.events.pending == 0


async def test_app_hears_only_what_it_subscribed_to(
    app: AsyncApp, bob: Person, carol: Person, workspace: Workspace
) -> None:
    heard = []

    @app.event("subteam_members_changed")
    async def changed(event: Json) -> None:
        heard.append(event)
        workspace.changed()

    group = workspace.add_usergroup("reviewers", members=[bob])
    workspace.change_usergroup(group, members=[bob, carol])
    workspace.bot_events.add("subteam_members_changed")
    workspace.change_usergroup(group, members=[carol])
    await workspace.until(lambda: heard)
    assert [event["removed_users"] for event in heard] == [[bob.id]]
