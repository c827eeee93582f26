"""The three that are clicked: the bot, the plain bot, and a bare Bolt app as the floor.

Each is told of requests and then runs in processes of its own, as its operator would start it.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
    suppress,
)
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import psycopg
from pydantic import SecretStr
from sqlmodel import delete

from blocks import buttons
from bot import app
from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Channel
from bot.settings import Settings
from store.domain import submission
from store.domain.access import Refused
from store.domain.clock import utc_now
from store.requests.submit import NewRequest, submit_all
from store.tables import CardRow, EventRow, ExportRow, LaneRow, OutboxRow
from tests.bench import serving_bare
from tests.bench.after_click.decisions import Copy
from tests.bench.after_click.timed_slack import TimedSlack
from tests.bench.places import Place
from tests.bench.processes import finished, listening

_NAME = "Bills Pay"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that somebody submitted on the platform."""

    program: str
    version: str
    submitter: Person

    @property
    def title(self) -> str:
        """What it is called."""
        return f"Release {_NAME} {self.version}"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a bot is clicked: its Slack, its people, its database, and a folder for its files."""

    slack: TimedSlack
    place: Place
    bob: Person
    carol: Person
    ada: Person
    reviews: Channel
    folder: Path

    def environment(self, url: str) -> dict[str, str]:
        """What every bot reads from it."""
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": url,
        }


class Bot(Protocol):
    """What can be clicked. `approve`, `reject` and the fields of the `form` are the bot's own.

    `asks` are the buttons that only a waiting card has, `tells` is whether the submitter hears the
    outcome, `export` is a command.
    """

    name: str
    approve: str
    reject: str
    form: Mapping[str, object]
    asks: frozenset[str]
    tells: bool
    export: str

    async def prepare(self, stage: Stage, asked: Sequence[Asked]) -> dict[Asked, tuple[Copy, ...]]:
        """Store these and have their cards posted; where the copies of each are."""

    def running(self, stage: Stage, replicas: int) -> AbstractAsyncContextManager[list[str]]:
        """The bot in so many processes; their addresses."""

    def importing(self, stage: Stage, asked: Sequence[Asked]) -> AbstractAsyncContextManager[None]:
        """Take these in while it runs, their cards still owed."""

    async def clear(self, place: Place) -> None:
        """Leave nothing behind that a bot started later would go on with."""


class Ours:
    """The product, started as `mp-approvals run` starts it."""

    name = "ours"
    approve, reject = buttons.APPROVE, buttons.REJECT
    form: Mapping[str, object] = {"reason": "The logo is missing."}
    asks = frozenset({buttons.APPROVE, buttons.REJECT, buttons.WITHDRAW})
    tells = True
    export = "/mp-requests export all csv"

    async def prepare(self, stage: Stage, asked: Sequence[Asked]) -> dict[Asked, tuple[Copy, ...]]:
        """As if submitted here, for what a file brings has no receipts; its own dispatcher keeps to
        no pace for once.
        """
        settings = Settings.read(
            _env_file=None,
            slack_bot_token=SecretStr(stage.slack.bot_token),
            slack_api_url=stage.slack.api_url,
            database_url=stage.place.url,
            policy_file=self._policy(stage),
        )
        async with app.build(settings, post_interval=timedelta()) as bot:
            answers = await submit_all(bot.db, list(map(_new, asked)), bot.policy)
            assert not any(isinstance(answer, Refused) for answer in answers)
            while await bot.dispatcher.run_once():
                pass
        return await _copies(stage.place, "card", "request", "mini_program_id", asked)

    @asynccontextmanager
    async def running(self, stage: Stage, replicas: int) -> AsyncIterator[list[str]]:
        """Replicas meet in the store alone."""
        env = self._environment(stage)
        async with _listening("tests.bench.serving_bot", replicas, env) as addresses:
            yield addresses

    @asynccontextmanager
    async def importing(self, stage: Stage, asked: Sequence[Asked]) -> AsyncIterator[None]:
        """`mp-approvals import` stores them and ends; the running bot posts their cards."""
        file = stage.folder / "ours.jsonl"
        file.write_bytes(b"\n".join(map(_interchange_line, asked)))
        await finished("bot", "import", str(file), env=self._environment(stage))
        yield

    async def clear(self, place: Place) -> None:
        """What is still owed, and what it is owed for."""
        async with place.store() as db, db.transaction() as session:
            for table in (OutboxRow, CardRow, EventRow, LaneRow, ExportRow):
                await session.exec(delete(table))

    def _environment(self, stage: Stage) -> dict[str, str]:
        more = {"POLICY_FILE": str(self._policy(stage)), "LOG_LEVEL": "ERROR"}
        return stage.environment(stage.place.url) | more

    def _policy(self, stage: Stage) -> Path:
        path = stage.folder / "policy.toml"
        path.write_text(
            f'[workspace]\nadmins = ["{stage.ada.id}"]\n'
            f'reviewers = ["{stage.bob.id}", "{stage.carol.id}"]\nchannel = "{stage.reviews.id}"\n'
            "burst = 0\n",  # a card for each request, as the others have it
            encoding="utf-8",
        )
        return path


class Plain:
    """The plain bot, its tables beside ours in the same database."""

    name = "plain bot"
    approve, reject = "approve", "reject"
    form: Mapping[str, object] = {"reason": "The logo is missing."}
    asks = frozenset({"approve", "reject"})
    tells = True
    export = "/plain-export"
    module = "tests.bench.plain_bot"

    async def prepare(self, stage: Stage, asked: Sequence[Asked]) -> dict[Asked, tuple[Copy, ...]]:
        """By its own importer, without a pause between two requests."""
        file = self._file(stage, asked)
        await finished(self.module, "import", str(file), "0", env=self._environment(stage))
        _store_as_many(stage.place)
        return await _copies(stage.place, "plain_card", "plain_request", "program_id", asked)

    @asynccontextmanager
    async def running(self, stage: Stage, replicas: int) -> AsyncIterator[list[str]]:
        """It keeps nothing in memory that a second process would miss."""
        async with _listening(self.module, replicas, self._environment(stage)) as addresses:
            yield addresses

    @asynccontextmanager
    async def importing(self, stage: Stage, asked: Sequence[Asked]) -> AsyncIterator[None]:
        """Its importer posts the cards itself, a request a second, beside the running bot."""
        file = self._file(stage, asked)
        posting = asyncio.create_task(
            finished(self.module, "import", str(file), "1", env=self._environment(stage))
        )
        yield
        posting.cancel()
        with suppress(asyncio.CancelledError):
            await posting

    async def clear(self, place: Place) -> None:
        """Nothing: what it had yet to send ended with it."""

    def _environment(self, stage: Stage) -> dict[str, str]:
        url = stage.place.url.replace("sqlite:", "sqlite+aiosqlite:")
        return stage.environment(url.replace("postgresql:", "postgresql+psycopg:")) | {
            "REVIEWERS": f"{stage.bob.id},{stage.carol.id}",
            "CHANNEL": stage.reviews.id,
        }

    def _file(self, stage: Stage, asked: Sequence[Asked]) -> Path:
        path = stage.folder / "plain.jsonl"
        path.write_text("\n".join(map(_plain_line, asked)), encoding="utf-8")
        return path


class Bare:
    """The floor: a Bolt app that acknowledges and then makes the one call that shows it."""

    name = "floor"
    form: Mapping[str, object] = {"reason": "The logo is missing."}
    approve, reject = serving_bare.SHOW, serving_bare.FORM
    asks = frozenset({serving_bare.SHOW, serving_bare.FORM})
    tells = False
    export = ""

    async def prepare(self, stage: Stage, asked: Sequence[Asked]) -> dict[Asked, tuple[Copy, ...]]:
        """It knows of nothing; each request is one card."""
        return {each: (self._post(stage, each),) for each in asked}

    @asynccontextmanager
    async def running(self, stage: Stage, replicas: int) -> AsyncIterator[list[str]]:
        """With the libraries of this database in memory."""
        env = stage.environment(stage.place.url)
        async with _listening("tests.bench.serving_bare", replicas, env) as addresses:
            yield addresses

    def importing(self, stage: Stage, asked: Sequence[Asked]) -> AbstractAsyncContextManager[None]:
        """It is clicked one at a time only."""
        raise NotImplementedError

    async def clear(self, place: Place) -> None:
        """Nothing is kept."""

    def _post(self, stage: Stage, asked: Asked) -> Copy:
        words = {"type": "plain_text", "text": asked.title}
        both = [{"type": "button", "action_id": name, "text": words} for name in sorted(self.asks)]
        content = {"text": asked.title, "blocks": [{"type": "actions", "elements": both}]}
        reader = stage.bob if int(asked.program) % 2 else stage.carol
        message = stage.slack.post(reader.dm, content)
        return message.channel, message.ts


@asynccontextmanager
async def _listening(
    module: str, replicas: int, env: Mapping[str, str]
) -> AsyncIterator[list[str]]:
    """So many processes, each saying in one line where it listens."""
    async with AsyncExitStack() as stack:
        yield [
            (await stack.enter_async_context(listening(module, env=env))).said
            for _ in range(replicas)
        ]


async def _copies(
    place: Place, card: str, request: str, program: str, asked: Sequence[Asked]
) -> dict[Asked, tuple[Copy, ...]]:
    """Where the cards of these requests are, as the bot itself has noted it."""
    async with place.bare() as bare:
        rows = await bare.fetch(
            f"SELECT r.{program}, r.version, c.channel, c.ts FROM {card} c "
            f"JOIN {request} r ON r.id = c.request_id"
        )
    found: dict[tuple[str, str], list[Copy]] = {}
    for program_id, version, channel, ts in rows:
        found.setdefault((program_id, version), []).append((channel, ts))
    return {each: tuple(found[each.program, each.version]) for each in asked}


def _store_as_many(place: Place) -> None:
    """Give the plain bot the requests that the product has, once: an export takes them all."""
    connection: Any = sqlite3.connect(place.path) if place.is_sqlite else psycopg.connect(place.url)
    with closing(connection):
        connection.execute(
            "INSERT INTO plain_request (title, program_id, program_name, environment, version, "
            "submitted_by, created_at, status) SELECT title, mini_program_id, mini_program_name, "
            "environment, version, submitted_by, created_at, status FROM request "
            "WHERE NOT EXISTS (SELECT 1 FROM plain_request WHERE status = 'withdrawn')"
        )
        connection.commit()


def _new(asked: Asked) -> NewRequest:
    now = utc_now()
    read = submission.read(_interchange(asked), now=now)
    return NewRequest(read, asked.submitter.id, now, from_platform=True)


def _interchange_line(asked: Asked) -> bytes:
    return json.dumps(_interchange(asked)).encode()


def _interchange(asked: Asked) -> dict[str, Any]:
    return {
        "external_id": f"{asked.program}-{asked.version}",
        "title": asked.title,
        "category": "mini_program_release",
        "environment": "production",
        "mini_program": {"id": asked.program, "name": _NAME},
        "version": asked.version,
        "submitted_by": asked.submitter.id,
        "created_at": utc_now().isoformat(),
        "details": {
            "name": _NAME,
            "version": asked.version,
            "type": "DSL",
            "target_app": "Wallet PH",
            "language": "fil",
        },
    }


def _plain_line(asked: Asked) -> str:
    return json.dumps(
        {
            "title": asked.title,
            "program_id": asked.program,
            "program_name": _NAME,
            "environment": "production",
            "version": asked.version,
            "submitted_by": asked.submitter.id,
            "created_at": utc_now().isoformat(),
        }
    )
