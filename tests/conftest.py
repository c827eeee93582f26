"""What every test may ask for: a database (each test on SQLite and on PostgreSQL) and a clock."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from store.engine import migrate
from store.engine.database import Database
from tests.clock import MovedClock
from tests.postgres_server import Server, running_server

HEAVY = (
    "blocks/test_limits_hold.py",
    "bot/test_dispatcher.py",
    "bot/test_downloads.py",
    "bot/test_jobs_and_schedule.py",
    "bot/test_process.py",
    "bot/test_reconcile.py",
    "bot/test_replicas.py",
    "bot/test_stopping.py",
    "handlers/test_hostile_requests.py",
    "soak/test_soak.py",
    "stories/test_downloads.py",
    "stories/test_filters.py",
    "stories/test_home.py",
)
"""Files that start processes, last real seconds or try hundreds of cases: `make slow` runs them."""
CROSSED = (
    {"team": "http", "database_url": "sqlite"},
    {"team": "socket_mode", "database_url": "postgresql"},
)
"""Stories run in both modes and on both databases at once; the other two pairs are slow ones."""
_TEMPLATE = "template_of_ours"
_numbers = itertools.count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, so that the quick suite stays quick on two cores."""
    for item in items:
        given = getattr(item, "callspec", None)
        params = given.params if given else {}
        crossed = any(pair.items() <= params.items() for pair in CROSSED)
        if crossed or item.path.as_posix().endswith(HEAVY):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server with a migrated, empty database to copy."""
    with running_server() as server:
        server.execute("CREATE DATABASE {}", _TEMPLATE)
        asyncio.run(_migrate(server.url(_TEMPLATE)))
        yield server


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite file of the test's own."""
    path = tmp_path / "approvals.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated, empty database of the test's own."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: Server = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {{}} TEMPLATE {_TEMPLATE}", name)
    yield server.url(name)
    server.execute("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The store, on a database of the test's own."""
    database = Database(database_url)
    yield database
    await database.dispose()


@pytest.fixture
def clock() -> MovedClock:
    """Friday 20 November 2026, 10:14 in Manila, until the test moves it."""
    return MovedClock()


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    await database.dispose()
