"""Import a file in the interchange format: the good lines are stored, each bad one is named.

Lines are taken a portion at a time, and what a portion has of good requests is stored together.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter

import aiohttp
from slack_sdk.errors import SlackApiError

from blocks import notices, refusals
from bot import intake
from bot.profiles import Profiles
from handlers.slack_errors import answer_of, code_of
from store.domain import submission
from store.domain.access import Refused
from store.domain.clock import Clock
from store.domain.policy import Policy
from store.domain.submission import Submission, SubmissionError
from store.engine.database import Database
from store.requests.submit import NewRequest, Submitted, submit_all

PORTION = 80
"""Lines stored at once; measured on SQLite, where a click waits for them, that takes 50 ms."""
LONGEST_WAIT = 60.0
"""Seconds we wait when Slack asks for it; where it asks for more, the line is for another run."""
PATIENCE = 5
"""How often one question is put to Slack that answers "later"."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one line: `request_id` and whether it is `new`, or what is wrong with it."""

    number: int
    request_id: int | None = None
    new: bool = False
    problems: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """`new`, `known` (its external id was there already) or `bad`."""
        return "bad" if self.problems else "new" if self.new else "known"


class BadLineError(ValueError):
    """The line is no request that can be stored; `problems` says all that is wrong with it."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class Importer:
    """Reads lines, one request each. Safe to run twice: an external id is stored once.

    `quiet`: nobody is told of them.
    """

    db: Database
    profiles: Profiles
    policy: Policy
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    quiet: bool = False

    def __post_init__(self) -> None:
        self._submitters: dict[str, str | None] = {}

    async def run(self, lines: Iterable[bytes]) -> AsyncIterator[Line]:
        """What became of each line that is not blank, in order."""
        async for line in self.take(enumerate(lines, start=1)):
            yield line

    async def take(self, values: Iterable[tuple[int, bytes]]) -> AsyncIterator[Line]:
        """The same of values that come with their numbers, each larger than the one before."""
        told = ((number, text) for number, text in values if text.strip())
        while portion := list(islice(told, PORTION)):
            for line in await self._portion(portion):
                yield line

    async def _portion(self, portion: Iterable[tuple[int, bytes]]) -> list[Line]:
        good: dict[int, NewRequest] = {}
        lines: list[Line] = []
        for number, text in portion:
            try:
                good[number] = await self._new_request(_read(text, self.clock()))
            except BadLineError as bad:
                lines.append(Line(number, problems=bad.problems))
        answers = await submit_all(self.db, list(good.values()), self.policy)
        lines += map(_line, good, answers)
        return sorted(lines, key=attrgetter("number"))

    async def _new_request(self, accepted: Submission) -> NewRequest:
        submitter = await self._submitter(accepted.submitted_by)
        now, quiet = self.clock(), self.quiet
        return NewRequest(accepted, submitter, now, from_platform=True, receipt=False, quiet=quiet)

    async def _submitter(self, named: str) -> str:
        """The active person with this address or id; asked once a run. Raises BadLineError."""
        if named not in self._submitters:
            self._submitters[named] = await self._asked(named)
        if found := self._submitters[named]:
            return found
        raise BadLineError(f"submitted_by: {intake.nobody(named)}")

    async def _asked(self, named: str) -> str | None:
        """As Slack says, when it has time for us. Raises BadLineError where it does not answer."""
        for again in reversed(range(PATIENCE)):
            try:
                return await intake.person(self.profiles, named)
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
                wait = answer_of(error).retry_after
                if wait is None or wait > LONGEST_WAIT or not again:
                    why = f"Slack could not be asked ({code_of(error)}); import it again"
                    raise BadLineError(f"submitted_by: {why}") from error
            await self.sleep(wait)
        raise AssertionError("the last time raises")


def _line(number: int, answer: Submitted | Refused) -> Line:
    if isinstance(answer, Refused):
        return Line(number, problems=(refusals.word(answer, {}, asker=""),))
    other = (notices.other_content(answer.request, answer.unlike),) if answer.unlike else ()
    return Line(number, answer.request.id, answer.new, other)


def _read(text: bytes, now: datetime) -> Submission:
    """What a line hands in. Raises BadLineError."""
    try:
        return submission.read(intake.parse(text), now=now)
    except SubmissionError as error:
        raise BadLineError(*map(str, error.problems)) from error
    except ValueError as error:
        raise BadLineError(str(error)) from error
