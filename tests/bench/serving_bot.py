"""The bot as `mp-approvals run` runs it, on a free port, saying where it listens."""

import asyncio
import gc
import signal


async def serve() -> None:
    """Until SIGTERM."""
    gc.disable()  # as in `bot.__main__`
    from bot import app, http
    from bot.garbage import collect_rarely
    from bot.settings import Settings
    from bot.web_server import serving

    gc.enable()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with (
        app.build(Settings.read(_env_file=None)) as bot,
        app.running(bot),
        serving(http.build(bot), host="127.0.0.1", port=0) as address,
    ):
        collect_rarely()
        print(address, flush=True)  # noqa: T201 - how the parent hears of it
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve())
