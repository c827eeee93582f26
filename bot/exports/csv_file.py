"""An export as CSV: UTF-8 with the mark by which Excel knows it, every cell quoted, and no cell
that a spreadsheet would take for a formula.
"""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.exports.columns import columns, row
from store.domain.export import Entry
from store.domain.request import People

# OWASP's signs and their full-width forms, also behind blanks and marks nobody sees.
_FORMULA = re.compile(r"[\t\r\n]|[\s\u200b-\u200f\u2060-\u2064\ufeff]*[=+\-@＝＋－＠]")
_MARK = "\ufeff"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


@contextmanager
def writing(path: Path, zone: ZoneInfo) -> Iterator[Callable[[Entry, People], None]]:
    """Create the file; what comes out adds one request to it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_MARK)
        lines = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        lines.writerow(column.title for column in columns(zone))

        def add(entry: Entry, people: People) -> None:
            # Most cells are empty or begin plainly: a call for each takes longer than all the rest.
            lines.writerow(
                [
                    as_text(cell)
                    if cell and isinstance(cell, str) and not cell[0].isalnum()
                    else cell
                    for cell in row(entry, people, zone)
                ]
            )

        yield add


def as_text(text: str) -> str:
    """The text as no spreadsheet computes it: an apostrophe goes before a formula's sign."""
    risky = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text
