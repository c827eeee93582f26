"""Where is measured: each database with a few requests and with many, and how to ask it bare."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import aiosqlite
import psycopg

from store.domain.policy import Policy
from store.engine import migrate
from store.engine.database import Database
from tests.bench import seed
from tests.postgres_server import running_server

POLICY = Policy(admins=("U00000",), reviewers=(seed.GROUP,))
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A database with so many requests in it."""

    database: str
    count: int
    url: str

    @property
    def is_sqlite(self) -> bool:
        """Which of the two it is."""
        return self.url.startswith("sqlite")

    @property
    def path(self) -> str:
        """The file of a SQLite database."""
        return self.url.removeprefix("sqlite:///")

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Database]:
        """The product's way in."""
        db = Database(self.url)
        try:
            yield db
        finally:
            await db.dispose()

    @asynccontextmanager
    async def bare(self) -> AsyncIterator["Bare"]:
        """The driver's own way in: the same asynchronous drivers, nothing above them."""
        if self.is_sqlite:
            async with aiosqlite.connect(self.path, isolation_level=None) as lite:
                yield BareSqlite(lite)
        else:
            async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as server:
                yield BarePostgresql(server)


class Bare(Protocol):
    """One statement in, tuples out; times and JSON decoded. Parameters are written `?`.

    `text` is how this database looks for a word best.
    """

    text: str

    async def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows."""

    async def plan_for_values(self) -> None:
        """Plan each statement for what is asked, prepared or not: what a filter lets through."""


class BareSqlite:
    """Over aiosqlite. Times and JSON are text in SQLite and are decoded as whoever asks must."""

    text = "instr(r.search_text, ?) > 0"

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows."""
        given = [seed.sqlite_value(value) for value in values]
        rows = await self._connection.execute_fetchall(statement, given)
        return [tuple(map(_decoded, row)) for row in rows]

    async def plan_for_values(self) -> None:
        """SQLite plans once, whatever the values."""


class BarePostgresql:
    """Over psycopg, which prepares a statement after its fifth time."""

    text = "r.search_text LIKE '%%' || ? || '%%'"

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    async def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows."""
        cursor = await self._connection.execute(statement.replace("?", "%s"), values)
        return await cursor.fetchall()

    async def plan_for_values(self) -> None:
        """For good, as one who knows their data would set it for a search."""
        await self._connection.execute("SET plan_cache_mode = force_custom_plan")


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value:
        if value[0] == "{":
            return json.loads(value)
        if len(value) == 26 and value[4] == "-" and value[10] == " ":
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value


@contextmanager
def places(counts: Sequence[int]) -> Iterator[dict[str, list[Place]]]:
    """Both databases at each size, seeded. PostgreSQL waits for its disk, as an operator's does."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        server = stack.enter_context(running_server(durable=True))
        found: dict[str, list[Place]] = {"SQLite": [], "PostgreSQL": []}
        for count in counts:
            path = folder / f"{count}.db"
            asyncio.run(_migrate(f"sqlite:///{path}"))
            seed.seed_sqlite(str(path), count)
            found["SQLite"].append(Place("SQLite", count, f"sqlite:///{path}"))
            name = f"bench_{count}"
            server.execute("CREATE DATABASE {}", name)
            asyncio.run(_migrate(server.url(name)))
            seed.seed_postgresql(server.url(name), count)
            found["PostgreSQL"].append(Place("PostgreSQL", count, server.url(name)))
        server.execute("CHECKPOINT", "postgres")
        os.sync()  # what was filled in is on the disk, and nobody measured waits for it
        yield found


async def _migrate(url: str) -> None:
    db = Database(url)
    await migrate.upgrade(db)
    await db.dispose()
