"""Stopping and starting: what is in hand is finished, the rest is left to others, none waits."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from bot.sandbox.workspace import Workspace
from bot.web_server import listening
from store.engine.database import Database
from store.tables import OutboxRow
from tests.bot.installation import Installation, installation
from tests.bot.sending import rows
from tests.bot.test_socket_mode import every_place_taken
from tests.harness_slack import Team
from tests.harness_store import new_submission

pytestmark = pytest.mark.slow

POST = "chat.postMessage"


@pytest.fixture
async def on_each(database_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """An operator's own on both databases."""
    async with Workspace() as workspace:
        yield installation(workspace, tmp_path, database_url)


async def outbox(installed: Installation) -> list[OutboxRow]:
    """Every message, read from outside the bot."""
    db = Database(installed.environment["DATABASE_URL"])
    async with db.snapshot() as session:
        found = list((await session.exec(select(OutboxRow))).all())
    await db.dispose()
    return found


async def import_four(installed: Installation) -> None:
    """Four requests from the platform, their cards owed: more than one round of sending."""
    dan = installed.people["dan"].email
    file = installed.folder / "four.jsonl"
    handed = [new_submission(submitted_by=dan, external_id=name) for name in "abcd"]
    file.write_text("\n".join(each.model_dump_json() for each in handed), encoding="utf-8")
    assert (await installed.types("import", str(file))).code == 0


async def test_what_is_being_sent_is_finished_and_the_rest_left_to_others(
    on_each: Installation,
) -> None:
    await import_four(on_each)
    on_each.workspace.faults.add(POST, "delay", seconds=2.0, times=99)
    async with on_each.running() as bot:
        (slow,) = on_each.workspace.faults.planned()
        await on_each.workspace.until(lambda: slow.times < 99)
        bot.process.send_signal(signal.SIGTERM)
        code, words = await bot.ended()

    left = await outbox(on_each)
    assert (code, "Traceback" in words) == (0, False), words
    assert {(row.state, row.doubtful, row.lease_until) for row in left} == {
        ("sent", False, None),
        ("pending", False, None),
    }


async def test_a_message_cut_off_is_looked_for_and_one_not_begun_is_just_sent(team: Team) -> None:
    team.workspace.faults.add(POST, "delay", seconds=5, times=2)
    await team.store()
    sending = asyncio.create_task(team.bot.dispatcher.run_once())
    await team.workspace.until(lambda: not team.workspace.faults.planned())
    sending.cancel()
    await asyncio.wait([sending])

    assert all(row.state in {"sent", "pending"} for row in (await rows(team)).values())
    assert sum(row.doubtful for row in (await rows(team)).values()) >= 2


async def test_an_answer_in_the_making_goes_out_before_socket_mode_ends(
    installed: Installation,
) -> None:
    bob = installed.people["bob"]
    async with installed.running() as bot:
        installed.workspace.faults.add("views.open", "delay", seconds=1.0)
        typing = asyncio.create_task(bob.command("/mp-requests new"))
        await installed.workspace.until(lambda: not installed.workspace.faults.planned())
        bot.process.send_signal(signal.SIGTERM)
        answer = await typing
        code, _ = await bot.ended()

    assert (answer.acked, code) == (True, 0)
    assert answer.view is not None


async def test_the_first_click_after_a_start_asks_slack_nothing(installed: Installation) -> None:
    async with installed.running() as bot:
        installed.workspace.faults.add("auth.test", "status", status=500, times=9)
        answer = await installed.people["dan"].command("/mp-requests help")
        bot.process.send_signal(signal.SIGTERM)
        await bot.ended()

    assert answer.message is not None
    assert "What" in answer.message.text


async def test_a_restart_does_not_wait_for_a_slow_slack(installed: Installation) -> None:
    async with installed.running() as bot:
        bot.process.kill()
        await bot.ended()
    installed.workspace.faults.add("usergroups.users.list", "delay", seconds=600)
    installed.workspace.faults.add("users.info", "delay", seconds=600, times=9)
    async with installed.running():
        assert (await installed.people["bob"].command("/mp-requests approvals")).acked


async def test_while_slack_says_no_hello_the_process_answers_and_can_be_stopped(
    installed: Installation,
) -> None:
    with listening("127.0.0.1", 0) as free:
        port = str(free.getsockname()[1])
    async with every_place_taken(installed.workspace):
        opened = len(installed.workspace.calls)
        async with installed.starting("run", "--port", port) as process, httpx.AsyncClient() as ask:
            await installed.workspace.until(lambda: len(installed.workspace.calls) > opened + 3)
            alive = await ask.get(f"http://127.0.0.1:{port}/healthz")
            process.send_signal(signal.SIGTERM)
            words, _ = await process.communicate()
    assert (alive.status_code, process.returncode) == (200, 0), words.decode()
    assert "Traceback" not in words.decode()


async def test_a_start_outlasts_a_moment_of_slacks_trouble(installed: Installation) -> None:
    installed.workspace.faults.add("auth.test", "status", status=503)
    installed.workspace.faults.add("auth.test", "status", status=429, retry_after=1)
    installed.workspace.faults.add("apps.connections.open", "drop_before")
    async with installed.running() as bot:
        answer = await installed.people["bob"].command("/mp-requests help")
        bot.process.send_signal(signal.SIGTERM)
        code, words = await bot.ended()

    assert (answer.acked, code) == (True, 0)
    for needless in ("will be unused", "will be ignored"):
        assert needless not in words, "Bolt's word about a token that we gave it ourselves"
