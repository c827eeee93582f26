"""`mp-approvals`: arguments in, one call, exit code out."""

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from socket import socket
from threading import current_thread, main_thread
from typing import Annotated, Any

import aiohttp
import typer
from rich.console import Console
from rich.progress import Progress
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot import app, http, slack_client
from bot.app import Bot
from bot.cli import (
    audit,
    blocks_check,
    demo,
    doctor,
    erase,
    hooks,
    keys,
    manifest,
    operate,
    output,
    policy,
    request_file,
    status,
)
from bot.cli.doctor import Finding
from bot.cli.import_file import Importer
from bot.cli.local_workspace import CAST, MOST_PEOPLE, local_workspace
from bot.garbage import collect_rarely
from bot.observe import logs
from bot.sandbox import SAMPLE
from bot.settings import Settings, SettingsError
from bot.web_server import listening, serving_on
from handlers.slack_errors import code_of
from store import grants
from store.domain.clock import utc_now
from store.engine import migrate, sqlite_file
from store.engine.database import Database, parse_url
from store.engine.sqlite_file import StoreFileError
from store.engine.trouble import cause_of

cli = typer.Typer(
    help="Mini program approvals in Slack.", no_args_is_help=True, pretty_exceptions_enable=False
)
cli.command("status")(status.status)
cli.command("backup")(operate.backup_)
cli.add_typer(operate.outbox_commands, name="outbox")
cli.add_typer(audit.commands, name="audit")
cli.command("forget")(erase.forget)
cli.command("erase")(erase.erase)
cli.add_typer(keys.commands, name="keys")
cli.add_typer(hooks.commands, name="hooks")
cli.add_typer(policy.commands, name="policy")


def main() -> None:
    """Run a command. What an operator can mend ends in a sentence, not in a stack trace."""
    output.prepare()
    try:
        cli()
    except SettingsError as error:
        sys.exit(f"{error}")
    except SQLAlchemyError as error:
        cause = cause_of(error) or type(error).__name__
        sys.exit(f"The database cannot be used ({cause}). Check DATABASE_URL.")
    except StoreFileError as error:
        sys.exit(f"{error}")
    except SlackApiError as error:
        sys.exit(f"Slack refused: {code_of(error)}. `mp-approvals doctor` says what to do.")
    except (aiohttp.ClientError, TimeoutError) as error:
        silent = f"Slack does not answer ({type(error).__name__}). Check the network"
        sys.exit(f"{silent}; `mp-approvals doctor` says more.")
    except OSError as error:
        if why := cause_of(error):
            sys.exit(f"{error.filename or 'A file'} cannot be used: {why}.")
        raise


_NewStore = Annotated[
    bool,
    typer.Option(
        "--new-store", help="Begin a new SQLite store where the old one is lost or damaged"
    ),
]


@cli.command()
def run(
    host: Annotated[str, typer.Option(help="Where to listen for HTTP")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port for HTTP; 0 takes a free one")] = 3000,
    new_store: _NewStore = False,
) -> None:
    """Run the bot until Ctrl-C or SIGTERM."""
    settings = Settings.read()
    settings.check_for_running()
    logs.configure(settings.log_level, settings.log_format)
    _say_what_store(settings, new=new_store)
    _finish(_run(settings, host, port))


@cli.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="One request per line, also gzip, or one array; - reads a pipe")
    ],
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Tell nobody, for example of a first load")
    ] = False,
) -> None:
    """Import requests in the interchange format, also from gzip or one JSON array.

    Exits 1 if any request was bad.
    """
    settings = Settings.read()
    settings.bot_token()
    logs.configure("WARNING")
    _finish(_import(settings, file, quiet=quiet))


@cli.command("migrate")
def migrate_(
    new_store: _NewStore = False,
    grants_: Annotated[
        bool,
        typer.Option("--grants", help="Only print the roles and grants for PostgreSQL, as SQL"),
    ] = False,
) -> None:
    """Bring the database schema up to date."""
    settings = Settings.read()
    if grants_:
        if parse_url(settings.database_url).get_backend_name() == "sqlite":
            raise SettingsError(
                "DATABASE_URL is SQLite, which has no roles: its file's permissions say who may "
                "write there."
            )
        for statement in grants.statements():
            typer.echo(statement)
        return
    _say_what_store(settings, new=new_store)
    _finish(_migrate(settings))


@cli.command("manifest")
def manifest_(
    url: Annotated[
        str | None,
        typer.Option(help="https://host of signed HTTP; without it the app uses Socket Mode"),
    ] = None,
) -> None:
    """Print the Slack app manifest."""
    if url is not None and not manifest.is_address(url):
        raise SettingsError(
            f"Slack cannot call --url {url}: give https:// and the name of your host, such as "
            "https://approvals.example.com."
        )
    typer.echo(json.dumps(manifest.build(url), indent=2))


@cli.command("doctor")
def doctor_(
    blocks: Annotated[
        bool, typer.Option("--blocks", help="Have Slack check every message and view instead")
    ] = False,
) -> None:
    """Check token, scopes, channel, reviewers and database. Exits 1 if something is not well."""
    logs.configure("ERROR")
    settings = Settings.read()
    found = blocks_check.examine(settings, utc_now()) if blocks else doctor.examine(settings)
    _finish(_examine(found))


@cli.command("demo")
def demo_(
    stay: Annotated[
        bool | None,
        typer.Option(
            help="Keep the local Slack up afterwards; by default where there is a terminal"
        ),
    ] = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser")] = True,
) -> None:
    """Play the main job in a local Slack, without an account, then hand it over to you.

    Exits 0 only if every step of the story happened.
    """
    logs.configure("ERROR")
    staying = sys.stdin.isatty() and sys.stdout.isatty() if stay is None else stay
    _finish(demo.play(until=_stopped if staying else None, open_browser=open_))


