"""`make bench`: every figure beside its floor, in tables. `--small` is the same in few minutes.

The sizes are 10 thousand and 1 million requests; small is the first alone, with few rounds, and
its figures only show that everything still runs. `--only lists clicks` takes these parts.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import psycopg

from tests.bench import (
    clicks,
    door,
    exports,
    importing,
    lists,
    outgoing,
    people,
    record,
    rules,
    starting,
)
from tests.bench.after_click.measure import CASES, FLOOR, Case, measure, small
from tests.bench.after_click.scenarios import Scenario
from tests.bench.places import Place, places
from tests.bench.table import Line, Row, machine, markdown

FEW, MANY = 10_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each thing is done."""

    rounds: int
    times: int
    clicks: int
    decisions: int
    messages: int
    limited: int
    lines: int
    large_rounds: int
    exports: int
    reviewers: int
    cases: Sequence[Case]
    floor: Scenario


FULL = Effort(5, 10, 300, 160, 500, 20, 1000, 2, 1, 2000, CASES, FLOOR)
SMALL = Effort(
    *(1, 1, 50, 64, 50, 3, 50, 1, 1, 60),
    [replace(case, scenario=small(case.scenario), rounds=1) for case in CASES],
    replace(FLOOR, decisions=8, open=10),
)
Part = Callable[[Place, Place, Effort], Awaitable[Sequence[Row]]]


async def _lists(few: Place, many: Place, effort: Effort) -> list[Line]:
    rounds, times, on = effort.rounds, effort.times, many.database
    first = await lists.compare(lists.CASES, few, many, rounds=rounds, times=times)
    deep = await lists.compare(lists.DEEP, few, many, deep=True, rounds=rounds, times=times)
    aims = {"aim": 3, "growth_aim": 1.5}
    return [
        *lists.worst(on, f"first page, worst of {len(first)} lists", first, **aims),
        *lists.worst(on, f"30,000th page, worst of {len(deep)} lists", deep, **aims),
    ]


async def _search(few: Place, many: Place, effort: Effort) -> list[Line]:
    found = await lists.compare(lists.SEARCHES, few, many, rounds=effort.rounds, times=1)
    if many.is_sqlite:
        slowest = max(found, key=lambda one: one.ours.median)
        return [slowest.line(many.database, "search, the slowest", limit=0.12)]
    return lists.worst(many.database, f"search, worst of {len(found)}", found, aim=3)


async def _people(few: Place, many: Place, effort: Effort) -> list[Line]:
    everyday = await people.everyday(few, many, rounds=effort.rounds, times=effort.times)
    return everyday + await people.morning(
        many, turns=effort.large_rounds, reviewers=effort.reviewers
    )


async def _exports(_few: Place, many: Place, effort: Effort) -> list[Line]:
    return await exports.measure(many, rounds=effort.exports)


async def _outbox(few: Place, _many: Place, effort: Effort) -> list[Line]:
    counts = {"messages": effort.messages, "limited": effort.limited}
    return await outgoing.measure(few, rounds=effort.rounds, **counts)


async def _import(_few: Place, many: Place, effort: Effort) -> list[Line]:
    return await importing.measure(many, rounds=effort.rounds, lines=effort.lines)


async def _start(few: Place, _many: Place, effort: Effort) -> list[Line]:
    return await starting.measure(few, rounds=effort.rounds)


async def _clicks(_few: Place, many: Place, effort: Effort) -> list[Line]:
    return await clicks.measure(many, rounds=effort.rounds, clicks=effort.clicks)


async def _door(_few: Place, many: Place, effort: Effort) -> list[Line]:
    return await door.measure(many, rounds=effort.rounds, requests=effort.clicks)


async def _after_click(_few: Place, many: Place, effort: Effort) -> Sequence[Row]:
    return await measure(many, effort.cases, effort.floor)


async def _record(_few: Place, many: Place, effort: Effort) -> list[Line]:
    return await record.measure(many, rounds=effort.rounds, decisions=effort.decisions)


async def _rules(few: Place, many: Place, effort: Effort) -> list[Line]:
    counts = {"times": effort.times, "decisions": effort.decisions}
    return await rules.measure(few, many, rounds=effort.rounds, **counts)


PARTS: dict[str, Part] = {  # what writes comes late: lists are measured on the seed alone
    "lists": _lists,
    "search": _search,
    "people": _people,
    "start": _start,
    "outbox": _outbox,
    "import": _import,
    "clicks": _clicks,
    "door": _door,
    "exports": _exports,
    "after_click": _after_click,
    "record": _record,
    "rules": _rules,
}


def main() -> None:
    """Measure and print."""
    given = argparse.ArgumentParser(prog="bench")
    given.add_argument("--small", action="store_true")
    given.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    chosen = given.parse_args()
    with places([FEW] if chosen.small else [FEW, MANY]) as found:
        with psycopg.connect(found["PostgreSQL"][0].url) as connection:
            _say(machine(str(connection.info.server_version // 10_000)))
        rows: list[Row] = []
        for name in chosen.only:
            for sizes in found.values():
                effort = SMALL if chosen.small else FULL
                rows += asyncio.run(_measured(PARTS[name], sizes, effort))
    _say(f"\n{markdown(rows)}")


async def _measured(part: Part, sizes: list[Place], effort: Effort) -> Sequence[Row]:
    rows = await part(sizes[0], sizes[-1], effort)
    _say("\n".join(f"  {row.cells()}" for row in rows))
    return rows


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the table is what it is for


if __name__ == "__main__":
    main()
