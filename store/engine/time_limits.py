"""How long a transaction may wait, by its kind; and until when somebody waits for one.

Two rules. What nobody waits for any more is not committed. And who is told "nothing was changed"
is told the truth: `Deadline` keeps what has become of what they asked.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a kind of transaction may wait for, in seconds; None is without a limit.

    `lock`: for a lock somebody else holds. `statement`: for one statement. `idle`: between two
    statements, which ends the transaction of a process that is frozen. `whole`: until its COMMIT,
    by this process's own clock, for a server that is frozen itself.
    """

    lock: float
    statement: float | None
    idle: float
    whole: float | None


CLICK = Limits(lock=0.5, statement=2.0, idle=5.0, whole=2.0)
"""Somebody waits for the answer: Slack gives 3 seconds."""
BACKGROUND = Limits(lock=5.0, statement=30.0, idle=5.0, whole=60.0)
"""What the loops and the command line do. What fails is done again by whoever comes next."""
LONG = Limits(lock=60.0, statement=None, idle=60.0, whole=None)
"""A migration, a million rows as a file, the whole history checked."""
COMMIT_SECONDS = 10.0
"""How long a COMMIT may take, once it was sent: an answer to it is worth more than a quick end."""

CLOSE_SECONDS = 3.0
"""How long the end of a process waits for transactions that it has given up waiting for."""


class TooLateError(Exception):
    """Nobody waits any more: this was rolled back, or never begun."""


class StoreBusyError(PoolTimeoutError):
    """The store was in use by somebody else for too long: this was never begun."""


class CommitLostError(OperationalError):
    """The connection broke after COMMIT was sent: only the database knows what came of it."""


class Fate(Enum):
    """What has become of what somebody asked for."""

    OPEN = auto()
    """Nothing is committed."""
    COMMITTING = auto()
    """COMMIT was sent, and has no answer yet."""
    COMMITTED = auto()
    LOST = auto()
    """COMMIT was sent, and will never have an answer."""
    GIVEN_UP = auto()
    """Nothing was committed, and nothing will be."""


class Deadline:
    """Until when somebody waits, by the clock of the loop, and what has become of it.

    All of it is asked and changed in one event loop: between a question here and what follows from
    its answer nothing else happens.
    """

    def __init__(self, until: float) -> None:
        self.until = until
        self.fate = Fate.OPEN
        self.transaction: str | None = None
        """The database's own number of the transaction whose COMMIT was lost, where it has one."""
        self.committed_at: float | None = None
        """When the first COMMIT of what they asked had its answer, by the clock of the loop."""
        self.is_refused = False
        """Whether something they asked for was refused: then a COMMIT of theirs is not what they
        asked for."""
        self.is_answered = False
        """Whether they wait no more, because they have an answer. What is still done for it has
        the time of any other work."""

    @property
    def is_partly_done(self) -> bool:
        """Whether something they asked for is committed, so that they cannot be told that nothing
        was changed.
        """
        return self.fate is Fate.COMMITTED

    def give_up(self) -> bool:
        """Nobody waits any more. Returns whether nothing was changed, and nothing will be."""
        if self.fate is Fate.OPEN:
            self.fate = Fate.GIVEN_UP
        return self.fate is Fate.GIVEN_UP

    def is_past(self) -> bool:
        """Whether it is too late to commit anything. Then it stays so."""
        late = asyncio.get_running_loop().time() >= self.until and not self.is_answered
        return (late and self.give_up()) or self.fate is Fate.GIVEN_UP


@contextmanager
def committing(asked_by: Sequence[Deadline], transaction: str | None) -> Iterator[None]:
    """COMMIT is sent in this block. Raises CommitLostError where it will have no answer."""
    before = [deadline.fate for deadline in asked_by]
    for deadline in asked_by:
        deadline.fate, deadline.transaction = Fate.COMMITTING, transaction
    fates = [Fate.LOST for _ in asked_by]  # cancelled, nobody knows
    try:
        yield
        fates = [Fate.COMMITTED for _ in asked_by]
        now = asyncio.get_running_loop().time()
        for deadline in asked_by:
            deadline.committed_at = deadline.committed_at or now
    except DBAPIError as error:
        if error.connection_invalidated:
            raise CommitLostError("COMMIT", None, error.orig or error) from error
        fates = before  # the database said no
        raise
    finally:
        for deadline, fate in zip(asked_by, fates, strict=True):
            deadline.fate = fate


_WAITING: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """Whatever is asked of the store in this block is asked by somebody who waits so long."""
    deadline = Deadline(asyncio.get_running_loop().time() + seconds)
    token = _WAITING.set(deadline)
    try:
        yield deadline
    finally:
        _WAITING.reset(token)


def current() -> Deadline | None:
    """Of whoever waits for what is done here; None where nobody does, or they have their answer."""
    deadline = _WAITING.get()
    return None if deadline is None or deadline.is_answered else deadline
