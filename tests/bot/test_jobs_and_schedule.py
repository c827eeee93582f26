"""What recurs, when it runs, and that a bot starts and stops without leaving anything behind."""

import asyncio
from datetime import timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.schedulers.base import STATE_STOPPED
from sqlmodel import col, select

from bot import app
from bot.schedule import scheduler
from bot.schedule.jobs import KEEP
from store.engine.database import CHUNK
from store.messages import reminders
from store.tables import SlotRow
from tests.bot.sending import approve, rows, seen, states
from tests.harness_slack import Team


async def started(team: Team) -> AsyncIOScheduler:
    """The schedule with its jobs in place, but no tick yet."""
    schedule = scheduler.build(team.bot.jobs).apscheduler
    schedule.start(paused=True)
    return schedule


def ours(tasks: set[asyncio.Task[Any]]) -> list[str]:
    """Those of the bot; the sandbox keeps some for each connection that is still open to it."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in tasks]
    return [name for name in names if not name.startswith("RequestHandler.")]


async def test_four_jobs_wake_in_utc(team_once: Team) -> None:
    schedule = await started(team_once)
    waking = {job.id: job.trigger.interval for job in schedule.get_jobs()}
    zones = {str(job.next_run_time.tzinfo) for job in schedule.get_jobs()}
    schedule.shutdown()

    assert waking["remind"] == waking["digest"] == timedelta(minutes=1)
    assert waking["refresh"] <= timedelta(minutes=5)
    assert waking["prune"] < timedelta(days=1)
    assert zones == {"UTC"}


async def test_a_late_tick_still_runs_once_and_alone(team_once: Team) -> None:
    schedule = await started(team_once)
    jobs = schedule.get_jobs()
    schedule.shutdown()

    assert {job.coalesce for job in jobs} == {True}
    assert {job.max_instances for job in jobs} == {1}
    assert {job.misfire_grace_time for job in jobs} == {None}


async def test_a_running_bot_sends_by_itself_and_leaves_nothing_behind(team_once: Team) -> None:
    before = asyncio.all_tasks()
    async with app.running(team_once.bot):
        await team_once.workspace.until(lambda: team_once.workspace.connections == 2)
        await team_once.submit()
        await approve(team_once, 1)
        await team_once.workspace.until(lambda: len(team_once.alice.sees()) == 2)
    await team_once.workspace.until(lambda: team_once.workspace.connections == 1)

    assert not ours(asyncio.all_tasks() - before)
    assert team_once.bot.schedule.apscheduler.state == STATE_STOPPED


async def test_a_bot_stopped_at_its_first_tick_waits_for_it_to_let_go(team_once: Team) -> None:
    ticks: set[asyncio.Task[Any]] = set()
    for _ in range(5):
        async with app.running(team_once.bot):
            team_once.bot.policy_file.reread()
            await team_once.bot.policy_file.looked.wait()
            running = asyncio.all_tasks()
            ticks |= {each for each in running if "run_coroutine_job" in repr(each.get_coro())}
        team_once.bot.policy_file.looked.clear()
        assert all(tick.done() for tick in ticks)
    assert ticks


async def test_a_stopping_bot_finishes_what_it_is_sending(team_once: Team) -> None:
    team_once.workspace.faults.add("chat.postMessage", "status", status=429, retry_after=5, times=4)
    await team_once.submit()
    team_once.clock.move(seconds=5)
    team_once.workspace.faults.add("chat.postMessage", "delay", seconds=0.3, times=4)
    async with app.running(team_once.bot):
        await team_once.workspace.until(lambda: not team_once.workspace.faults.planned())

    assert seen(team_once) == [1, 1, 1, 1]
    assert await states(team_once) == {"sent"}


async def test_prune_forgets_what_was_sent_long_ago_and_keeps_failures(team: Team) -> None:
    team.workspace.faults.add("chat.postMessage", "status", error="is_archived")
    await team.submit()
    team.clock.move(days=KEEP.days - 1)
    assert await team.bot.jobs.prune() == 0
    team.clock.move(days=2)
    assert await team.bot.jobs.prune() >= 3

    assert "failed" in await states(team)
    assert not [key for key, row in (await rows(team)).items() if row.state == "sent"]


async def test_prune_forgets_all_of_it_a_portion_at_a_time(team: Team) -> None:
    taken = [SlotRow(key=f"digest:U{n}:2026-01-02", at=team.clock()) for n in range(CHUNK + 1)]
    async with team.bot.db.transaction() as session:
        session.add_all(taken)
    team.clock.move(days=KEEP.days + 1)

    async with team.bot.db.transaction() as session:
        assert await reminders.prune(session, before=team.clock()) == CHUNK
    assert await team.bot.jobs.prune() == 1


async def test_every_job_may_run_twice_at_once(team: Team) -> None:
    await team.submit()
    team.clock.move(days=3)
    jobs = team.bot.jobs
    owed = await asyncio.gather(jobs.digest(), jobs.digest(), jobs.remind(), jobs.remind())
    await asyncio.gather(jobs.refresh(), jobs.refresh(), jobs.prune(), jobs.prune())

    async with team.bot.db.snapshot() as session:
        taken = (await session.exec(select(SlotRow.key).order_by(col(SlotRow.key)))).all()
    assert sum(owed) == len(taken) == len(set(taken))
