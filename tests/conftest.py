"""What every test may ask for: a database (each test on SQLite and on PostgreSQL) and a clock."""

import asyncio
import itertools
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from sqlalchemy import Dialect, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.incoming import fallback, timely_app
from bot.incoming.timely_app import TimelyApp
from bot.sandbox.delivery import installed_workspace
from bot.sandbox.state import triggers
from handlers import views
from store import grants
from store.audit import events
from store.engine import migrate, postgresql, time_limits
from store.engine.database import Database
from store.engine.time_limits import Limits
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack
from tests.log_secrecy import LISTENED_TO, Listener, leaks, typed
from tests.postgres_server import Server, running_server

# A busy machine is no finding. Examples may take as long as they like, and so may people: how fast
# they are answered is for the bench to measure.
# CI tries the same examples each time: what a new one finds is for whoever runs the tests by hand.
settings.register_profile(
    "patient",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")
PATIENCE = 60.0
"""Seconds that Slack, our handlers and the store wait in tests, where really it is a few."""

TEMPLATE = "template_of_ours"
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that must come is too late; a test of lateness sets a limit of its own."""
    monkeypatch.setattr(installed_workspace, "ACK_SECONDS", PATIENCE)
    monkeypatch.setattr(triggers, "TRIGGER_SECONDS", PATIENCE)
    monkeypatch.setattr(views, "VIEW_SECONDS", PATIENCE)
    monkeypatch.setattr(timely_app, "CLICK_SECONDS", PATIENCE)
    monkeypatch.setattr(fallback, "TELL_SECONDS", PATIENCE)
    limits = Limits(lock=PATIENCE, statement=PATIENCE, idle=PATIENCE, whole=PATIENCE)
    monkeypatch.setattr(time_limits, "CLICK", limits)
    monkeypatch.setattr(time_limits, "BACKGROUND", limits)
    monkeypatch.setattr(postgresql, "ANSWER_SECONDS", PATIENCE)
    monkeypatch.setattr(postgresql, "POOL_SECONDS", PATIENCE)
    monkeypatch.setitem(postgresql.REACH, "connect_timeout", int(PATIENCE))


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """A statement is compiled once in a session, where an engine of its own would do it anew.

    All engines of one kind keep what they compiled in one place, and their dialects are one key.
    """
    kept: dict[type[Dialect], LRUCache[Any, Any]] = {}

    def shared(engine: Engine) -> LRUCache[Any, Any]:
        return kept.setdefault(type(engine.dialect), LRUCache(5000))

    with pytest.MonkeyPatch.context() as session:
        session.setattr(Engine, "_compiled_cache", property(shared, lambda *_: None), raising=False)
        session.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        session.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield


@pytest.fixture(scope="session")
def log_listener() -> Iterator[Listener]:
    """Hears every line of the log, everything that is recorded and everything that is typed."""
    listener = Listener()
    append, dispatch = events.append, TimelyApp.async_dispatch

    async def appended(
        session: AsyncSession, new: Sequence[events.Event], before: events.Seals | None = None
    ) -> None:
        listener.hear([(each.data, each.texts) for each in new])
        await append(session, new, before)

    async def dispatched(app: TimelyApp, request: AsyncBoltRequest) -> BoltResponse:
        listener.hear(typed(request.body))
        return await dispatch(app, request)

    with pytest.MonkeyPatch.context() as session:
        session.setattr(events, "append", appended)
        session.setattr(TimelyApp, "async_dispatch", dispatched)
        for name in LISTENED_TO:
            logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger().addHandler(listener)
        yield listener
        logging.getLogger().removeHandler(listener)


@pytest.fixture(autouse=True)
def no_secret_is_logged(log_listener: Listener) -> Iterator[Listener]:
    """No test writes what people wrote, a token or a response URL to the log."""
    log_listener.forget()
    yield log_listener
    assert leaks(log_listener.lines, log_listener.texts) == []


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server with a migrated, empty database to copy, with the roles and grants of ours."""
    with running_server() as server:
        server.execute("CREATE DATABASE {}", TEMPLATE)
        asyncio.run(_migrate(server.url(TEMPLATE)))
        with psycopg.connect(server.url(TEMPLATE), autocommit=True) as connection:
            for statement in grants.statements():
                connection.execute(cast(LiteralString, statement))
        yield server


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite file of the test's own."""
    path = tmp_path / "approvals.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgres: Server) -> Iterator[str]:
    """A migrated, empty PostgreSQL database of the test's own."""
    name = f"test_{next(_numbers)}"
    # Copied file by file it costs half: written through the log, each page of it is written twice.
    postgres.execute(f"CREATE DATABASE {{}} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY", name)
    yield postgres.url(name)
    postgres.execute("DROP DATABASE {} WITH (FORCE)", name)


SLOW_ON_POSTGRESQL = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
"""Once in the quick run, once in the slow one: a test costs twice as much on PostgreSQL."""
QUICK_ON_BOTH = ["sqlite", "postgresql"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test on each kind of database; which run it is in says the mark."""
    if "database_url" in metafunc.fixturenames:
        quick = metafunc.definition.get_closest_marker("databases_differ")
        kinds = QUICK_ON_BOTH if quick else SLOW_ON_POSTGRESQL
        metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of the test's own, on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


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


@pytest.fixture(params=SLOW_ON_POSTGRESQL)
def bot_url(request: pytest.FixtureRequest) -> str:
    """The same, for the whole bot."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def team(bot_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """Everybody at their Slack, where the store matters."""
    async with team_at_slack(bot_url, clock, tmp_path, mode="socket_mode") as together:
        yield together


@pytest.fixture
async def team_once(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """The same people, where it does not."""
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="socket_mode") as together:
        yield together


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate.upgrade(database)
    await database.dispose()
