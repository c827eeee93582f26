"""views.* seen from the app: triggers, hashes, limits, names."""

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace
from tests.clock import MovedClock
from tests.sandbox.pieces import Json, modal


async def test_trigger_expires_after_three_seconds(
    app: AsyncApp, bob: Person, clock: MovedClock
) -> None:
    codes = []

    @app.command("/late")
    async def late(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        clock.move(seconds=3.1)
        with pytest.raises(SlackApiError) as refused:
            await client.views_open(trigger_id=body["trigger_id"], view=modal())
        codes.append(refused.value.response["error"])
        await ack()

    await bob.command("/late")
    assert codes == ["expired_trigger_id"]
    assert bob.views == []


async def test_trigger_is_good_for_one_view(app: AsyncApp, bob: Person) -> None:
    codes = []

    @app.command("/twice")
    async def twice(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        for trigger_id in (body["trigger_id"], "1.2.3"):
            with pytest.raises(SlackApiError) as refused:
                await client.views_open(trigger_id=trigger_id, view=modal())
            codes.append(refused.value.response["error"])
        await ack()

    await bob.command("/twice")
    assert codes == ["exchanged_trigger_id", "invalid_trigger_id"]


async def test_push_needs_a_trigger_from_a_modal(app: AsyncApp, bob: Person) -> None:
    codes = []

    @app.command("/push")
    async def push(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        with pytest.raises(SlackApiError) as refused:
            await client.views_push(trigger_id=body["trigger_id"], view=modal())
        codes.append(refused.value.response["error"])
        await ack()

    await bob.command("/push")
    assert codes == ["not_found"]


async def test_update_of_an_old_version_is_a_conflict(
    workspace: Workspace, bob: Person, client: AsyncWebClient
) -> None:
    view = workspace.views.open(bob.id, modal(external_id="form-1"))
    old = view.hash
    await client.views_update(external_id="form-1", hash=old, view=modal(title="New"))
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=view.id, hash=old, view=modal(title="Newer"))
    assert view.title == "New"


async def test_closed_view_cannot_be_updated(
    workspace: Workspace, bob: Person, client: AsyncWebClient
) -> None:
    view = workspace.views.open(bob.id, modal())
    await bob.close(view)
    with pytest.raises(SlackApiError, match="not_found"):
        await client.views_update(view_id=view.id, view=modal())


async def test_view_beyond_a_limit_is_refused_with_a_pointer(
    workspace: Workspace, bob: Person, client: AsyncWebClient
) -> None:
    trigger = workspace.triggers.new(bob.id)
    too_long = modal(title="A title that is far too long")
    with pytest.raises(SlackApiError) as refused:
        await client.views_open(trigger_id=trigger, view=too_long)
    assert "json-pointer:/view/title" in refused.value.response["response_metadata"]["messages"][0]
    assert bob.views == []


async def test_external_id_is_unique(
    workspace: Workspace, bob: Person, carol: Person, client: AsyncWebClient
) -> None:
    workspace.views.open(bob.id, modal(external_id="only"))
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        await client.views_open(
            trigger_id=workspace.triggers.new(carol.id), view=modal(external_id="only")
        )
