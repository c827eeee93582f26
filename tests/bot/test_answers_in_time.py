"""Whoever clicks hears in time and is told the truth, whatever the store does."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text
from sqlmodel import select

from blocks import notices
from bot import app
from bot.incoming import bolt_app, timely_app
from bot.incoming.timely_app import TimelyApp
from bot.sandbox.screen import text as text_of
from bot.sandbox.state.views import View
from store.engine import postgresql, time_limits
from store.engine.database import Database, Topic
from store.engine.time_limits import Limits
from store.requests import read
from store.tables import OutboxRow, RequestRow
from tests.bot.sending import another_bot, rows, send_all
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack
from tests.postgres_server import Server
from tests.slow_server import Way, way_to

pytestmark = pytest.mark.slow  # they wait for real seconds
FIRST_WORDS = "What you asked for"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """People wait a second and a half here."""
    monkeypatch.setattr(timely_app, "CLICK_SECONDS", 1.5)
    monkeypatch.setattr(timely_app, "UNSURE_SECONDS", 1.8)
    monkeypatch.setattr(time_limits, "CLICK", Limits(lock=0.3, statement=1.0, idle=5.0, whole=1.0))
    monkeypatch.setattr(time_limits, "COMMIT_SECONDS", 3.0)
    monkeypatch.setattr(postgresql, "ANSWER_SECONDS", 1.0)


@pytest.fixture
async def by_a_way(
    postgres: Server, postgresql_url: str, clock: MovedClock, tmp_path: Path
) -> AsyncIterator[tuple[Way, Team]]:
    """The team, with a PostgreSQL that can be frozen."""
    name = postgresql_url.split("@/")[1].split("?")[0]
    async with (
        way_to(postgres, tmp_path / "way") as (way, server),
        team_at_slack(server.url(name), clock, tmp_path, mode="socket_mode") as team,
    ):
        yield way, team


def late_words(team: Team) -> list[str]:
    """What Bob was told of a click after he heard that we were not sure."""
    said = map(team.words, team.bob.sees())
    return [words for words in said if FIRST_WORDS in words]


async def form_of_two(team: Team) -> View:
    """The form that approves MP-1 and MP-2 for Bob."""
    for number in (1, 2):
        await team.submit(external_id=f"r{number}", version=f"1.0.{number}")
    form = (await team.bob.command("/mp-requests approve MP-1 MP-2")).view
    assert form is not None
    return form


@asynccontextmanager
async def held(other: Database, request_id: int) -> AsyncIterator[None]:
    """Somebody else keeps this request locked."""
    async with other.transaction() as session:
        await session.exec(select(RequestRow).where(RequestRow.id == request_id).with_for_update())
        yield


async def status(url: str) -> str:
    """Of the only request, asked past the bot."""
    db = Database(url)
    async with db.snapshot() as session:
        found = (await read.one(session, 1)).status
    await db.dispose()
    return found


async def test_a_frozen_server_answers_nobody_but_we_do_and_nothing_is_done_later(
    by_a_way: tuple[Way, Team], postgresql_url: str
) -> None:
    way, team = by_a_way
    request = await team.submit()
    card = team.card(team.bob, request)
    way.freeze()
    async with asyncio.timeout(3):
        click, command = await asyncio.gather(
            team.bob.click(card, "request.approve"), team.carol.command("/mp-requests reject 1 no")
        )
    assert click.acked
    assert notices.TOO_LATE in team.said(command)
    await team.workspace.until(lambda: notices.TOO_LATE in team.last(team.bob))
    way.thaw()
    assert await status(postgresql_url) == "under_review"


async def test_a_commit_without_an_answer_is_told_as_not_sure_and_then_as_it_is(
    by_a_way: tuple[Way, Team], postgresql_url: str
) -> None:
    way, team = by_a_way
    card = team.card(team.bob, await team.submit())
    way.freeze_after(b"COMMIT")
    async with asyncio.timeout(3):
        assert (await team.bob.click(card, "request.approve")).acked
    await team.workspace.until(lambda: notices.NOT_SURE_YET in team.last(team.bob))
    assert await status(postgresql_url) == "approved", "the server had taken it"
    way.thaw()
    async with app.running(team.bot):
        await team.workspace.until(lambda: FIRST_WORDS in team.last(team.bob))
    assert "took effect. Nothing is left for you to do." in team.last(team.bob)
    assert "This request is approved." in team.words(card)


async def test_the_rest_of_what_is_partly_done_is_done_too(
    by_a_way: tuple[Way, Team], postgresql_url: str
) -> None:
    _, team = by_a_way
    form = await form_of_two(team)
    other = Database(postgresql_url)
    async with asyncio.timeout(10), app.running(team.bot):
        async with held(other, 2):
            answer = await team.bob.submit(form)
            assert answer.view is not None
            assert notices.NOT_SURE_YET in text_of(answer.view)
            assert await status(postgresql_url) == "approved", "the other one"
        await team.workspace.until(lambda: FIRST_WORDS in team.last(team.bob))
    assert "took effect" in team.last(team.bob)
    async with other.snapshot() as session:
        assert (await read.one(session, 2)).status == "approved"
    await other.dispose()


async def test_what_is_partly_done_and_then_fails_is_told_as_not_sure(
    by_a_way: tuple[Way, Team], postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    way, team = by_a_way
    failed = asyncio.Event()
    monkeypatch.setattr(
        logging.getLogger(bolt_app.__name__), "error", lambda *_, **__: failed.set()
    )
    form = await form_of_two(team)
    other = Database(postgresql_url)
    async with asyncio.timeout(10), app.running(team.bot):
        async with held(other, 2):
            answer = await team.bob.submit(form)
            assert notices.NOT_SURE_YET in text_of(answer.view or {})
            way.freeze()
            await failed.wait()
        way.thaw()
        await team.workspace.until(lambda: FIRST_WORDS in team.last(team.bob))
    await other.dispose()
    assert "may have taken effect or not. Look at the request" in team.last(team.bob)
    assert await status(postgresql_url) == "approved"


@pytest.mark.parametrize("lost_after", [0.3, 3.0])
async def test_a_refusal_whose_commit_hangs_is_not_told_as_taken_effect(
    by_a_way: tuple[Way, Team], monkeypatch: pytest.MonkeyPatch, lost_after: float
) -> None:
    monkeypatch.setattr(time_limits, "COMMIT_SECONDS", lost_after)
    way, team = by_a_way
    request = await team.submit()
    await team.carol.click(team.card(team.carol, request), "request.approve")
    way.freeze_after(b"COMMIT")
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.workspace.until(lambda: notices.NOT_SURE_YET in team.last(team.bob))
    way.thaw()
    async with asyncio.timeout(10), app.running(team.bot):
        await team.workspace.until(lambda: bool(late_words(team)))
    assert "may have taken effect or not" in late_words(team)[0]


@pytest.mark.parametrize("arrives", [True, False])
async def test_the_truth_follows_although_the_process_ends_before_it_is_known(
    by_a_way: tuple[Way, Team], arrives: bool
) -> None:
    way, team = by_a_way
    card = team.card(team.bob, await team.submit())
    way.freeze_after(b"COMMIT", only_there=True)
    something_owed = asyncio.Event()
    team.bot.db.listeners[Topic.AWAITED] = something_owed.set
    assert (await team.bob.click(card, "request.approve")).acked
    await team.workspace.until(lambda: notices.NOT_SURE_YET in team.last(team.bob))
    await something_owed.wait()
    owed = [key for key in await rows(team) if key.startswith("late_answer:")]
    await cast(TimelyApp, team.bot.app).finish()  # as at the end of a process: nobody hears it
    if not arrives:
        await forget_commit(team, owed[0])

    async with another_bot(team) as restarted:
        team.clock.move(seconds=14)
        await send_all(restarted)
        assert FIRST_WORDS not in team.last(team.bob), "the process may live, and know it"
        team.clock.move(seconds=2)
        await send_all(restarted)
    took_effect = "took effect. Nothing is left for you to do."
    expected = took_effect if arrives else "did not take effect: nothing was changed."
    assert expected in team.last(team.bob)


async def forget_commit(team: Team, key: str) -> None:
    """As if the server had not taken that transaction: put one in its place that was undone."""
    async with team.bot.db.engine.connect() as connection:
        asked = await connection.execute(text("SELECT CAST(pg_current_xact_id() AS text)"))
        undone = asked.scalar_one()
        await connection.rollback()
    async with team.bot.db.transaction() as session:
        row = (await session.exec(select(OutboxRow).where(OutboxRow.key == key))).one()
        row.data = {**row.data, "transaction": undone}


async def test_a_locked_file_is_not_waited_for_and_nothing_is_done_later(
    team_once: Team, sqlite_url: str
) -> None:
    card = team_once.card(team_once.bob, await team_once.submit())
    form = (await team_once.carol.command("/mp-requests ask MP-1 Why?")).view
    assert form is not None
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(3):
            click, asked = await asyncio.gather(
                team_once.bob.click(card, "request.approve"), team_once.carol.submit(form)
            )
        assert click.acked
        assert notices.TOO_LATE in team_once.words(asked.view)
        await team_once.workspace.until(lambda: notices.TOO_LATE in team_once.last(team_once.bob))
        other.execute("ROLLBACK")
    assert await status(sqlite_url) == "under_review"
    await team_once.bob.click(card, "request.approve")
    assert await status(sqlite_url) == "approved"


async def test_a_slow_slack_delays_no_acknowledgement_of_what_is_recorded(
    team_once: Team, sqlite_url: str
) -> None:
    await team_once.submit()
    shown = (await team_once.bob.command("/mp-requests show MP-1")).view
    assert shown is not None
    team_once.workspace.faults.add("views.update", "delay", seconds=4)
    async with asyncio.timeout(3):
        assert (await team_once.bob.click(shown, "request.approve")).acked
    assert await status(sqlite_url) == "approved"
