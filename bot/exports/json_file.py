"""An export as JSON, one object a line: the interchange format, which `mp-approvals import` reads.

What became of a request stands beside it under `review`; an import passes over that, because a
review starts anew wherever a request is handed in.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.interchange import asked, exported, noted, told
from store.domain.export import Entry
from store.domain.request import People
from store.domain.submission import REVIEW
from store.domain.terms import Terms


@contextmanager
def writing(path: Path, _zone: ZoneInfo) -> Iterator[Callable[[Entry, People], None]]:
    """Create the file; what comes out adds one request to it. Times are UTC and say so."""
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def add(entry: Entry, people: People) -> None:
            found = exported(entry, people)
            found[REVIEW]["questions"] = asked(entry.questions, people)
            votes, terms = entry.approval_notes, Terms.read(entry.terms)
            found[REVIEW]["approval_notes"] = told(votes, terms, people)
            if entry.notes:  # only to who reads them: see `make`
                found[REVIEW]["notes"] = noted(entry.notes, people)
            file.write(f"{json.dumps(found, ensure_ascii=False)}\n")

        yield add
