"""`mp-approvals status`: how the bot is, on one screen or as JSON, from the store alone."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from blocks.text import plural
from bot.cli.operate import age, finish
from bot.settings import Settings, SettingsError
from bot.version import version
from store import api_keys, figures, replicas, webhooks
from store.domain.clock import utc_now
from store.domain.hook import Hook
from store.engine import migrate
from store.engine.database import Database
from store.engine.server_clock import server_time
from store.messages import outbox_admin
from store.messages.outbox import Kind
from store.replicas import SILENT_AFTER, Replica
from store.tables import OutboxState

LATE = timedelta(minutes=5)
"""A message that has been owed for longer is looked after; see monitoring/alerts.yaml."""
_DAY = timedelta(days=1)
_MIGRATE = "The schema is not current: run `mp-approvals migrate`."


@dataclass
class Status:
    """How it is at `now`; what the store could not be asked is None. Times are aware UTC.

    `hooks` are with how many deliveries each is owed, and since when.
    """

    now: datetime
    version: str
    database: str
    schema: str | None
    newest_schema: str
    policy: str
    policy_changed_at: datetime | None
    policy_sha256: str | None
    ways_in: list[str]
    api_keys: int | None = None
    waiting: figures.Waiting | None = None
    oldest_due: datetime | None = None
    failed: int | None = None
    last_digest: datetime | None = None
    hooks: list[tuple[Hook, tuple[int, datetime] | None]] = field(default_factory=list)
    replicas: Sequence[Replica] = ()

    @property
    def alive(self) -> list[Replica]:
        """The processes that are heard of."""
        return [each for each in self.replicas if self.now - each.beat_at <= SILENT_AFTER]

    def problems(self) -> Iterator[str]:
        """What has to be looked at, a sentence each."""
        if self.schema != self.newest_schema:
            yield _MIGRATE
            return
        if not self.policy_sha256:
            yield f"The policy file cannot be used. {self.policy}"
        if not self.alive:
            yield "No bot runs on this store: `mp-approvals run` starts one."
        for each in self.alive:
            if each.connected is False:
                yield f"Replica {each.id[:8]} is not connected to Slack: run `mp-approvals doctor`."
            if each.version != self.version:
                said = f"version {each.version}" if each.version else "an older version"
                yield f"Replica {each.id[:8]} runs {said}, and here is {self.version}."
            if self.policy_sha256 and each.policy_sha256 not in {None, self.policy_sha256}:
                yield f"Replica {each.id[:8]} goes by another policy than {self.policy}."
        if self.oldest_due and self.now - self.oldest_due > LATE:
            waited = age(self.now - self.oldest_due)
            yield f"A message has been owed for {waited}: `mp-approvals outbox list` says which."
        for hook, _ in self.hooks:
            if hook.paused_at:
                why = f"{hook.paused_why}): `mp-approvals hooks resume`."
                yield f"The hook {hook.url} is paused ({why}"


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For machines")] = False,
) -> None:
    """Say how the bot is. Exits 1 if something has to be looked at."""
    finish(_status(as_json=as_json))


async def _status(*, as_json: bool) -> int:
    found = await _found(Settings.read())
    problems = list(found.problems())
    if as_json:
        typer.echo(json.dumps(_as_json(found, problems), indent=2, ensure_ascii=False))
    else:
        for line in _screen(found, problems):
            typer.echo(line)
    return 1 if problems else 0


async def _found(settings: Settings) -> Status:
    """All of it. Raises SQLAlchemyError where the store cannot be asked."""
    db = Database(settings.database_url)
    try:
        now = utc_now() if db.is_sqlite else await server_time(db)
        found = Status(
            now=now,
            version=version(),
            database="SQLite" if db.is_sqlite else "PostgreSQL",
            schema=await migrate.revision(db),
            newest_schema=migrate.head(),
            policy=str(settings.policy_file),
            policy_changed_at=None,
            policy_sha256=None,
            ways_in=_ways_in(settings),
        )
        try:
            policy = settings.policy()
            found.policy_changed_at, found.policy_sha256 = policy.changed_at, policy.sha256
        except SettingsError as error:
            found.policy = str(error)
        if found.schema == found.newest_schema:
            await _ask(db, found)
        return found
    finally:
        await db.dispose()


async def _ask(db: Database, found: Status) -> None:
    async with db.snapshot() as session:
        keys = await api_keys.listed(session)
        found.api_keys = sum(key.revoked_at is None for key in keys)
        found.waiting = await figures.waiting(session, now=found.now)
        found.oldest_due = await outbox_admin.oldest_due(session)
        found.failed = await outbox_admin.count(session, [OutboxState.FAILED])
        found.last_digest = await outbox_admin.last_sent(session, Kind.DIGEST)
        owed = await webhooks.oldest_owed(session)
        found.hooks = [(hook, owed.get(hook.id)) for hook in await webhooks.hooks(session)]
        found.replicas = await replicas.alive(session, since=found.now - _DAY)


def _ways_in(settings: Settings) -> list[str]:
    ways = {"Socket Mode": settings.slack_app_token, "signed HTTP": settings.slack_signing_secret}
    return [name for name, secret in ways.items() if secret]


def _screen(found: Status, problems: Sequence[str]) -> Iterator[str]:
    def row(name: str, *said: str) -> str:
        return f"{name:<14}{'; '.join(said)}"

    def ago(moment: datetime | None, never: str) -> str:
        return f"{age(found.now - moment)} ago" if moment else never

    yield row("version", found.version)
    current = "current" if found.schema == found.newest_schema else "not current"
    yield row("store", f"{found.database}, schema {found.schema or 'none'}, {current}")
    changed = f" of {found.policy_changed_at:%Y-%m-%d %H:%M} UTC" if found.policy_changed_at else ""
    sha = f", {found.policy_sha256[:12]}" if found.policy_sha256 else ""
    yield row("policy", f"{found.policy}{changed}{sha}")
    keys = [f"API, {plural(found.api_keys, 'key')}"] if found.api_keys else []
    yield row("ways in", ", ".join([*found.ways_in, *keys]) or "none")
    if found.waiting:
        yield row("requests", f"{found.waiting.open:,} open, {found.waiting.overdue:,} overdue")
        oldest = f"the oldest owed {age(found.now - found.oldest_due)}" if found.oldest_due else ""
        yield row("messages", oldest or "none owed", f"{found.failed:,} given up")
        yield row("last digest", ago(found.last_digest, "none in 30 days"))
    for hook, owed in found.hooks:
        state = f"paused: {hook.paused_why}" if hook.paused_at else "active"
        last = f"{hook.last_answer} {ago(hook.last_at, '')}" if hook.last_at else "never asked"
        waits = f"{owed[0]:,} owed, the oldest {age(found.now - owed[1])}" if owed else "none owed"
        yield row("hook", hook.url, state, last, waits)
    for each in found.replicas:
        yield row("replica", *_replica(each, found))
    yield ""
    yield from problems or ["All is well."]


def _replica(replica: Replica, found: Status) -> Iterator[str]:
    silent = found.now - replica.beat_at
    beat = f"{age(silent)} ago"
    yield f"{replica.id[:8]} " + (f"alive {beat}" if silent <= SILENT_AFTER else f"silent, {beat}")
    yield f"version {replica.version or 'unknown'}"
    if replica.started_at:
        yield f"started {age(found.now - replica.started_at)} ago"
    if replica.connected is not None:
        yield "Socket Mode connected" if replica.connected else "Socket Mode not connected"
    if replica.heard_at:
        yield f"Slack heard {age(found.now - replica.heard_at)} ago"


def _as_json(found: Status, problems: Sequence[str]) -> dict[str, Any]:
    def seconds(moment: datetime | None) -> float | None:
        return round((found.now - moment).total_seconds(), 1) if moment else None

    return {
        "at": found.now.isoformat(),
        "version": found.version,
        "database": found.database,
        "schema": {"is": found.schema, "newest": found.newest_schema},
        "policy": {
            "file": found.policy,
            "changed_at": _iso(found.policy_changed_at),
            "sha256": found.policy_sha256,
        },
        "ways_in": found.ways_in,
        "api_keys": found.api_keys,
        "requests": asdict(found.waiting) if found.waiting else None,
        "messages": {"oldest_due_seconds": seconds(found.oldest_due), "given_up": found.failed},
        "last_digest_at": _iso(found.last_digest),
        "hooks": [
            {
                "url": hook.url,
                "paused_at": _iso(hook.paused_at),
                "paused_why": hook.paused_why,
                "last_answer": hook.last_answer,
                "last_at": _iso(hook.last_at),
                "owed": owed[0] if owed else 0,
                "oldest_owed_seconds": seconds(owed[1]) if owed else None,
            }
            for hook, owed in found.hooks
        ],
        "replicas": [
            {
                "id": each.id,
                "alive": each in found.alive,
                "beat_seconds_ago": seconds(each.beat_at),
                "version": each.version,
                "started_at": _iso(each.started_at),
                "policy_sha256": each.policy_sha256,
                "connected": each.connected,
                "heard_seconds_ago": seconds(each.heard_at),
            }
            for each in found.replicas
        ],
        "problems": list(problems),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
