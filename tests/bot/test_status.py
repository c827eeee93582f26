"""`mp-approvals status`: one screen of how the bot is, and what has to be looked at."""

import json
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

from bot.version import version
from store import replicas
from store.domain.clock import utc_now
from store.domain.policy import Policy
from store.engine.database import Database
from store.replicas import Replica
from tests.bot.installation import Installation

HOUR = timedelta(hours=1)


async def beat(installed: Installation, *said: Replica) -> None:
    """These processes have said how they are."""
    async with AsyncExitStack() as stack:
        db = Database(installed.environment["DATABASE_URL"])
        stack.push_async_callback(db.dispose)
        async with db.transaction() as session:
            for each in said:
                await replicas.beat(session, each)


def well(installed: Installation) -> Replica:
    """A process as it should be; its clock is ahead, so that a slow machine makes it no older."""
    text = (installed.folder / "policy.toml").read_text("utf-8")
    now = utc_now() + HOUR
    return Replica("a" * 32, now, Policy.parse(text).sha256, version(), now, now, connected=True)


async def test_all_is_well(installed: Installation) -> None:
    await beat(installed, well(installed))
    typed = await installed.types("status")
    assert typed.code == 0, typed.words
    assert typed.words.endswith("All is well.\n")
    for said in (
        f"version       {version()}",
        "store         SQLite, schema 00",
        ", current",
        "policy        policy.toml of ",
        "ways in       Socket Mode\n",
        "requests      0 open, 0 overdue",
        "messages      none owed; 0 given up",
        "last digest   none in 30 days",
        "replica       aaaaaaaa alive 0s ago",
        "Socket Mode connected; Slack heard 0s ago",
    ):
        assert said in typed.words


async def test_a_deaf_socket_a_paused_hook_and_an_old_replica(installed: Installation) -> None:
    url = "https://platform.example/hook"
    await installed.types("hooks", "add", url, "--events", "all")
    await installed.types("hooks", "pause", url)
    good = well(installed)
    deaf = replace(good, id="d" * 32, connected=False, heard_at=good.beat_at - 8.5 * HOUR)
    old = replace(good, id="e" * 32, version="0.0.9", policy_sha256="5f" * 32)
    gone = replace(good, id="f" * 32, beat_at=good.beat_at - 6.5 * HOUR, connected=False)
    await beat(installed, good, deaf, old, gone)

    typed = await installed.types("status")
    assert typed.code == 1
    assert "hook          https://platform.example/hook; paused: by an operator" in typed.words
    assert "dddddddd alive 0s ago" in typed.words
    assert "Socket Mode not connected; Slack heard 7h ago" in typed.words
    assert "ffffffff silent, 5h ago" in typed.words

    as_json = json.loads((await installed.types("status", "--json")).words)
    assert as_json["problems"] == [
        "Replica dddddddd is not connected to Slack: run `mp-approvals doctor`.",
        f"Replica eeeeeeee runs version 0.0.9, and here is {version()}.",
        "Replica eeeeeeee goes by another policy than policy.toml.",
        f"The hook {url} is paused (by an operator): `mp-approvals hooks resume`.",
    ]
    assert [each["alive"] for each in as_json["replicas"]] == [True, True, True, False]
    assert as_json["hooks"][0]["paused_why"] == "by an operator"
    assert all(problem in typed.words for problem in as_json["problems"])


async def test_nobody_runs_and_the_policy_is_broken(installed: Installation) -> None:
    (installed.folder / "policy.toml").write_text("reviewers = no", "utf-8")
    typed = await installed.types("status")
    assert typed.code == 1
    assert "No bot runs on this store: `mp-approvals run` starts one." in typed.words
    assert "The policy file cannot be used. POLICY_FILE policy.toml" in typed.words


async def test_an_empty_store_is_told_of(installed: Installation, empty_postgres: str) -> None:
    installed.environment["DATABASE_URL"] = empty_postgres
    typed = await installed.types("status")
    assert typed.code == 1
    assert "PostgreSQL, schema none, not current" in typed.words
    assert "The schema is not current: run `mp-approvals migrate`." in typed.words
    assert json.loads((await installed.types("status", "--json")).words)["requests"] is None
