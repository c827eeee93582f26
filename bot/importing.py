"""Import a file in the interchange format: the good lines are stored, each bad one is named."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.directory import Directory, code_of
from store import requests
from store.database import Database
from store.domain import submission
from store.domain.access import Denial, Refused
from store.domain.clock import Clock
from store.domain.policy import Policy
from store.domain.submission import Submission, SubmissionError


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


_REFUSED = {
    Denial.NOBODY_CAN_DECIDE: (
        "nobody could decide it: the policy names no reviewer besides the submitter; "
        "set reviewers under [workspace]"
    ),
}


@dataclass
class Importer:
    """Reads lines, one request each. Safe to run twice: an external id is stored once."""

    db: Database
    directory: Directory
    policy: Policy
    clock: Clock

    def __post_init__(self) -> None:
        self._submitters: dict[str, str | None] = {}

    async def run(self, lines: Iterable[bytes]) -> AsyncIterator[Line]:
        """What became of each line that is not blank, in order."""
        for number, text in enumerate(lines, start=1):
            if text.strip():
                yield await self._line(number, text)

    async def _line(self, number: int, text: bytes) -> Line:
        try:
            accepted = submission.read(_parse(text))
        except SubmissionError as error:
            return Line(number, problems=tuple(map(str, error.problems)))
        except ValueError as error:
            return Line(number, problems=(f"not a JSON object in UTF-8: {error}",))
        except RecursionError:
            return Line(number, problems=("nested too deep; please make it flatter",))
        return await self._store(number, accepted)

    async def _store(self, number: int, accepted: Submission) -> Line:
        try:
            submitter = await self._submitter(accepted.submitted_by)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            why = f"submitted_by: Slack could not be asked ({code_of(error)}); import it again"
            return Line(number, problems=(why,))
        if submitter is None:
            why = f"submitted_by: nobody in the workspace is {accepted.submitted_by}"
            return Line(number, problems=(why,))
        answer = await requests.submit(
            self.db,
            accepted,
            submitter=submitter,
            policy=self.policy,
            now=self.clock(),
            from_platform=True,
        )
        if isinstance(answer, Refused):
            return Line(number, problems=(_REFUSED[answer.denial],))
        return Line(number, answer.request.id, answer.new)

    async def _submitter(self, named: str) -> str | None:
        """The active person with this address or id; asked once a run."""
        if named not in self._submitters:
            self._submitters[named] = await self._person(named)
        return self._submitters[named]

    async def _person(self, named: str) -> str | None:
        if "@" in named:
            person = await self.directory.by_email(named)
        else:
            person = (await self.directory.people([named])).get(named)
        return person.user_id if person and person.active else None


def _parse(text: bytes) -> object:
    """The object on a line. Raises ValueError, also for bytes that are not UTF-8."""
    return json.loads(text.decode("utf-8-sig"), parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
