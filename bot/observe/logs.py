"""The log: one line an event, to read (`text`) or for machines (`json`).

What is ours to say goes by `logging` like everybody's lines, with fields beside the words. Of an
error only its types and places are written: its words may quote what somebody wrote, a token or an
address.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from traceback import extract_tb
from typing import Any

from store.engine import causes
from store.engine.trouble import cause_of

# structlog draws errors by rich where that is there: 3 MB and a tenth of a second, for nothing.
_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]
try:
    from structlog.processors import JSONRenderer, LogfmtRenderer
finally:
    del sys.modules["rich"]
    if _rich:
        sys.modules["rich"] = _rich

_FRAMES = 8
"""The innermost places of an error that are named."""
_FIELDS = "fields"
_IN_FRONT = ("at", "level", "logger", "event")
_NOISY = ("apscheduler", "slack_bolt", "slack_sdk", "aiosqlite", "alembic", "uvicorn")
"""Their tick-by-tick lines say nothing that ours do not."""


class LogFormat(StrEnum):
    """How the lines of the log are written."""

    TEXT = "text"
    JSON = "json"


def configure(level: str, form: LogFormat = LogFormat.TEXT) -> None:
    """Write lines from this level on to standard error."""
    # Not written, so not looked up for each line either.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(form))
    logging.basicConfig(level=level, handlers=[handler])
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))


def say(log: logging.Logger, event: str, level: int = logging.INFO, **fields: object) -> None:
    """Write an event with its fields; those that are None are left out."""
    if log.isEnabledFor(level):
        # Without a look at who calls: half of what a line costs, and `event` says it.
        record = log.makeRecord(log.name, level, "", 0, event, (), None)
        record.__dict__[_FIELDS] = {k: v for k, v in fields.items() if v is not None}
        log.handle(record)


class Lines(logging.Formatter):
    """Renders each record, ours or of a library, as one line."""

    def __init__(self, form: LogFormat) -> None:
        super().__init__()
        self._render = _as_json if form is LogFormat.JSON else _as_text

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, words, the fields, the id of the click, and what failed."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= record.__dict__.get(_FIELDS, {})
        if "id" not in line and (id_ := causes.current_id()):
            line["id"] = id_
        if record.exc_info and (error := record.exc_info[1]):
            line["error"] = " from ".join(map(_named, _chain(error)))
        return self._render(line)


_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
_json = JSONRenderer(serializer=lambda line, **_: _encode(line))
_logfmt = LogfmtRenderer()


def _as_json(line: MutableMapping[str, Any]) -> str:
    return str(_json(None, "", line))


def _as_text(line: MutableMapping[str, Any]) -> str:
    at, level, logger, event = (str(line.pop(name)) for name in _IN_FRONT)
    event = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", event)
    front = f"{at} {level.upper()} {logger} {event}"
    return f"{front} {_logfmt(None, '', line)}".rstrip()


def _chain(error: BaseException) -> Iterator[BaseException]:
    """It, and what led to it."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _named(error: BaseException) -> str:
    known = cause_of(error)
    places = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in extract_tb(error.__traceback__)[-_FRAMES:]
    ]
    why = f" ({known})" if known else ""
    return f"{type(error).__name__}{why} at {' > '.join(places)}"
