"""When the jobs run. APScheduler only wakes us; whether something is due is read from the store.

Ticks are in UTC and a memory job store, so replicas share nothing here: they meet at unique keys.
"""

import asyncio
import logging
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.schedule.jobs import Jobs
from store.groups import ASK_EVERY

# A tick that comes late still runs (no grace limit), several late ones run once (coalesce), and one
# that takes long is not joined by a second.
_DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


def build(jobs: Jobs) -> AsyncIOScheduler:
    """The schedule, not yet started. `start()` needs the running loop."""
    started = datetime.now(UTC)  # at once: whoever ran before may have been killed
    logging.getLogger("apscheduler.executors.default").addFilter(_is_no_end)
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=_DEFAULTS)
    scheduler.add_job(jobs.remind, "interval", minutes=1, id="remind")
    scheduler.add_job(jobs.digest, "interval", minutes=1, id="digest")
    scheduler.add_job(jobs.nudge, "interval", minutes=10, id="nudge")
    scheduler.add_job(jobs.compare_policies, "interval", minutes=1, id="compare_policies")
    scheduler.add_job(jobs.move_up, "interval", minutes=1, id="move_up")
    scheduler.add_job(jobs.redraw_neighbours, "interval", seconds=20, id="redraw_neighbours")
    scheduler.add_job(
        jobs.refresh,
        "interval",
        seconds=ASK_EVERY.total_seconds(),
        id="refresh",
        next_run_time=started,
    )
    scheduler.add_job(jobs.reconcile, "interval", minutes=5, id="reconcile", next_run_time=started)
    scheduler.add_job(jobs.reconcile_all, "interval", hours=6, id="reconcile_all")
    scheduler.add_job(jobs.checkpoint, "interval", minutes=1, id="checkpoint")
    scheduler.add_job(jobs.erase, "interval", hours=6, id="erase")
    scheduler.add_job(jobs.prune, "interval", hours=6, id="prune")
    return scheduler


def _is_no_end(record: logging.LogRecord) -> bool:
    """A tick that ends with the process is no failure, and leaves nothing half done."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
