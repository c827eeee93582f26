"""`python -m bot.exports 12`: make the file of export 12 as the order on stdin says.

Says how many requests are written after each chunk, one number a line; the last is the total. The
order comes by stdin because the command line of a process is everybody's to read.
"""

import asyncio
import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from bot.exports.make import FULL_DISK, Order, make
from bot.garbage import collect_rarely
from store.engine.trouble import FULL, cause_of

NICE = 10
"""How far behind the bot it stands where both want the processor: clicks do not wait for a file."""


def _say(count: int) -> None:
    # Whoever asked may be gone: then this fails, and so it should.
    print(count, flush=True)  # noqa: T201 - this is how the parent hears of it


if __name__ == "__main__":
    os.nice(NICE)
    collect_rarely()
    order = Order.model_validate_json(sys.stdin.readline())
    try:
        _say(asyncio.run(make(int(sys.argv[1]), order, _say)))
    except (OSError, SQLAlchemyError) as error:
        if cause_of(error) != FULL:
            raise
        sys.exit(FULL_DISK)
