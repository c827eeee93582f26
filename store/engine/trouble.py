"""What keeps a database or a file from being written or read, named for whoever can mend it."""

import errno
import sqlite3

FULL = "the disk is full"
READ_ONLY = "it is read-only"

_SQLITE = {
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_CANTOPEN": "the file cannot be opened or made",
    "SQLITE_IOERR": "the disk does not read or write as it should",
    "SQLITE_CORRUPT": "the file is damaged",
    "SQLITE_NOTADB": "the file is not a SQLite database",
    "SQLITE_BUSY": "another process holds it",
}
_POSTGRESQL = {
    "53100": FULL,  # disk_full
    "25006": READ_ONLY,  # read_only_sql_transaction: a standby, for one
    "53300": "it takes no more connections",  # too_many_connections
    "28P01": "it refuses the password",  # invalid_password
}
_SYSTEM = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: "there is no right to it",
}


class OldServerError(Exception):
    """The database's server is older than what we ask of it; the text is half a sentence."""


def cause_of(error: BaseException) -> str | None:
    """Half a sentence, such as "the disk is full"; None where nothing is known of it.

    Looks through what wraps it: SQLAlchemy's errors have the driver's as `orig`.
    """
    found: BaseException | None = error
    while found is not None:
        if said := _said_by(found):
            return said
        found = getattr(found, "orig", None) or found.__cause__
    return None


def _said_by(error: BaseException) -> str | None:
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", None) or ""
        return next((said for code, said in _SQLITE.items() if name.startswith(code)), None)
    if isinstance(error, OldServerError):
        return str(error)
    if isinstance(error, OSError):
        return _SYSTEM.get(error.errno or 0)
    return _POSTGRESQL.get(getattr(error, "sqlstate", None) or "")
