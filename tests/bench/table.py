"""The figures as tables in markdown, to be pasted into the README beside with the machine named."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import psycopg

from tests.bench.timing import Taken


class Row(Protocol):
    """What stands in a table under these columns."""

    COLUMNS: ClassVar[tuple[str, ...]]

    def cells(self) -> tuple[str, ...]:
        """One text a column."""


@dataclass(frozen=True, slots=True)
class Line:
    """One work on one database.

    `ours` and `floor` are seconds each time, `small` ours among 10 thousand; or, with `per_second`,
    seconds for one of many, shown as how many a second; with `megabytes`, those. `note` names the
    worst of several.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("work", "on", "ours", "floor", "ratio", "aim", "growth", "aim", "peak", "spread"),
    )
    work: str
    database: str
    ours: Taken
    floor: Taken | None = None
    small: Taken | None = None
    aim: float | None = None
    growth_aim: float | None = None
    limit: float | None = None
    per_second: bool = False
    megabytes: bool = False
    peak_mb: float | None = None
    peak_aim: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours to the floor: times as slow; for what is counted a second, the share we reach."""
        if not self.floor:
            return None
        slower = self.ours.median / self.floor.median
        return 1 / slower if self.per_second else slower

    @property
    def growth(self) -> float | None:
        """How much slower among a hundred times as many."""
        return self.ours.median / self.small.median if self.small else None

    def cells(self) -> tuple[str, ...]:
        """What the table shows of it."""
        sign = "≥" if self.per_second else "≤"
        ratio = _judged(self.ratio, self.aim, at_least=self.per_second)
        peak = f"{self.peak_mb:.0f} MB" if self.peak_mb else ""
        aims = [f"{sign} {self.aim:g}" if self.aim else ""]
        aims += [f"≤ {self.limit * 1000:.0f} ms"] if self.limit else []
        aims += [f"peak ≤ {self.peak_aim:.0f} MB"] if self.peak_aim else []
        return (
            f"{self.work} ({self.note})" if self.note else self.work,
            self.database,
            self._shown(self.ours) + (" **miss**" if self._over_limit() else ""),
            self._shown(self.floor) if self.floor else "",
            ratio,
            ", ".join(filter(None, aims)),
            _judged(self.growth, self.growth_aim, at_least=False),
            f"≤ {self.growth_aim:g}" if self.growth_aim else "",
            peak + (" **miss**" if self._over_peak() else ""),
            f"{self.ours.spread:.0%}" if len(self.ours.rounds) > 1 else "1 round",
        )

    def _over_limit(self) -> bool:
        return self.limit is not None and self.ours.median > self.limit

    def _over_peak(self) -> bool:
        return bool(self.peak_aim and self.peak_mb and self.peak_mb > self.peak_aim)

    def _shown(self, taken: Taken) -> str:
        if self.per_second:
            return f"{1 / taken.median:,.4g}/s"
        if self.megabytes:
            return f"{taken.median:.0f} MB"
        if taken.median >= 1:
            return f"{taken.median:.2f} s"
        return f"{taken.median * 1000:.3g} ms"


def _judged(value: float | None, aim: float | None, *, at_least: bool) -> str:
    if value is None:
        return ""
    met = aim is None or (value >= aim if at_least else value <= aim)
    return f"{value:.2f}" + ("" if met else " **miss**")


def markdown(rows: Sequence[Row]) -> str:
    """A table for all that share their columns."""
    return "\n\n".join(
        _table(columns, [row.cells() for row in rows if columns == row.COLUMNS])
        for columns in dict.fromkeys(row.COLUMNS for row in rows)
    )


def _table(columns: tuple[str, ...], cells: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine(server: str) -> str:
    """What it was measured on, in one line."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"PostgreSQL {server}, psycopg {psycopg.__version__}"
    )
