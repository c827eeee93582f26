"""What must stand in no log: what people wrote, tokens, response URLs. Every test is listened to.

The texts are those that the test itself stores or sends; the lines are rendered as the bot would.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.observe.logs import Lines, LogFormat
from tests.cast import NAMES

LISTENED_TO = ("bot", "handlers", "blocks", "store")
_SECRET = re.compile(r"xox[a-z]-|xapp-|whsec_|hooks\.slack|/response/|mpk_[0-9a-f]{8}_")
_SHORTEST = 10
"""Characters of a text that nobody else would write by chance."""


class Listener(logging.Handler):
    """Keeps each line, and the texts that none of them may hold."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(Lines(LogFormat.JSON))
        self.lines: list[str] = []
        self.texts: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def hear(self, *values: object) -> None:
        """Whatever is text in these was written by somebody."""
        self.texts.update(_texts(values))

    def forget(self) -> None:
        self.lines.clear()
        self.texts.clear()


def leaks(lines: Sequence[str], texts: Iterable[str]) -> list[str]:
    """The lines in which something stands that must not."""
    forbidden = {*texts, *NAMES.values()}
    return [
        line for line in lines if _SECRET.search(line) or any(text in line for text in forbidden)
    ]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str) and len(value) >= _SHORTEST and " " in value.strip():
        yield value


def typed(body: Mapping[str, Any]) -> list[object]:
    """What somebody typed to send this payload: a form's fields, what follows a command's word."""
    view = body.get("view")
    state = view.get("state") if isinstance(view, Mapping) else None
    command = str(body.get("text") or "") if "command" in body else ""
    return [state, command.partition(" ")[2]]
