"""When the jobs run. APScheduler only wakes us; whether something is due is read from the store.

Ticks are in UTC and a memory job store, so replicas share nothing here: they meet at unique keys.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.schedule.jobs import Jobs
from store.groups import ASK_EVERY

# A tick that comes late still runs (no grace limit), several late ones run once (coalesce), and one
# that takes long is not joined by a second.
_DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Schedule:
    """APScheduler, and the ticks that are under way.

    Its own shutdown cancels them and does not wait: one that was just giving its connection back
    found the store closed, and never ended.
    """

    def __init__(self) -> None:
        self.apscheduler = AsyncIOScheduler(timezone="UTC", job_defaults=_DEFAULTS)
        self._ticks: set[asyncio.Task[Any]] = set()

    def add(self, tick: Callable[[], Coroutine[Any, Any, object]], **when: Any) -> None:
        """Have this called at intervals; `when` is as APScheduler takes it."""

        async def kept() -> None:
            task = asyncio.current_task()
            assert task is not None, "APScheduler makes one for each tick"
            self._ticks.add(task)
            task.add_done_callback(self._ticks.discard)
            await tick()

        name = tick.__name__
        self.apscheduler.add_job(kept, "interval", id=name, name=name, **when)

    def start(self) -> None:
        """Begin; needs the running loop."""
        self.apscheduler.start()

    async def end(self, *, within: float) -> None:
        """Begin nothing more, and cancel what is under way; for so many seconds at most, wait until
        it has let go of the store.
        """
        self.apscheduler.shutdown(wait=False)
        if self._ticks:
            await asyncio.wait(self._ticks, timeout=within)


def build(jobs: Jobs) -> Schedule:
    """The schedule, not yet started."""
    started = datetime.now(UTC)  # at once: whoever ran before may have been killed
    logging.getLogger("apscheduler.executors.default").addFilter(_is_no_end)
    schedule = Schedule()
    schedule.add(jobs.remind, minutes=1)
    schedule.add(jobs.digest, minutes=1)
    schedule.add(jobs.escalate, minutes=1)
    schedule.add(jobs.nudge, minutes=10)
    schedule.add(jobs.remind_of_questions, minutes=10)
    schedule.add(jobs.compare_policies, minutes=1)
    schedule.add(jobs.move_up, minutes=1)
    schedule.add(jobs.stand_in, seconds=5, next_run_time=started)
    schedule.add(jobs.end_testing, minutes=1)
    schedule.add(jobs.redraw_neighbours, seconds=20)
    schedule.add(jobs.refresh, seconds=ASK_EVERY.total_seconds(), next_run_time=started)
    schedule.add(jobs.reconcile, minutes=5, next_run_time=started)
    schedule.add(jobs.reconcile_all, hours=6)
    schedule.add(jobs.checkpoint, minutes=1)
    schedule.add(jobs.erase, hours=6)
    schedule.add(jobs.prune, hours=6)
    return schedule


def _is_no_end(record: logging.LogRecord) -> bool:
    """A tick that ends with the process is no failure, and leaves nothing half done."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
