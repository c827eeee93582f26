"""`mp-approvals outbox` and `backup`: the store as an operator looks after it.

They may run beside a running bot. Nothing secret is printed: no token, response URL or reason.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.outgoing.dispatcher import POST_INTERVAL
from bot.settings import Settings, SettingsError
from store.domain.clock import utc_now
from store.engine import backup, migrate
from store.engine.database import Database, parse_url
from store.messages import outbox_admin
from store.messages.outbox_admin import Message
from store.tables import OutboxState

outbox_commands = typer.Typer(
    help="Messages that are owed: look, try again, drop.", no_args_is_help=True
)

_REPAIRED = " If this card is in Slack already, the next check brings it up to date all the same."
_NOT_OURS = "No message {key} is waiting or has failed. `mp-approvals outbox list` shows which are."
_NOT_SQLITE = "DATABASE_URL is not SQLite: back it up with pg_dump, as bot/cli/README.md shows."


@outbox_commands.command("list")
def list_(
    state: Annotated[
        list[OutboxState] | None,
        typer.Option(help="Only these; without it what waits and what failed"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show, the oldest first")] = 100,
) -> None:
    """Show messages that have not arrived: key, kind, for whom, attempts, age, last error.

    Below them the lanes that rest: what Slack, or our own pace, lets nothing be sent on for now.
    """
    finish(_list(state or [OutboxState.PENDING, OutboxState.FAILED], limit))


@outbox_commands.command()
def retry(
    key: Annotated[str | None, typer.Argument(help="The key or lane, as list shows it")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed")] = False,
) -> None:
    """Send a message once more, or all that failed. What rests for it goes on at once."""
    if (key is None) != failed:
        raise typer.BadParameter("Give either a key or --failed.")
    finish(_retry(key))


@outbox_commands.command()
def drop(
    key: Annotated[str, typer.Argument(help="The key, as list shows it")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Never send a message; asks first."""
    if not yes:
        typer.confirm(f"Drop {key}? Nobody will get this message.", abort=True)
    finish(_drop(key))


def backup_(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A file that is not there yet")],
) -> None:
    """Copy a SQLite store into a file, while the bot runs."""
    url = parse_url(Settings.read().database_url)
    if url.get_backend_name() != "sqlite":
        raise SettingsError(_NOT_SQLITE)
    try:
        backup.copy(url, file)
    except FileExistsError:
        raise SettingsError(
            f"{file} is there already, and was left as it is: name another."
        ) from None
    except (sqlite3.Error, OSError) as error:
        raise SettingsError(f"No backup was made: {error}.") from None
    typer.echo(f"{file}: {file.stat().st_size:,} bytes.")


async def _list(states: Sequence[OutboxState], limit: int) -> int:
    now = utc_now()
    async with opened_store() as db, db.snapshot() as session:
        shown = await outbox_admin.oldest(session, states, limit=limit)
        total = await outbox_admin.count(session, states)
        resting = await outbox_admin.resting(session, pace=POST_INTERVAL, now=now)
        oldest = await outbox_admin.oldest_due(session)
    for message in shown:
        typer.echo(_line(message, now))
    for lane in resting:
        typer.echo(f"{lane.lane}  rests for {age(lane.until - now)}")
    more = f"; the {len(shown)} oldest are above" if total > len(shown) else ""
    if OutboxState.PENDING not in states:
        oldest = None
    waited = f" The oldest has waited {age(now - oldest)}." if oldest else ""
    typer.echo(f"{total:,} {' or '.join(states)}{more}.{waited}")
    return 0


async def _retry(key: str | None) -> int:
    async with opened_store() as db, db.transaction() as session:
        if key is None:
            count = await outbox_admin.retry_failed(session, now=utc_now())
            await outbox_admin.free(session)
        elif await outbox_admin.free(session, {key}):
            typer.echo(f"{key} rests no longer.")
            return 0
        else:
            count = int(await outbox_admin.retry(session, key, now=utc_now()))
    typer.echo(_NOT_OURS.format(key=key) if key and not count else f"{count:,} will be sent again.")
    return 1 if key and not count else 0


async def _drop(key: str) -> int:
    async with opened_store() as db, db.transaction() as session:
        dropped = await outbox_admin.drop(session, key)
    said = f"{key} is dropped." + (_REPAIRED if key.startswith("card:") else "")
    typer.echo(said if dropped else _NOT_OURS.format(key=key))
    return 0 if dropped else 1


@asynccontextmanager
async def opened_store() -> AsyncIterator[Database]:
    """The store of the settings. Raises SettingsError where its schema is not current."""
    db = Database(Settings.read().database_url)
    try:
        if not await migrate.is_current(db):
            raise SettingsError("The database schema is not current: run `mp-approvals migrate`.")
        yield db
    finally:
        await db.dispose()


def _line(message: Message, now: datetime) -> str:
    cells = (
        message.key,
        message.kind.value,
        message.recipient,
        message.state.value,
        f"{message.attempts} attempts" if message.attempts != 1 else "1 attempt",
        age(now - message.owed_at),
        message.last_error or "",
    )
    return "  ".join(cells).rstrip()


def age(elapsed: timedelta) -> str:
    """How long ago, in the largest unit that is at least one: `3d`, `2h`, `5m`, `40s`."""
    seconds = max(0, int(elapsed.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def finish(work: Coroutine[Any, Any, int]) -> None:
    """Do the work of a command and end with its exit code."""
    raise typer.Exit(asyncio.run(work))
