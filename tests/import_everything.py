"""`python -m tests.import_everything`: imports every module of the product, and tells what it did.

Each line it prints is something that an import must not do: read a file of ours or write any, open
a socket or a database, start a process or a thread, make an event loop, add a logging handler, or
change the environment or the pace of the garbage collector. How long it takes is for the bench.
"""

import gc
import importlib
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.source_files import PRODUCT, ROOT, files

WATCHED = ("_thread.", "os.", "shutil.", "signal.", "socket.", "sqlite3.", "subprocess.")
"""Audit events. Making an event loop opens a pair of sockets."""
READING = {"os.listdir", "os.scandir", "os.walk", "os.fwalk"}


def did(event: str, args: tuple[Any, ...]) -> str | None:
    """The finding in an audit event, if it is one."""
    if event == "open" and not isinstance(args[0], int):  # a number is a file that is open already
        path, flags = Path(os.fsdecode(args[0])).absolute(), int(args[2])
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND):
            return f"writes {path}"
        ours = any(path.is_relative_to(ROOT / folder) for folder in PRODUCT)
        return f"reads {path}" if ours and path.suffix not in {".py", ".pyc"} else None
    return f"{event} {args}" if event.startswith(WATCHED) and event not in READING else None


def modules() -> Iterator[str]:
    """Every module of the product by its dotted name."""
    for path in files(*PRODUCT):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def findings() -> Iterator[str]:
    """Import them all, one after the other."""
    sys.dont_write_bytecode = True  # that is the interpreter's writing, not ours
    environment, module, found = dict(os.environ), "", list[str]()
    pace = gc.get_threshold()

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if (what := did(event, args)) is not None:
            found.append(f"{module}: {what}")

    sys.addaudithook(watch)
    for module in modules():
        importlib.import_module(module)
    yield from found
    yield from (f"starts {thread}" for thread in threading.enumerate()[1:])
    if dict(os.environ) != environment:
        yield "changes the environment"
    if gc.get_threshold() != pace or gc.get_freeze_count():
        yield "changes the pace of the garbage collector"
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    for logger in loggers:
        for handler in logger.handlers:
            if not isinstance(handler, logging.NullHandler):
                yield f"adds {handler} to {logger}"


if __name__ == "__main__":
    for finding in findings():
        sys.stdout.write(f"{finding}\n")
