"""The loop that sends: many at a time, settled together, and at peace when there is nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.outgoing import dispatcher
from bot.outgoing.dispatcher import CONCURRENCY
from bot.sandbox.actions.people import Person
from store.engine.batching import Batches
from store.engine.database import Database
from store.messages import claim, outbox
from store.messages.outbox import Kind, Owed
from tests.bot.sending import SECOND, another_bot, calls, rows, states
from tests.harness_slack import Team

POST = "chat.postMessage"
SHORTEST_PAUSE = 0.05
"""Seconds after an empty poll for which wake-ups are ignored, at least."""
BEAT = 0.02
"""Seconds between two settlements of what was sent, at least."""


def words(team: Team) -> dict[str, Any]:
    """What a word says: that a click took effect."""
    return {"asked_at": team.clock().isoformat(), "took_effect": True}


async def owe(team: Team, people: int) -> None:
    """A word to each of so many people, all of it due now."""
    told = [team.workspace.add_person(f"p{n}", real_name=f"Person {n}").id for n in range(people)]
    said = words(team)
    owed = [Owed(f"word:{u}", Kind.LATE_ANSWER, u, f"post:{u}", data=said) for u in told]
    async with team.bot.db.transaction() as session:
        await outbox.owe(session, owed, now=team.clock())


async def answer(team: Team, *people: Person) -> None:
    """The same to each of these, who wait for it."""
    owed = [Owed.post(Kind.LATE_ANSWER, p.id, p.id, data=words(team)) for p in people]
    async with team.bot.db.transaction() as session:
        await outbox.owe(session, owed, now=team.clock())


@asynccontextmanager
async def running(team: Team) -> AsyncIterator[asyncio.Task[None]]:
    """The loop goes round by itself."""
    loop = asyncio.create_task(team.bot.dispatcher.run())
    yield loop
    team.bot.dispatcher.stop()
    await asyncio.wait([loop])


def written(db: Database) -> list[object]:
    """Grows with each transaction that writes."""
    begun: list[object] = []
    event.listen(db.engine.sync_engine, "begin", begun.append)
    return begun


async def test_a_slow_call_holds_nobody_up(team_once: Team) -> None:
    team_once.workspace.faults.add(POST, "delay", seconds=600)
    await owe(team_once, 130)
    async with running(team_once) as loop:
        await team_once.workspace.until(lambda: calls(team_once, POST) == 129)
        loop.cancel()
    assert await states(team_once) == {"sent", "pending"}, "the slow one was given back"


async def test_what_people_wait_for_has_room_beside_all_that_is_under_way(team_once: Team) -> None:
    team = team_once
    team.workspace.faults.add(POST, "delay", seconds=600, times=CONCURRENCY)
    await owe(team, CONCURRENCY + 1)
    async with running(team) as loop:
        await team.workspace.until(lambda: not team.workspace.faults.planned())
        await answer(team, team.alice)
        await team.workspace.until(lambda: team.alice.sees())
        assert calls(team, POST) == 1, "the other one waits for room"
        loop.cancel()


async def test_no_more_is_under_way_than_there_is_room_for(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while everybody waits for an answer. Stopped, it gives all of it back."""
    monkeypatch.setattr(dispatcher, "CONCURRENCY", 3)
    monkeypatch.setattr(dispatcher, "RESERVED", 2)
    team, planned = team_once, 4 + 3
    team.workspace.faults.add(POST, "delay", seconds=600, times=planned)

    def calls_begun() -> int:
        return planned - sum(fault.times for fault in team.workspace.faults.planned())

    async def being_sent() -> int:
        return sum(row.state == "sending" for row in (await rows(team)).values())

    await owe(team, 4)
    async with running(team) as loop:
        await team.workspace.until(lambda: calls_begun() >= 3)
        await answer(team, team.alice, team.bob, team.carol)
        await team.workspace.until(lambda: calls_begun() >= 5)
        assert await being_sent() == 5
        loop.cancel()
    assert await states(team) == {"pending"}


