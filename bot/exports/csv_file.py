"""An export as CSV: UTF-8 with the mark by which Excel knows it, every cell quoted, and no cell
that a spreadsheet would take for a formula.
"""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.exports.columns import Cell, columns, row
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
                    cell if not cell or (type(cell) is str and cell[0].isalnum()) else written(cell)
                    for cell in row(entry, people, zone)
                ]
            )

        yield add


def written(cell: Cell) -> str:
    """The cell as text that no spreadsheet computes: an apostrophe goes before a formula's sign."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    text = str(cell)
    risky = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text
