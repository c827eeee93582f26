"""A SQLite file before it is opened: whether it is the store that was there, and who may read it.

Opened as it is, an empty file beside an old write-ahead log is a new store, and the log is deleted:
all that was committed last stands in it.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

MAGIC = b"SQLite format 3\x00"
PRIVATE = 0o600
"""Who may read a file of ours: the user the bot runs as."""
_HEADER, _LOG_HEADER, _FRAME_HEADER = 100, 32, 24
"""Bytes, by SQLite's file formats."""


class StoreFileError(ValueError):
    """The file is not the store that was there; the text is a sentence on what to do."""


def check(path: Path) -> None:
    """Raises StoreFileError where a file has less in it than its write-ahead log was written for.

    Nothing is opened or changed. A file that is not there, without a log, is a new store.
    """
    log = _beside(path, "-wal")
    begun = path.is_file() and path.stat().st_size > 0
    if not begun:
        if log.exists():
            what = "is empty" if path.exists() else "is not there"
            raise StoreFileError(f"{path} {what}, but its write-ahead log {log.name} is. {_REMEDY}")
        return
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(MAGIC):
        raise StoreFileError(
            f"{path} is not a SQLite database, or only the beginning of one. {_REMEDY}"
        )
    size = int.from_bytes(header[16:18], "big")
    page = 65536 if size == 1 else size
    there, needed = path.stat().st_size // page, _pages(header)
    if there < needed and not set(range(there + 1, needed + 1)) <= set(_logged(log, page)):
        left = f"{there:,} of its {needed:,} pages are there"
        raise StoreFileError(f"{path} is cut off: {left}. {_REMEDY}")


def set_aside(path: Path, *, at: datetime) -> list[Path]:
    """Rename what is left of a store, so that a new one can begin; the new names."""
    kept = []
    for file in (path, _beside(path, "-wal"), _beside(path, "-shm")):
        if file.exists():
            kept.append(file.rename(file.with_name(f"{file.name}.left-{at:%Y%m%dT%H%M%S}")))
    return kept


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, where there is none.

    SQLite gives its log and its shared memory the rights of the file.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
    except FileExistsError:
        return


def is_readable_by_others(path: Path) -> bool:
    """Whether others than its owner may read or write it; False where it is not there."""
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & 0o077)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _pages(header: bytes) -> int:
    """How many pages the file has by its own word; 0 where an older SQLite has not said."""
    changed, valid_for = header[24:28], header[92:96]
    return int.from_bytes(header[28:32], "big") if changed == valid_for else 0


def _logged(log: Path, page: int) -> Iterator[int]:
    """The pages that stand in the write-ahead log: a copy into the file may have been cut off."""
    if not log.is_file():
        return
    with log.open("rb") as file:
        file.seek(_LOG_HEADER)
        while len(frame := file.read(_FRAME_HEADER)) == _FRAME_HEADER:
            yield int.from_bytes(frame[:4], "big")
            file.seek(page, os.SEEK_CUR)


_REMEDY = (
    "Put the store back from a backup, without the -wal and -shm files that lie beside it. "
    "To begin a new store instead, start with --new-store; what is left of the old one is kept."
)
