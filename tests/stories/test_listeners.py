"""Whatever we draw or announce has somebody who answers it, and listeners ask only for what is."""

import inspect
from typing import Any

import pytest
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from blocks import buttons, decision_form, request_form
from bot.sandbox import payloads
from bot.sandbox.acks import Ack
from bot.sandbox.people import Person
from tests.team import Team

NOBODY_ANSWERS = 0.1
"""Seconds to wait for the answer that must not come."""
VIEWS = (request_form.CALLBACK_ID, decision_form.CALLBACK_ID)


async def clicked(person: Person, action_id: str, value: str) -> Ack:
    """A click as Slack sends it, whether we draw such a button or not."""
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": value}
    payload = payloads.interaction("block_actions", person) | {"actions": [action]}
    payload |= {"trigger_id": person.workspace.triggers.new(person.id)}
    return await person.workspace.deliver("interactive", payload)


async def submitted(person: Person, callback_id: str) -> Ack:
    """A form as Slack sends it, with nothing filled in."""
    view = {"id": "V1", "type": "modal", "callback_id": callback_id, "private_metadata": ""}
    values = {"reason": {"reason": {"type": "plain_text_input", "value": None}}}
    payload = payloads.interaction("view_submission", person)
    payload |= {"view": {**view, "state": {"values": values}}}
    return await person.workspace.deliver("interactive", payload)


async def test_every_button_has_a_listener_that_survives_any_value(team_once: Team) -> None:
    for action_id in buttons.ALL_ACTIONS:
        for value in ("1:1", "", "999:1", "<!channel>", "mine - "):
            assert (await clicked(team_once.mallory, action_id, value)).acked, action_id
    team_once.workspace.ack_seconds = NOBODY_ANSWERS
    assert not (await clicked(team_once.mallory, "request.unknown", "1:1")).acked


async def test_every_form_has_a_listener(team_once: Team) -> None:
    for callback_id in VIEWS:
        answer = await submitted(team_once.mallory, callback_id)
        assert (answer.body or {}).get("response_action") == "errors", callback_id
    team_once.workspace.ack_seconds = NOBODY_ANSWERS
    assert not (await submitted(team_once.mallory, "request.unknown")).acked


async def test_the_command_the_shortcut_and_the_event_have_listeners(team: Team) -> None:
    assert (await team.alice.command("/mp-requests help")).acked
    assert (await team.alice.shortcut("request.new")).acked
    assert (await team.alice.open_home()).acked
    assert team.alice.home is not None
    team.workspace.ack_seconds = NOBODY_ANSWERS
    assert not (await team.alice.command("/mp-unknown")).acked
    assert not (await team.alice.shortcut("request.unknown")).acked


async def test_listeners_ask_only_for_arguments_that_exist(team_once: Team) -> None:
    given = {name for name in AsyncArgs.__annotations__ if name != "next_"} | {"deps"}

    listeners: list[Any] = team_once.bot.app._async_listeners
    assert len(listeners) > len(buttons.ALL_ACTIONS)
    for listener in listeners:
        asked = set(inspect.signature(listener.ack_function).parameters)
        assert asked <= given, f"{listener.ack_function.__name__} asks for {asked - given}"


async def test_buttons_without_a_request_behind_them_change_nothing(
    team_once: Team, caplog: pytest.LogCaptureFixture
) -> None:
    request = await team_once.submit()

    for action_id in buttons.ALL_ACTIONS:
        await clicked(team_once.bob, action_id, "")
    await team_once.settle()

    assert all("Under Review" in shown for shown in team_once.copies(request))
    assert "Traceback" not in caplog.text
