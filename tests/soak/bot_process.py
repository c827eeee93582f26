"""The bot as `mp-approvals run` starts it, on the soak's clock and ticking often."""

import asyncio
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path
from socket import socket

from bot import app, http
from bot.settings import Settings
from bot.web_server import serving_on
from store.domain.clock import Clock, utc_now
from store.engine.database import Database
from store.engine.server_clock import ServerClock, server_time
from tests.soak.shared_clock import SharedClock

PACE = timedelta(seconds=0.25)
"""Between two posts to one conversation: minutes have to hold what takes longer at Slack's pace,
and yet more is owed in them than Slack takes."""
_TICK_SECONDS = 2
_HURRIED = ("digest", "remind", "reconcile", "move_up", "redraw_neighbours")


async def run(shared: SharedClock, hours_off: float, listener: socket) -> None:
    """Until SIGTERM. HTTP first, as in the product."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings.read()
    clock: Clock = shared
    if not settings.database_url.startswith("sqlite"):
        clock = _by_the_server(shared, timedelta(hours=hours_off))
    async with app.build(settings, clock=clock, post_interval=PACE) as bot:
        for job in _HURRIED:
            bot.schedule.apscheduler.reschedule_job(job, trigger="interval", seconds=_TICK_SECONDS)
        async with serving_on(listener, http.build(bot)), app.running(bot):
            await stop.wait()


def _by_the_server(shared: SharedClock, off: timedelta) -> ServerClock:
    """The server's clock, moved as the soak moves everybody's; this machine's is wrong by `off`."""

    async def moved(db: Database) -> datetime:
        return await server_time(db) + (shared() - utc_now())

    return ServerClock(lambda: shared() + off, moved)


if __name__ == "__main__":
    clock, off, listens = sys.argv[1:]
    asyncio.run(run(SharedClock(Path(clock)), float(off), socket(fileno=int(listens))))
