"""The doctor: all is well, or what to do about each thing that is not."""

from collections.abc import Callable

import pytest

from bot.sandbox.state.ids import BOT_USER_ID
from tests.bot.installation import Installation

Spoil = Callable[[Installation], object]


async def test_a_whole_installation_is_well(installed: Installation) -> None:
    typed = await installed.types("doctor")

    assert typed.code == 0
    assert {line[:3] for line in typed.words.splitlines()} == {"ok "}
    for looked_at in ("SLACK_BOT_TOKEN", "database", "scopes", "channel #reviews", "user group S"):
        assert looked_at in typed.words


def _set(name: str, value: str) -> Spoil:
    return lambda installed: installed.environment.update({name: value})


def _policy(**unlike: str) -> Spoil:
    return lambda installed: installed.policy(**unlike)


def _lacking_a_scope(installed: Installation) -> None:
    installed.workspace.scopes.discard("users:read.email")


def _with_ada_gone(installed: Installation) -> None:
    installed.workspace.deactivate(installed.people["ada"])


def _outside_the_channel(installed: Installation) -> None:
    installed.reviews.members.remove(BOT_USER_ID)


TOKEN = "Slack answered invalid_auth: copy the Bot User OAuth Token again."
AWAY = "Slack answered ClientConnectorError"
NO_GROUP = "Slack answered no_such_subteam. Check its id in the policy file."


@pytest.mark.parametrize(
    ("spoil", "finding", "remedy"),
    [
        (_set("SLACK_BOT_TOKEN", ""), "SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN is missing"),
        (_set("SLACK_BOT_TOKEN", "xoxb-1"), "the bot token", TOKEN),
        (_set("SLACK_APP_TOKEN", "xapp-1"), "the app-level token", "connections:write"),
        (_set("SLACK_APP_TOKEN", ""), "a way in for Slack", "Set SLACK_APP_TOKEN (Socket Mode)"),
        (_set("SLACK_API_URL", "http://127.0.0.1:9/"), "the bot token", AWAY),
        (_set("DATABASE_URL", "postgresql://u@127.0.0.1:9/x"), "the database", "is it up, and"),
        (_set("POLICY_FILE", "none.toml"), "the policy file", "there is no none.toml"),
        (_policy(timezone='"Mars"'), "the policy file", "'Mars' is not a time zone"),
        (_policy(reviewers="[]", admins="[]"), "reviewers", "Name reviewers under [workspace]."),
        (_policy(reviewers='["S0"]'), "user group S0", NO_GROUP),
        (_policy(admins='["U0"]'), "member U0", "Slack answered user_not_found: check the id"),
        (_policy(channel='"C0"'), "channel C0", "Slack answered channel_not_found: check the id"),
        (_lacking_a_scope, "scopes", "Add users:read.email under OAuth & Permissions, then"),
        (_with_ada_gone, "member U", "This person has left Slack: take them out"),
        (_outside_the_channel, "channel #reviews", "type /invite @Mini Program Approvals there."),
    ],
)
async def test_what_is_not_well_comes_with_what_to_do(
    installed: Installation, spoil: Spoil, finding: str, remedy: str
) -> None:
    spoil(installed)
    typed = await installed.types("doctor")

    assert typed.code == 1
    lines = typed.words.splitlines()
    (at,) = [n for n, line in enumerate(lines) if line.startswith(f"NO  {finding}")]
    assert remedy in lines[at + 1]


async def test_a_postgresql_that_is_not_migrated_is_named(
    installed: Installation, empty_postgres: str
) -> None:
    installed.environment["DATABASE_URL"] = empty_postgres
    typed = await installed.types("doctor")

    assert typed.code == 1
    assert "NO  the database\n    Run mp-approvals migrate.\n" in typed.words
