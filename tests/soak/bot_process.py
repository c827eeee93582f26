"""The bot as `mp-approvals run` starts it, on the soak's clock and ticking often."""

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

from bot import app
from bot.settings import Settings
from tests.soak.shared_clock import SharedClock

PACE = timedelta(seconds=0.02)
"""Between two posts to one conversation: minutes have to hold what takes hours at Slack's pace."""
_TICK_SECONDS = 2
_HURRIED = ("digest", "remind", "reconcile")


async def run(clock: SharedClock) -> None:
    """Until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with app.build(Settings.read(), clock=clock, post_interval=PACE) as bot:
        for job in _HURRIED:
            bot.schedule.reschedule_job(job, trigger="interval", seconds=_TICK_SECONDS)
        async with app.running(bot):
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(SharedClock(Path(sys.argv[1]))))
