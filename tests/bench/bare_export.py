"""The least an export could do: `python -m tests.bench.bare_export URL csv|xlsx FILE`."""

import csv
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import xlsxwriter

from bot.exports.columns import columns

_ROWS = (
    "SELECT r.title, r.mini_program_name, r.environment, r.category, r.version, s.name, "
    "r.created_at, r.completed_on, r.status, r.status, r.decision_reason, d.name, r.id, "
    "r.mini_program_id, r.external_id, r.details FROM request r "
    "LEFT JOIN person s ON s.user_id = r.submitted_by "
    "LEFT JOIN person d ON d.user_id = r.decided_by ORDER BY r.created_at DESC, r.id DESC"
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
IN_MEMORY = 2000
_WIDTH = len(columns(ZoneInfo("UTC")))
Row = tuple[Any, ...]


def sqlite_rows(path: str) -> Iterator[Row]:
    """Straight from the cursor; JSON is text there."""
    with closing(sqlite3.connect(path)) as connection:
        for row in connection.execute(_ROWS):
            yield _cells(row[:-1], json.loads(row[-1]))


def postgresql_rows(url: str) -> Iterator[Row]:
    """By a cursor on the server, 2,000 at a time."""
    with psycopg.connect(url) as connection, connection.cursor("bare") as cursor:
        cursor.itersize = 2000
        cursor.execute(_ROWS)
        for row in cursor:
            yield _cells(row[:-1], row[-1])


def _cells(facts: Row, details: dict[str, Any]) -> Row:
    empty = [""] * (_WIDTH - len(facts) - len(details))
    return (*facts, *details.values(), *empty)


def _csv(rows: Iterator[Row], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)


def _xlsx(rows: Iterator[Row], count: int, path: Path) -> None:
    """The first rows, as often as it takes: the others are not read, and nothing is laid out."""
    known = [tuple(map(_cell, row)) for row in islice(rows, IN_MEMORY)]
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet, date = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for line, row in zip(range(count), cycle(known), strict=False):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(line, place, cell, date)
                elif cell:
                    sheet.write_string(line, place, cell)


def _cell(value: Any) -> str | datetime:
    """A time is one in a workbook too; SQLite has it as text."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return "" if value is None else str(value)


def _count(url: str) -> int:
    statement = "SELECT count(*) FROM request"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return int(connection.execute(statement).fetchone()[0])
    with psycopg.connect(url) as server:
        row = server.execute(statement).fetchone()
        assert row, "a count is a row"
        return int(row[0])


def main(url: str, format: str, path: str) -> None:
    """Write the file."""
    lite = url.startswith("sqlite")
    rows = sqlite_rows(url.removeprefix("sqlite:///")) if lite else postgresql_rows(url)
    if format == "csv":
        _csv(rows, Path(path))
    else:
        _xlsx(rows, _count(url), Path(path))
        rows.close()  # type: ignore[attr-defined]  # a generator, which holds its cursor open


if __name__ == "__main__":
    main(*sys.argv[1:])
