"""Requests by the thousand: five years, 2,000 people, one in ten still Under Review.

Rows are made by one generator and written with the bare drivers (executemany, COPY), so that
seeding a million takes a minute or two. The same seed gives the same rows.
"""

import json
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg

from store.domain.request import Category
from store.domain.target_rules import folded_app

END = datetime(2026, 11, 20, tzinfo=UTC)
SPAN = timedelta(days=5 * 365)
DAY = timedelta(days=1)
PEOPLE = [f"U{number:05d}" for number in range(2_000)]
SUBMITTERS, REVIEWERS = PEOPLE[:500], PEOPLE
GROUP = "S00001"
"""The user group that all reviewers are members of."""
NAMES = [
    f"{first} {second}"
    for first in ("Bills", "Kape", "Load", "Sari", "Jeepney", "Clinic", "Campus", "Padala")
    for second in ("Pay", "Rewards", "Central", "Stock", "Pass", "Queue", "Canteen", "Tracker")
]
CATEGORIES = [
    *["mini_program_release"] * 6,
    "mini_program_features",
    "mini_program_launch",
    "mini_program_offline",
    "optimization_modify",
]
ENDINGS = [*["approved"] * 7, "rejected", "withdrawn"]
WAITING_SHARE = 10
"""One request in so many is Under Review: 100,000 of a million."""
REGULAR, NEWEST = "U00007", 1000
"""Who was given all that waits of the newest ones: there is as much of it among few as among many,
so that a digest does not grow by being longer."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one request, by table."""

    request: tuple[Any, ...]
    assignments: list[tuple[Any, ...]]
    vote: tuple[Any, ...] | None


COLUMNS = {
    "request": (
        "id, revision, external_id, category, title, mini_program_id, mini_program_name, "
        "environment, version, submitted_by, created_at, status, completed_on, stage, decided_by, "
        "decision_reason, details, search_text, remind_at, due_at, target_app"
    ),
    "assignment": (
        "request_id, stage, reviewer, created_at, remind_at, due_at, turn, waits, "
        "status, completed_on"
    ),
    "vote": "request_id, stage, reviewer, verdict, at",
    "person": "user_id, name, timezone, locale, active, seen_at",
    "member": "group_id, user_id",
}


def rows(count: int) -> Iterator[Rows]:
    """Requests 1 to `count`, oldest first."""
    chance = random.Random(7)
    for number in range(1, count + 1):
        yield _rows(number, count, chance)


def _rows(number: int, count: int, chance: random.Random) -> Rows:
    created = END - SPAN + SPAN * (number / count)
    waiting = number % WAITING_SHARE == 0
    status = "under_review" if waiting else chance.choice(ENDINGS)
    reviewers = chance.sample(REVIEWERS, 2)
    if waiting and number > count - NEWEST and REGULAR not in reviewers:
        reviewers[0] = REGULAR
    submitter, decided = chance.choice(SUBMITTERS), status in {"approved", "rejected"}
    completed = None if waiting else created + timedelta(hours=chance.randint(1, 72))
    decider = reviewers[0] if decided else None if waiting else submitter
    verdict = "approve" if status == "approved" else "reject"
    return Rows(
        _request(number, created, status, completed, decider, submitter, chance),
        [
            (number, 1, each, created, *(created + DAY,) * 2, waiting, waiting, status, completed)
            for each in reviewers
        ],
        (number, 1, reviewers[0], verdict, completed) if decided else None,
    )


def _request(
    number: int,
    created: datetime,
    status: str,
    completed: datetime | None,
    decider: str | None,
    submitter: str,
    chance: random.Random,
) -> tuple[Any, ...]:
    category, name = chance.choice(CATEGORIES), chance.choice(NAMES)
    program, version = f"21710200927{number % 5000:05d}", f"{number % 9}.{number % 7}.{number % 11}"
    environment = "production" if number % 3 else "sandbox"
    details = {"name": name, "version": version, "type": "DSL", "language": "fil"}
    if Category(category).spec.has_target_app:
        details["target_app"] = "Wallet PH" if number % 2 else "Wallet SG"
    return (
        number, 1 if status == "under_review" else 2, f"seed-{number:08d}", category,
        f"Release {name} {version}", program, name, environment, version, submitter, created,
        status, completed, 1, decider, "Seeded" if status == "rejected" else None,
        json.dumps(details), f"{name} {program}".casefold(), created + DAY, created + DAY,
        folded_app(Category(category), details),
    )  # fmt: skip


def seed_sqlite(path: str, count: int) -> None:
    """Fill a migrated SQLite file. Indexes are made afterwards: that takes a tenth of the time."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000"):
        connection.execute(f"PRAGMA {pragma}")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for tables in _portions(count):
        for table, found in tables.items():
            marks = ", ".join("?" * len(found[0]))
            plain = [tuple(map(sqlite_value, row)) for row in found]
            connection.executemany(
                f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})", plain
            )
    for _, statement in indexes:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def seed_postgresql(url: str, count: int) -> None:
    """Fill a migrated PostgreSQL database; here too the indexes are made afterwards."""
    with psycopg.connect(url) as connection:
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
            "AND indexname LIKE 'ix_%'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for tables in _portions(count):
            for table, found in tables.items():
                with connection.cursor().copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as out:
                    for row in found:
                        out.write_row(row)
        for _, statement in indexes:
            connection.execute(statement)
        connection.execute("SELECT setval(pg_get_serial_sequence('request', 'id'), %s)", [count])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _portions(count: int) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    """Rows by table, what others refer to first. People are met now: nobody asks Slack for them."""
    met = datetime.now(UTC)
    yield {
        "person": [(u, f"Person {u[1:]}", "Asia/Manila", "en-US", True, met) for u in PEOPLE],
        "member": [(GROUP, user) for user in REVIEWERS],
    }
    for batch in _batches(rows(count)):
        yield _tables(batch)


def _tables(batch: list[Rows]) -> dict[str, list[tuple[Any, ...]]]:
    return {
        "request": [each.request for each in batch],
        "assignment": [row for each in batch for row in each.assignments],
        "vote": [each.vote for each in batch if each.vote],
    }


def sqlite_value(value: Any) -> Any:
    """As SQLAlchemy writes it: a UTC time without its zone."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


def _batches(found: Iterator[Rows], size: int = 20_000) -> Iterator[list[Rows]]:
    while batch := list(islice(found, size)):
        yield batch
