"""What counting and writing down costs, for a click and all the messages that come of it."""

import logging
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime

from bot.observe import observer
from bot.observe.logs import Lines, LogFormat
from bot.observe.observer import Observer
from store.engine import causes
from store.messages.outbox import Claimed, Kind
from tests.bench.timing import Taken

_TIMES = 500
_NOW = datetime(2026, 11, 30, tzinfo=UTC)
_CARD = Claimed(
    id=1,
    key="card:128:reviewer:U0000000002",
    kind=Kind.CARD,
    recipient="U0000000002",
    lane="edit:U0000000002",
    request_id=128,
    data={},
    wanted=1,
    attempts=1,
    doubtful=False,
    created_at=_NOW,
    lease_until=_NOW,
    cause="a" * 16,
)
_OUTCOME = replace(_CARD, key="outcome:128", kind=Kind.OUTCOME)
_BODY = {
    "type": "block_actions",
    "user": {"id": "U0000000001"},
    "actions": [{"action_id": "request.approve"}],
}


def of_a_click(rounds: int, *, messages: bool) -> Taken:
    """Seconds for an approval, its line written to a file as JSON; with the `messages` that come of
    it where there are two reviewers: four copies and the outcome.
    """
    seconds = []
    with tempfile.TemporaryFile("w", encoding="utf-8") as file:
        handler = logging.StreamHandler(file)
        handler.setFormatter(Lines(LogFormat.JSON))
        log = observer.log
        before = log.level, log.propagate
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
        found = Observer()
        for number in range(rounds + 1):
            begun = time.perf_counter()
            for _ in range(_TIMES):
                _once(found, messages=messages)
            if number:
                seconds.append((time.perf_counter() - begun) / _TIMES)
        log.removeHandler(handler)
        log.level, log.propagate = before
    return Taken(tuple(seconds))


def _once(found: Observer, *, messages: bool) -> None:
    with causes.begun() as cause:
        causes.note(128)
        found.store_wait("write", 0.0002)
        found.click(_BODY, cause, 0.004, 0.003)
    for message in (*[_CARD] * 4, _OUTCOME) if messages else ():
        found.store_wait("read", 0.0002)
        found.store_wait("write", 0.0002)
        found.message(message, "sent", 0.1)
