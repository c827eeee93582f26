"""Whatever we draw or announce has somebody who answers it, and listeners ask only for what is."""

import inspect
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from slack_bolt.kwargs_injection.async_args import AsyncArgs

import blocks
from blocks import buttons, home, queue, request_details
from blocks.request_form.steps import Step
from bot.sandbox.actions.people import Person
from bot.sandbox.delivery import payloads
from bot.sandbox.delivery.acks import Ack
from tests.harness_slack import Team

NOBODY_ANSWERS = 0.5
"""Seconds to wait for the answer that must not come."""


def forms() -> set[str]:
    """The callback id of every view of ours that can be submitted."""
    modules = [import_module(f"blocks.{found.name}") for found in iter_modules(blocks.__path__)]
    named = {module.CALLBACK_ID for module in modules if hasattr(module, "CALLBACK_ID")}
    only_shown = {request_details.CALLBACK_ID, home.CALLBACK_ID, queue.CALLBACK_ID}
    return (named | set(map(str, Step))) - only_shown


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
    assert {"request.form.check", "decision.reject"} <= forms()
    for callback_id in forms():
        assert (await submitted(team_once.mallory, callback_id)).acked, callback_id
    team_once.workspace.ack_seconds = NOBODY_ANSWERS
    assert not (await submitted(team_once.mallory, "request.unknown")).acked


async def test_the_command_the_shortcut_and_the_event_have_listeners(team_once: Team) -> None:
    assert (await team_once.alice.command("/mp-requests help")).acked
    assert (await team_once.alice.shortcut("request.new")).acked
    team_once.workspace.post(team_once.reviews, {"text": "hello"}, user=team_once.ada.id)
    hello = team_once.ada.message(containing="hello", conversation=team_once.reviews)
    assert (await team_once.ada.message_shortcut("request.find", hello)).acked
    assert (await team_once.alice.open_home()).acked
    await team_once.send_all()
    assert team_once.alice.home is not None
    team_once.workspace.ack_seconds = NOBODY_ANSWERS
    assert not (await team_once.alice.command("/mp-unknown")).acked
    assert not (await team_once.alice.shortcut("request.unknown")).acked


async def test_listeners_ask_only_for_arguments_that_exist(team_once: Team) -> None:
    given = {name for name in AsyncArgs.__annotations__ if name != "next_"} | {"deps"}

    listeners: list[Any] = team_once.bot.app._async_listeners
    assert listeners
    for listener in listeners:
        asked = set(inspect.signature(listener.ack_function).parameters)
        assert asked <= given, f"{listener.ack_function.__name__} asks for {asked - given}"


async def test_buttons_without_a_request_behind_them_change_nothing(
    team_once: Team, caplog: pytest.LogCaptureFixture
) -> None:
    request = await team_once.submit()
    team_once.workspace.ack_seconds = NOBODY_ANSWERS

    for action_id in buttons.ALL_ACTIONS:
        await clicked(team_once.bob, action_id, "")
    await team_once.send_all()

    assert all("Under Review" in shown for shown in team_once.copies(request))
    assert "Traceback" not in caplog.text
