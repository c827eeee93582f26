"""A copy of the store while it is in use. SQLite only: PostgreSQL brings pg_dump for it.

Copying the file itself would miss what is still in the write-ahead log, or catch half a commit.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL

from store.engine.sqlite_file import make_private


def copy(source: URL, target: Path) -> None:
    """Write all that is committed now to a new file, which appears only when it is whole.

    Raises FileExistsError where there is one already: an older backup is not for us to replace.
    Raises sqlite3.Error where the store cannot be read or the disk is full.
    """
    if target.exists():
        raise FileExistsError(target)
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    make_private(unfinished)
    try:
        # Its own connection: VACUUM runs in no transaction, and it waits for no writer.
        with closing(sqlite3.connect(f"file:{source.database}?mode=rw", uri=True)) as store:
            store.execute("VACUUM INTO ?", (str(unfinished),))
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
