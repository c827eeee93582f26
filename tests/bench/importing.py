"""Import of the interchange format, beside executemany of the rows it leaves."""

import json
import sqlite3
import time
from contextlib import closing
from typing import Any

import psycopg
from psycopg.types.json import JsonbDumper
from slack_sdk.web.async_client import AsyncWebClient

from bot.cli.import_file import Importer
from bot.profiles import Profiles
from store.domain.clock import utc_now
from store.domain.policy import Policy, PolicyInForce
from store.tables import AssignmentRow, CardRow, EventRow, OutboxRow, RequestRow, SaltRow
from tests.bench.places import Place, Row
from tests.bench.table import Line
from tests.bench.timing import Taken

_POLICY = Policy(admins=("U00000",), reviewers=("U00001", "U00002"))
_TABLES = (RequestRow, AssignmentRow, CardRow, EventRow, SaltRow, OutboxRow)
_MINE = "external_id LIKE 'bench-%'"


async def measure(place: Place, *, rounds: int, lines: int) -> list[Line]:
    """Portions in durable transactions, as an import can be broken off and run again."""
    ours, floor = [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        await _import(place, lines)
        ours.append((time.perf_counter() - begun) / lines)
        kept = take_away(place)
        begun = time.perf_counter()
        _write(place, kept)
        floor.append((time.perf_counter() - begun) / lines)
        take_away(place)
    taken = (Taken(tuple(floor)),)
    return [Line("import, a request", place.database, Taken(tuple(ours)), *taken, aim=10)]


async def _import(place: Place, lines: int) -> None:
    async with place.store() as db:
        profiles = Profiles(db, AsyncWebClient(), PolicyInForce(_POLICY), utc_now)
        importer = Importer(db, profiles, _POLICY, utc_now)
        async for line in importer.run(map(request_line, range(lines))):
            assert line.new, line.problems


def request_line(number: int) -> bytes:
    version = f"9.{number // 100}.{number % 100}"
    return json.dumps(
        {
            "external_id": f"bench-{number:06d}",
            "title": f"Release Bills Pay {version}",
            "category": "mini_program_release",
            "environment": "production",
            "mini_program": {"id": f"3171020092{number:06d}", "name": "Bills Pay"},
            "version": version,
            "submitted_by": "U00003",
            "created_at": "2026-11-16T01:37:00Z",
            "details": {
                "name": "Bills Pay",
                "version": version,
                "type": "DSL",
                "target_app": "Wallet PH",
                "language": "fil",
            },
        }
    ).encode()


def _statements(name: str, mark: str, width: int) -> tuple[str, str, str]:
    key = "id" if name == "request" else "request_id"
    chosen = f"{key} IN (SELECT id FROM request WHERE {_MINE})"
    marks = ", ".join([mark] * width)
    return (
        f"SELECT * FROM {name} WHERE {chosen}",
        f"DELETE FROM {name} WHERE {chosen}",
        f"INSERT INTO {name} VALUES ({marks})",
    )


def _names() -> list[tuple[str, int]]:
    return [(str(table.__tablename__), len(table.model_fields)) for table in _TABLES]


def take_away(place: Place) -> dict[str, list[Row]]:
    """What the import left, taken out again."""
    kept: dict[str, list[Row]] = {}
    with closing(connected(place)) as connection:
        if not place.is_sqlite:  # else each request is sought among a million that may refer to it
            connection.execute("SET session_replication_role = replica")
        for name, width in reversed(_names()):
            read, remove, _ = _statements(name, "?", width)
            cursor = connection.cursor()
            kept[name] = cursor.execute(read).fetchall()
            cursor.execute(remove)
        connection.commit()
    return kept


def _write(place: Place, kept: dict[str, list[Row]]) -> None:
    with closing(connected(place)) as connection:
        for name, width in _names():
            _, _, write = _statements(name, "?" if place.is_sqlite else "%s", width)
            connection.cursor().executemany(write, kept[name])
        connection.commit()


def connected(place: Place) -> Any:
    """The synchronous driver; PostgreSQL's gives JSON as objects and has to take them back."""
    if place.is_sqlite:
        return sqlite3.connect(place.path)
    connection = psycopg.connect(place.url)
    connection.adapters.register_dumper(dict, JsonbDumper)
    return connection
