"""Says what anybody outside can cause only once a minute: no log is filled from without."""

import logging
import time

MINUTE = 60.0


class OnceAMinute(logging.Filter):
    """Lets each message through once a minute, by its words before anything is put into them."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it was not said in the last minute."""
        now = time.monotonic()
        if now - self._said.get(record.msg, -MINUTE) < MINUTE:
            return False
        self._said[record.msg] = now
        return True
