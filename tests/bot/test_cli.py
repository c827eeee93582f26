"""The command line: what an operator types, what is said, and how it ends."""

import io
import json
import os
import socket
import sys

import pytest

from bot.cli import output
from bot.cli.local_workspace import CAST
from bot.cli.manifest import EVENTS, SCOPES
from tests.bot.installation import Installation
from tests.cast import NAMES


async def test_the_manifest_of_socket_mode_names_no_address(installed: Installation) -> None:
    typed = await installed.types("manifest")
    manifest = json.loads(typed.words)

    assert typed.code == 0
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "url" not in typed.words.replace("redirect_urls", "")
    assert manifest["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    (command,) = manifest["features"]["slash_commands"]
    assert (command["command"], command["should_escape"]) == ("/mp-requests", True)
    hint = "new | mine | approvals | list | export | show MP-12 | help"
    assert command["usage_hint"] == hint
    shortcuts = [(each["type"], each["callback_id"]) for each in manifest["features"]["shortcuts"]]
    assert shortcuts == [("global", "request.new"), ("message", "request.find")]
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)


async def test_the_manifest_of_signed_http_names_one_address(installed: Installation) -> None:
    manifest = json.loads((await installed.types("manifest", "--url", "https://us.example/")).words)

    address = "https://us.example/slack/events"
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is False
    assert manifest["features"]["slash_commands"][0]["url"] == address
    assert settings["interactivity"]["request_url"] == address
    assert settings["event_subscriptions"]["request_url"] == address


@pytest.mark.parametrize(
    "url",
    ["http://us.example", "us.example", "https://", "https://localhost", "https://us.example:x"],
)
async def test_the_manifest_insists_on_an_https_address(installed: Installation, url: str) -> None:
    typed = await installed.types("manifest", "--url", url)
    assert typed.code == 1
    assert typed.words.startswith(f"Slack cannot call --url {url}: give https://")


async def test_the_manifest_takes_the_whole_address_too(installed: Installation) -> None:
    whole = await installed.types("manifest", "--url", "https://us.example/slack/events")
    assert whole == await installed.types("manifest", "--url", "https://us.example")


async def test_migrate_brings_the_schema_to_head(
    installed: Installation, empty_postgres: str
) -> None:
    installed.environment["DATABASE_URL"] = empty_postgres
    before = await installed.types("run", "--port", "0")
    migrated = [await installed.types("migrate") for _ in range(2)]
    after = await installed.types("doctor")

    assert before.code == 1
    assert before.words == "The database schema is not current: run `mp-approvals migrate`."
    assert {typed.code for typed in migrated} == {0}
    assert migrated[0].words == "The database schema is current.\n"
    assert after.code == 0


async def test_without_words_the_commands_are_listed(installed: Installation) -> None:
    words = (await installed.types()).words
    for command in ("run", "import", "migrate", "manifest", "doctor", "demo"):
        assert f" {command} " in words


async def test_a_port_that_is_taken_is_named(installed: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        typed = await installed.types("run", "--port", str(port))

    assert typed.code == 1
    assert typed.words == f"Cannot listen on 127.0.0.1:{port}: Address already in use."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-wrong", "Slack refused: invalid_auth. `mp-approvals doctor`"),
        ("SLACK_APP_TOKEN", "xapp-wrong", "Slack refused: invalid_auth. `mp-approvals doctor`"),
        ("SLACK_APP_TOKEN", "", "Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET"),
        ("SLACK_API_URL", "http://127.0.0.1:9/api", "Slack does not answer (ClientConnectorError"),
        ("DATABASE_URL", "postgresql://u:word@127.0.0.1:9/x", "The database cannot be used (Oper"),
        ("POLICY_FILE", "none.toml", "POLICY_FILE: there is no none.toml."),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL is not a log level"),
    ],
)
async def test_what_keeps_the_bot_from_running_is_one_sentence(
    installed: Installation, name: str, value: str, sentence: str
) -> None:
    installed.environment[name] = value
    typed = await installed.types("run", "--port", "0")

    assert typed.code == 1
    assert typed.words.splitlines()[-1].startswith(sentence)
    assert "Traceback" not in typed.words
    assert ":word@" not in typed.words


def test_the_demo_plays_with_the_cast_of_the_tests() -> None:
    assert CAST.items() <= NAMES.items()


def test_words_for_a_reader_who_has_left_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of `| head`: what somebody reads decides nothing over the work."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="ascii") as out:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        output.prepare()
        os.close(reading)
        print("漢字 " * 10_000)  # noqa: T201 - as a command does
        sys.stdout.flush()
        monkeypatch.undo()