@cli.command()
def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one")
    ] = 0,
    seed: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Requests to begin with, one per line"),
    ] = None,
    people: Annotated[
        int, typer.Option(min=len(CAST), max=MOST_PEOPLE, help="How many are in the workspace")
    ] = len(CAST),
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser")] = True,
) -> None:
    """Run the bot in a local Slack in the browser, without an account. For development only."""
    logs.configure("ERROR")
    _finish(_sandbox(port, seed or SAMPLE, people, open_))


async def _sandbox(port: int, seed: Path, people: int, open_browser: bool) -> int:
    async with local_workspace(people=people, platform=True) as made:
        lines = await made.import_requests(seed)
        for line in lines:
            for problem in line.problems:
                typer.echo(f"line {line.number}: {problem}")
        typer.echo(f"{sum(line.new for line in lines)} requests to begin with.")
        try:
            await demo.stay(made, _stopped, port=port, open_browser=open_browser)
        except OSError as error:
            raise SettingsError(f"Cannot listen on port {port}: {error.strerror}.") from None
    return 0


def _say_what_store(settings: Settings, *, new: bool) -> None:
    """Say that a SQLite store is begun anew; with `new` in the place of one that is lost.

    A store that is whole is left alone in any case.
    """
    url = parse_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    path = Path(url.database)
    try:
        sqlite_file.check(path)
    except StoreFileError:
        if not new:
            raise
        for file in sqlite_file.set_aside(path, at=utc_now()):
            typer.echo(f"What is left of the old store is kept: {file}")
    if not path.exists():
        typer.echo(f"There is no store at {path}: a new one is begun.")


def _finish(work: Coroutine[Any, Any, int | None]) -> None:
    raise typer.Exit(asyncio.run(work) or 0)


async def _run(settings: Settings, host: str, port: int) -> int:
    """Run until told to stop, which may be before all is started.

    HTTP first: who looks after the process can ask it how it is while Slack keeps us waiting.
    """
    stopped = asyncio.create_task(_stopped())  # from the start: no work is begun that is cut off
    async with AsyncExitStack() as stack:
        stack.callback(stopped.cancel)
        listener = stack.enter_context(_listening(host, port))
        bot = await stack.enter_async_context(app.build(settings))
        await _check_schema(bot.db)
        site, proxies = http.build(bot), settings.trusted_proxies
        address = await stack.enter_async_context(serving_on(listener, site, proxies=proxies))
        if settings.metrics_port is not None:
            metrics = stack.enter_context(_listening(host, settings.metrics_port))
            at = await stack.enter_async_context(serving_on(metrics, http.build_metrics(bot)))
            typer.echo(f"Metrics on {at}/metrics.")
        starting = asyncio.create_task(_start(bot, stack))
        await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait([starting])
            return 0
        await starting
        if current_thread() is main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, bot.policy_file.reread)
        collect_rarely()
        typer.echo(f"The bot is running; HTTP on {address}. Ctrl-C stops it.")
        await stopped
        typer.echo("Stopping: finishing what is being sent.")
    return 0


async def _start(bot: Bot, stack: AsyncExitStack) -> None:
    await _check_app_token(bot)
    await stack.enter_async_context(app.running(bot))


def _listening(host: str, port: int) -> socket:
    try:
        return listening(host, port)
    except OSError as error:
        raise SettingsError(f"Cannot listen on {host}:{port}: {error.strerror}.") from None


async def _check_app_token(bot: Bot) -> None:
    """Raises SlackApiError for a token Slack refuses; Socket Mode would ask with it for ever."""
    if token := bot.settings.app_token():
        await slack_client.with_retries(partial(bot.client.apps_connections_open, app_token=token))


async def _stopped() -> None:
    """Until SIGINT or SIGTERM, which only the main thread hears."""
    stop = asyncio.Event()
    if current_thread() is main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def _import(settings: Settings, path: Path, *, quiet: bool) -> int:
    counts: Counter[str] = Counter()
    watched = sys.stderr.isatty()
    async with app.build(settings) as bot:
        await _check_schema(bot.db)
        await bot.profiles.refresh_groups()
        importer = Importer(bot.db, bot.profiles, bot.policy, bot.jobs.clock, quiet=quiet)
        with (
            request_file.opened(path) as file,
            Progress(console=Console(stderr=True), disable=not watched) as progress,
        ):
            task = progress.add_task("Importing", total=file.size)
            async for line in importer.take(file.values()):
                progress.update(task, completed=file.taken)
                counts[line.outcome] += 1
                for problem in line.problems:
                    typer.echo(f"{file.unit} {line.number}: {problem}")
    if file.broken:
        typer.echo(file.broken)
    typer.echo(
        f"{counts.total()} requests: {counts['new']} new, "
        f"{counts['known']} there already, {counts['bad']} bad"
    )
    return 1 if counts["bad"] or file.broken else 0


async def _check_schema(db: Database) -> None:
    if not await migrate.is_current(db):
        raise SettingsError("The database schema is not current: run `mp-approvals migrate`.")


async def _migrate(settings: Settings) -> int:
    db = Database(settings.database_url)
    try:
        await migrate.upgrade(db)
    finally:
        await db.dispose()
    typer.echo("The database schema is current.")
    return 0


async def _examine(found: AsyncIterator[Finding]) -> int:
    findings = []
    async for finding in found:
        findings.append(finding)
        typer.echo(f"{finding.state:<13}  {finding.what}")
        if finding.remedy:
            typer.echo(f"{'':15}{finding.remedy}")
    typer.echo(doctor.summary(findings))
    return 1 if any(finding.remedy for finding in findings) else 0