async def test_while_a_crowd_clicks_nothing_is_sent_beside_what_is_under_way(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even what people wait for: it comes with the next turn."""
    monkeypatch.setattr(Batches, "crowded", True)
    monkeypatch.setattr(dispatcher, "CROWD_CONCURRENCY", 2)
    team = team_once
    team.workspace.faults.add(POST, "delay", seconds=0.5, times=2)
    await owe(team, 2)
    turn = asyncio.create_task(team.bot.dispatcher.turn())
    await team.workspace.until(lambda: not team.workspace.faults.planned())
    await answer(team, team.alice, team.bob, team.carol)
    await turn
    await team.bot.dispatcher.drain()
    assert calls(team, POST) == 2
    await team.bot.dispatcher.turn()
    await team.bot.dispatcher.drain()
    assert calls(team, POST) == 4


async def test_a_conversation_that_was_told_to_wait_goes_on_more_slowly(team_once: Team) -> None:
    team = team_once
    team.workspace.faults.add(POST, "status", status=429, retry_after=30)
    posts = [Owed(f"word:{n}", Kind.LATE_ANSWER, team.bob.id, f"post:{team.bob.id}") for n in "ab"]
    said = words(team)
    async with another_bot(team, pace=SECOND) as bot:
        async with bot.db.transaction() as session:
            await outbox.owe(session, [replace(p, data=said) for p in posts], now=team.clock())
        sent = [await bot.dispatcher.run_once()]
        for seconds in (30, 1.05, 0.1):  # nine tenths of 60 a minute: one in 1.11 seconds
            team.clock.move(seconds=seconds)
            sent.append(await bot.dispatcher.run_once())
    assert sent == [1, 1, 0, 1]


async def test_what_is_sent_together_is_settled_together(team: Team) -> None:
    await owe(team, 40)
    transactions, began = written(team.bot.db), monotonic()
    await team.bot.dispatcher.run_once()
    took = monotonic() - began
    assert await states(team) == {"sent"}
    assert len(transactions) <= 8 + took / BEAT


async def test_being_woken_all_the_time_is_no_reason_to_look_all_the_time(team_once: Team) -> None:
    await owe(team_once, 4)
    await claim.claim_due(team_once.bot.db, owner="another", now=team_once.clock())
    looks, began = written(team_once.bot.db), monotonic()
    async with running(team_once) as loop:
        for _ in range(500):
            team_once.bot.dispatcher.notify()
            await asyncio.wait([loop], timeout=0.001)
    took = monotonic() - began
    assert 2 <= len(looks) <= 3 + took / SHORTEST_PAUSE


async def deciding(team: Team, decided: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Something is decided, which does this in its transaction."""

    async def work(session: AsyncSession, items: Sequence[None]) -> Sequence[bool]:
        await decided(session)
        return [True for _ in items]

    await team.bot.db.write_batches.run(work, None)


@pytest.fixture
def polls(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[str]:
    """An entry for each poll that begins."""
    begun: asyncio.Queue[str] = asyncio.Queue()
    claim_due = claim.claim_due

    def noted(*args: Any, **options: Any) -> Any:
        begun.put_nowait("poll")
        return claim_due(*args, **options)

    monkeypatch.setattr(claim, "claim_due", noted)
    return begun


async def test_a_poll_lets_a_click_go_before(
    team_once: Team, polls: asyncio.Queue[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "_CLICK_SECONDS", 60)
    turn: list[asyncio.Task[None]] = []

    async def decided(_session: AsyncSession) -> None:
        turn.append(asyncio.create_task(team_once.bot.dispatcher.turn()))
        for _ in range(5):
            await asyncio.to_thread(int)  # it takes a while
        polls.put_nowait("decided")

    await deciding(team_once, decided)
    assert [await polls.get() for _ in range(2)] == ["decided", "poll"]
    turn[0].cancel()


async def test_a_poll_waits_for_clicks_no_longer_than_a_moment(
    team_once: Team, polls: asyncio.Queue[str]
) -> None:
    turn = asyncio.create_task(team_once.bot.dispatcher.turn())

    async def decided(_session: AsyncSession) -> None:
        assert await polls.get() == "poll"

    async with asyncio.timeout(60):
        await deciding(team_once, decided)
    turn.cancel()
