"""An export as an Excel workbook, written row by row: memory does not grow with the requests.

The details stand on a sheet of their own, without the columns in which nothing stands; above each
sheet is a filter. Texts are written as texts and nothing else, so a title of `=1+1` stays a title.
What Excel cannot hold in a cell is cut and says so; the other formats have it in full.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.exports.columns import NUMBER, Cell, Column, details, details_of, facts, facts_of
from store.domain.export import Entry
from store.domain.request import People

ROW_LIMIT = 1_048_576
"""Excel: rows of a sheet, the header among them; what is more goes to another sheet."""
CELL_LIMIT = 32_767
"""Excel: characters of a cell, counted as UTF-16 does."""
SURELY_FITTING = CELL_LIMIT // 2
"""Characters that fit however many UTF-16 makes of them."""
EXACT = 2**53
"""Excel keeps whole numbers as floats; larger ones would lose digits."""
_CUT = " … (cut here: Excel holds no more; download CSV or JSON for all of it)"
_SETTINGS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@contextmanager
def writing(
    path: Path, zone: ZoneInfo, *, row_limit: int = ROW_LIMIT
) -> Iterator[Callable[[Entry, People], None]]:
    """Create the file; what comes out adds one request to it."""
    import xlsxwriter  # for Excel alone: memory that a bot without such exports does not need

    with xlsxwriter.Workbook(path, {**_SETTINGS, "tmpdir": str(path.parent)}) as workbook:
        of_facts = _Sheets(workbook, "Requests", facts(zone), row_limit)
        of_details = _Sheets(workbook, "Details", (NUMBER, *details()), row_limit)

        def add(entry: Entry, people: People) -> None:
            of_facts.add(facts_of(entry, people, zone))
            of_details.add([entry.ref, *details_of(entry)])

        yield add
        of_facts.end()
        of_details.end(hide_empty=True)


class _Sheets:
    """The workbook's sheets of one kind; a full one is followed by the next."""

    def __init__(self, workbook: Any, name: str, columns: Sequence[Column], row_limit: int) -> None:
        self._workbook, self._name, self._columns = workbook, name, columns
        self._limit = row_limit
        self._wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        self._bold = workbook.add_format({"bold": True})
        self._date = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._count = 0
        self._start()

    def add(self, cells: Sequence[Cell]) -> None:
        """The next row."""
        if self._line == self._limit:
            self.end()
            self._start()
        write, line = self._sheet.write_string, self._line
        for place, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            self._used.add(place)
            if type(cell) is str and cell[0] != "<" and len(cell) <= SURELY_FITTING:
                write(line, place, cell)  # most cells: a call of ours for each would be felt
            else:
                self._write(place, cell)
        self._line += 1

    def end(self, *, hide_empty: bool = False) -> None:
        """A filter above what was written; columns in which nothing stands are hidden."""
        self._sheet.autofilter(0, 0, self._line - 1, len(self._columns) - 1)
        if hide_empty:
            for place, column in enumerate(self._columns):
                if place not in self._used:
                    self._sheet.set_column(place, place, column.width, None, {"hidden": True})

    def _start(self) -> None:
        self._count += 1
        self._used: set[int] = set()
        more = f" {self._count}" if self._count > 1 else ""
        self._sheet = self._workbook.add_worksheet(f"{self._name}{more}")
        self._sheet.freeze_panes(1, 1)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, column.width, self._wrapped)
            self._sheet.write_string(0, place, column.title, self._bold)
        self._line = 1

    def _write(self, place: int, cell: Cell) -> None:
        if isinstance(cell, datetime):
            self._sheet.write_datetime(self._line, place, cell, self._date)
        elif isinstance(cell, int) and abs(cell) <= EXACT:
            self._sheet.write_number(self._line, place, cell)
        else:
            self._write_text(place, fitting(str(cell)))

    def _write_text(self, place: int, text: str) -> None:
        if text.startswith("<r>") and text.endswith("</r>"):
            # The library takes such a text for markup of its own and writes it as it is, which
            # breaks the whole file; in pieces it is text again.
            self._sheet.write_rich_string(self._line, place, text[0], text[1], text[2:])
        else:
            self._sheet.write_string(self._line, place, text)


def fitting(text: str) -> str:
    """The text, or as much of it as a cell holds and a word about the rest."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * CELL_LIMIT:
        return text
    return units[: 2 * (CELL_LIMIT - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
