"""From a click to the messages it causes: who acts is known by one id, in logs and in what is owed.

An id goes along by itself: in the tasks of a click, in what its transactions owe, and from there to
whoever sends that. A transaction that several clicks share says of which request which of them is.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.access import Refused

Answered = TypeVar("Answered")
AnyDenial = TypeVar("AnyDenial", bound=StrEnum)
_CAUSES = "causes"


class Outcome(StrEnum):
    """How an act ended, in the words of the log and of what is counted."""

    DONE = "done"
    REFUSED = "refused"
    FOREIGN = "foreign"
    """It came from another workspace."""
    TOO_EARLY = "too_early"
    """It can be told from nothing that is known yet, and was asked for again."""
    FAILED = "failed"
    TOO_LATE = "too_late"
    """It was given up: nothing was changed."""
    UNSURE = "unsure"
    """What became of it was not known in time, and the person was told that."""

    @property
    def should_not_be(self) -> bool:
        """Whether somebody who runs this wants to know of it."""
        return self in {Outcome.FAILED, Outcome.TOO_LATE, Outcome.UNSURE}


@dataclass(slots=True)
class Cause:
    """What somebody has done, as it becomes known: about which requests it is, and how it ended.

    `outcome` is what the listener came to, perhaps after the person had their answer. `told` is
    what they were told in place of it. `why` is a word of ours, for a log.
    """

    id: str
    outcome: Outcome = Outcome.DONE
    told: Outcome | None = None
    why: str | None = None
    requests: list[int] = field(default_factory=list)


_CURRENT: ContextVar[Cause | None] = ContextVar("cause", default=None)


@contextmanager
def begun() -> Iterator[Cause]:
    """What happens in this block, and in tasks begun in it, is caused by a new act."""
    cause = Cause(uuid4().hex[:16])
    with _caused_by(cause):
        yield cause


@contextmanager
def resumed(id_: str | None) -> Iterator[None]:
    """What happens in this block goes on with what the act of this id has begun; None: nobody's."""
    with _caused_by(Cause(id_) if id_ else None):
        yield


@contextmanager
def _caused_by(cause: Cause | None) -> Iterator[None]:
    token = _CURRENT.set(cause)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> Cause | None:
    """What has caused what is done here; None where nobody did, or it is not known."""
    return _CURRENT.get()


def current_id() -> str | None:
    """Its id."""
    cause = _CURRENT.get()
    return cause.id if cause else None


def note(request_id: int, *, refused: str | None = None) -> None:
    """What is done here is about this request, and may have been refused, for this reason."""
    cause = _CURRENT.get()
    if cause and request_id not in cause.requests:
        cause.requests.append(request_id)
    if refused:
        end(Outcome.REFUSED, refused)


def noted(answer: Answered, request_id: int) -> Answered:
    """The answer of a use case, noted with its request for the log of what was done."""
    note(request_id, refused=answer.denial.value if isinstance(answer, Refused) else None)
    return answer


def denied(denial: AnyDenial) -> AnyDenial:
    """Why an act was refused, noted for the log, where that is no Refused."""
    end(Outcome.REFUSED, denial.value)
    return denial


def end(outcome: Outcome, why: str | None = None) -> None:
    """What is done here ended so."""
    if cause := _CURRENT.get():
        cause.outcome, cause.why = outcome, why


def name(session: AsyncSession, caused: Iterable[tuple[int, str | None]]) -> None:
    """In this transaction each of these requests was acted on by the click of this id."""
    session.info.setdefault(_CAUSES, {}).update({request: id_ for request, id_ in caused if id_})


def of(session: AsyncSession, request_id: int | None) -> str | None:
    """The id of what causes something that this transaction owes, about a request or none.

    Where several clicks share it, what is about none of their requests has none.
    """
    named: dict[int | None, str] = session.info.get(_CAUSES, {})
    only = next(iter(named.values())) if len(set(named.values())) == 1 else None
    return named.get(request_id, only) if named else current_id()
