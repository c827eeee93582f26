"""The download loop on bad days: killed half-way, Slack away, not allowed. One file, or a word."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.exports.loop import ATTEMPTS
from store import exports
from store.domain.export import ExportState
from store.exports import LEASE
from store.messages import outbox_admin
from store.tables import OutboxState
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack

pytestmark = pytest.mark.slow


@pytest.fixture
async def team(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """The team with one request, which bob has asked to download."""
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="socket_mode") as together:
        await together.submit()
        await together.bob.command("/mp-requests export")
        clock.move(seconds=3)
        await together.send_all()
        yield together


async def made(team: Team, *, after: timedelta = timedelta()) -> int:
    """One look of the loop, some time later, and the news of it sent."""
    team.clock.move(seconds=after.total_seconds())
    count = await team.bot.export_loop.run_once()
    await team.send_all()
    return count


def shared(team: Team) -> list[str]:
    """The names of the files bob sees."""
    return [file["name"] for message in team.bob.sees() for file in message.files]


def told(team: Team) -> str:
    """What bob reads of his download, in the one message of it."""
    (message,) = (m for m in team.bob.sees() if "ownload" in m.text and not m.ephemeral_to)
    return team.words(message)


def asked(team: Team) -> list[str]:
    """Every method the bot has called."""
    return [call.method for call in team.workspace.calls]


async def state(team: Team) -> ExportState:
    async with team.bot.db.snapshot() as session:
        return (await exports.find(session, 1)).state


async def test_a_download_left_by_a_dead_bot_is_made_when_its_lease_ends(team: Team) -> None:
    await exports.claim(team.bot.db, owner="dead", now=team.clock())
    assert await made(team) == 0
    assert await made(team, after=LEASE) == 1
    assert shared(team) == ["requests-2026-11-20.csv"]


async def test_a_bot_killed_after_sharing_does_not_share_again(team: Team) -> None:
    team.workspace.faults.add("files.completeUploadExternal", "drop_after")
    assert await made(team) == 1
    assert await state(team) is ExportState.WAITING
    assert await made(team, after=timedelta(seconds=10)) == 1
    assert (await state(team), shared(team)) == (ExportState.DONE, ["requests-2026-11-20.csv"])


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("conversations.open", {"kind": "drop_before"}),
        ("files.getUploadURLExternal", {"kind": "status", "status": 500}),
        ("upload_url", {"kind": "status", "status": 503}),
        ("upload_url", {"kind": "drop_after"}),
        ("files.completeUploadExternal", {"kind": "drop_before"}),
        ("files.completeUploadExternal", {"kind": "status", "status": 429, "retry_after": 30}),
    ],
)
async def test_trouble_with_slack_passes(team: Team, method: str, fault: dict[str, Any]) -> None:
    team.workspace.faults.add(method, **fault)
    await made(team)
    assert shared(team) == []
    assert "Preparing your download" in told(team)
    await made(team, after=timedelta(seconds=31))
    assert shared(team) == ["requests-2026-11-20.csv"]
    assert "Your download is here" in told(team)


async def test_without_the_permission_the_asker_hears_at_once_what_to_do(team: Team) -> None:
    team.workspace.scopes.discard("files:write")
    await made(team)
    assert "files:write" in told(team)
    assert await state(team) is ExportState.FAILED


async def test_what_slack_will_never_take_is_told_with_its_reason(team: Team) -> None:
    team.workspace.faults.add(
        "files.completeUploadExternal", "status", error="file_upload_size_restricted"
    )
    await made(team)
    assert "Slack did not take the file (file_upload_size_restricted)" in told(team)
    assert await made(team, after=timedelta(hours=1)) == 0


async def test_trouble_that_does_not_pass_ends_with_a_word(team: Team) -> None:
    team.workspace.faults.add("conversations.open", "status", times=ATTEMPTS, status=500)
    for _ in range(ATTEMPTS):
        assert await made(team, after=timedelta(minutes=10)) == 1
    assert "could not be sent" in told(team)
    assert await state(team) is ExportState.FAILED


async def test_a_maker_that_fails_is_tried_again_and_then_told(
    team: Team, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # the maker cannot even start
    for _ in range(ATTEMPTS):
        assert await made(team, after=timedelta(minutes=1)) == 1
    assert "Something went wrong on our side" in told(team)
    assert "the maker ended with" in caplog.text


async def test_a_download_that_kills_its_makers_is_given_up(team: Team) -> None:
    for attempt in range(ATTEMPTS):
        moment = team.clock() + LEASE * attempt
        await exports.claim(team.bot.db, owner="dying", now=moment)
    await made(team, after=LEASE * ATTEMPTS)
    assert await state(team) is ExportState.FAILED


async def test_a_bot_that_stops_gives_back_what_it_holds(team: Team) -> None:
    async with busy(team):
        pass
    assert await state(team) is ExportState.WAITING
    await made(team)
    assert shared(team) == ["requests-2026-11-20.csv"]


async def test_the_asker_hears_how_far_it_is(team: Team) -> None:
    team.bot.export_loop.progress_seconds = 0.0
    before = told(team)
    async with busy(team):
        await team.send_all()
        assert told(team) == f"{before}\n1 request so far"


@asynccontextmanager
async def busy(team: Team) -> AsyncIterator[None]:
    """The loop while it sends a file that Slack takes very slowly; stopped in the end."""
    team.workspace.faults.add("upload_url", "delay", seconds=30.0)
    work = asyncio.create_task(team.bot.export_loop.run())
    await team.workspace.until(lambda: "files.getUploadURLExternal" in asked(team))
    yield
    work.cancel()
    await asyncio.wait([work])
    team.workspace.faults.clear()


async def test_the_loop_makes_what_is_asked_for_as_soon_as_it_is(team: Team) -> None:
    work = asyncio.create_task(team.bot.export_loop.run())
    await team.workspace.until(lambda: shared(team))
    await team.alice.command("/mp-requests export mine")
    await team.workspace.until(lambda: any(m.files for m in team.alice.sees()))
    work.cancel()
    await asyncio.wait([work])
    await team.send_all()


async def test_a_progress_message_posted_twice_in_doubt_is_one_and_ends_right(team: Team) -> None:
    team.workspace.faults.add("chat.postMessage", "drop_after")
    await team.alice.command("/mp-requests export mine")
    team.clock.move(seconds=3)
    await team.send_all()
    while await made(team):
        pass
    await made(team, after=timedelta(seconds=10))
    await made(team, after=timedelta(seconds=10))
    said = [m.text for m in team.alice.sees() if "download" in m.text and not m.ephemeral_to]
    assert [text.split(" ·")[0] for text in said] == ["✅ Your download is here"]


async def test_a_progress_message_that_somebody_deleted_is_no_trouble(team: Team) -> None:
    (progress,) = (m for m in team.bob.sees() if "ownload" in m.text and not m.ephemeral_to)
    await team.bot.client.chat_delete(channel=progress.channel, ts=progress.ts)
    await made(team)
    assert told(team).startswith("✅ Your download is here")
    async with team.bot.db.snapshot() as session:
        assert await outbox_admin.count(session, [OutboxState.FAILED]) == 0


async def test_nothing_of_the_log_tells_a_secret(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await made(team)
    assert team.workspace.bot_token not in caplog.text
