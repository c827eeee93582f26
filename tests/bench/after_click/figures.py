"""The rows of two tables: how long people wait, and how Slack's limits are shared meanwhile."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tests.bench.after_click.decisions import Run
from tests.bench.timing import p99

_MISS = " **miss**"


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from the click to something people see, each time. The floor is its median.

    `aim` is how many floors the median may take, `slowest` the slowest of a hundred; with `ahead`
    the median has to be before the plain bot's too.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("from the click until", "on", "ours", "99 %", "plain bot", "99 %", "floor"),
        *("ours / floor", "aim", "99 % / floor", "aim"),
    )
    what: str
    database: str
    ours: Sequence[float]
    plain: Sequence[float]
    floor: float
    aim: float | None = None
    slowest: float | None = None
    ahead: bool = False

    def cells(self) -> tuple[str, ...]:
        """What the table shows of it."""
        middle, plain = statistics.median(self.ours), statistics.median(self.plain)
        slow = p99(self.ours)
        behind = self.ahead and middle >= plain
        aim = f"≤ {self.aim:g}" if self.aim else ""
        return (
            self.what,
            self.database,
            _seconds(middle),
            _seconds(slow),
            _seconds(plain),
            _seconds(p99(self.plain)),
            _seconds(self.floor),
            _ratio(middle / self.floor, self.aim, also=behind),
            f"{aim}, ahead of the plain bot" if self.ahead else aim,
            _ratio(slow / self.floor, self.slowest),
            f"≤ {self.slowest:g}" if self.slowest else "",
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """How Slack's limits were shared: answers of 429, edits, and which of them came first.

    `in_order` is an aim at copies of decided requests before any other edit, and at edits used
    without a gap; `rarely_limited` at few answers of 429.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("Slack's limits", "on", "calls", "answered 429", "aim", "plain bot"),
        *("edits used", "aim", "plain bot", "copies behind another edit", "aim", "plain bot"),
    )
    MOST_LIMITED: ClassVar[float] = 0.01
    LEAST_USED: ClassVar[float] = 0.95

    what: str
    database: str
    ours: Run
    plain: Run
    in_order: bool = False
    rarely_limited: bool = False

    def cells(self) -> tuple[str, ...]:
        """What the table shows of it."""
        limited, share = self.ours.traffic.limited_share, self.ours.used
        too_often = self.rarely_limited and limited > self.MOST_LIMITED
        return (
            self.what,
            self.database,
            f"{self.ours.traffic.calls.total():,}",
            f"{limited:.1%}" + (_MISS if too_often else ""),
            f"≤ {self.MOST_LIMITED:.0%}" if self.rarely_limited else "",
            f"{self.plain.traffic.limited_share:.1%}",
            f"{share:.0%}" + (_MISS if self.in_order and share < self.LEAST_USED else ""),
            f"≥ {self.LEAST_USED:.0%}" if self.in_order else "",
            f"{self.plain.used:.0%}",
            _behind(self.ours) + (_MISS if self.in_order and self.ours.overtaken else ""),
            "0" if self.in_order else "",
            _behind(self.plain),
        )


def _behind(run: Run) -> str:
    return f"{run.overtaken} of {sum(len(each.copies) for each in run.decisions)}"


def _seconds(taken: float) -> str:
    if math.isinf(taken):
        return "not seen"
    return f"{taken:.2f} s" if taken >= 1 else f"{taken * 1000:.0f} ms"


def _ratio(value: float, aim: float | None, *, also: bool = False) -> str:
    missed = also or (aim is not None and value > aim)
    shown = "∞" if math.isinf(value) else f"{value:.2f}"
    return shown + (_MISS if missed else "")
