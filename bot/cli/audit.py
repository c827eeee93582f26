"""`mp-approvals audit`: whether the record is what its histories say, for who must be able to prove
it.

Nothing that people wrote is printed, since it may have been erased for good reason.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from blocks.text import plural
from bot.audit_key import AuditKey, is_signed
from bot.cli import checkpoint_places
from bot.cli.operate import finish, opened_store
from bot.settings import Settings, SettingsError
from store.audit import checkpoints, events
from store.audit import verify as audit
from store.audit.verify import Checked
from store.domain import checkpoint, event_lines, request_number
from store.domain.checkpoint import Checkpoint
from store.domain.event_lines import LineFormat
from store.domain.json_values import INTEGER_LIMIT
from store.engine.database import Database

commands = typer.Typer(
    help="The sealed history of the requests: check it, prove it.", no_args_is_help=True
)


@commands.command()
def verify(
    since: Annotated[
        datetime | None, typer.Option(help="Only what changed from then on (UTC)")
    ] = None,
    request: Annotated[str | None, typer.Option(help="Only this one, such as MP-12")] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Compare with the checkpoints in this file or #channel as well"),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Their public key; without it that of AUDIT_KEY_FILE")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object per line")] = False,
) -> None:
    """Compare every request with its sealed history. Exits 1 if one differs."""
    named = request_number.exactly(request) if request is not None else None
    if request is not None and not named:
        raise typer.BadParameter(f"{request!r} is not a request number; write it like MP-12.")
    if named and (since or against):
        raise typer.BadParameter("Use --request without --since and --against.")
    moment = since.replace(tzinfo=since.tzinfo or UTC) if since else None
    finish(_verify(moment, named.number if named else None, against, key, json_))


@commands.command()
def init() -> None:
    """Make the key that signs checkpoints, in AUDIT_KEY_FILE, and print its public half."""
    path = Settings.read().audit_key_file
    if path is None:
        raise SettingsError("Set AUDIT_KEY_FILE to where the key is to be, then try again.")
    typer.echo(f"{path} is the key; keep a copy of it away from the database's backups.")
    typer.echo(f"Whoever checks the record needs its public half: {AuditKey.create(path).public}")


@commands.command()
def prove(
    request: Annotated[str, typer.Argument(help="Such as MP-12")],
    earlier: Annotated[
        int | None,
        typer.Option(
            "--from",
            min=1,
            max=INTEGER_LIMIT,
            help="Events of the checkpoint that the newest must continue",
        ),
    ] = None,
) -> None:
    """Print a proof of a request's history, to be checked without the database."""
    named = request_number.exactly(request)
    if not named:
        raise typer.BadParameter(f"{request!r} is not a request number; write it like MP-12.")
    finish(_prove(named.number, earlier))


@commands.command()
def export(
    since: Annotated[datetime | None, typer.Option(help="Only events from then on (UTC)")] = None,
    format: Annotated[
        LineFormat, typer.Option(help="JSON objects, CSV, or the field names of ECS for a SIEM")
    ] = LineFormat.JSONL,
) -> None:
    """Print events with their seals, one per line; the same again whenever it is run."""
    moment = since.replace(tzinfo=since.tzinfo or UTC) if since else None
    finish(_export(moment, format))


@commands.command()
def check(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Of `audit prove` or `audit export`")
    ],
    key: Annotated[
        str | None, typer.Option(help="For a proof: the public key that `audit init` printed")
    ] = None,
) -> None:
    """Check a proof or an export: no database, no settings. Exits 1 if it does not hold."""
    with file.open("rb") as found:
        is_proof = found.read(len(_PROOF)) == _PROOF
    if not is_proof:
        _check_export(file)
    elif key is None:
        raise typer.BadParameter(
            "To check a proof, give --key, the public key that `audit init` printed."
        )
    else:
        _check_proof(file, key)


_PROOF = b'{"checkpoint":'
"""How a proof begins, and no event."""


def _check_export(file: Path) -> None:
    count = wrong = 0
    with file.open(encoding="utf-8", errors="replace", newline="") as lines:
        for problem in event_lines.check(lines):
            count, wrong = count + 1, wrong + bool(problem)
            if problem:
                typer.echo(f"It does not hold: {problem}.")
    said = f"{wrong:,} do not hold" if wrong else "each is as it was sealed"
    typer.echo(f"{count:,} events: {said}.")
    raise typer.Exit(1 if wrong or not count else 0)


async def _export(since: datetime | None, format: LineFormat) -> int:
    if heading := event_lines.heading(format):
        typer.echo(heading)
    async with opened_store() as db:
        async for portion in events.all_since(db, since):
            for event in portion:
                typer.echo(event_lines.written(event, format))
    return 0


def _check_proof(file: Path, key: str) -> None:
    read = checkpoint.check(file.read_bytes(), key, is_signed)
    for problem in read.problems:
        typer.echo(f"It does not hold: {problem}.")
    if read.problems or read.proof is None:
        raise typer.Exit(1)
    for event in read.proof.events:
        typer.echo(
            f"MP-{event.request_id}, revision {event.revision}: {event.kind} by "
            f"{event.actor} at {event.at}"
        )
    last, before = read.proof.checkpoint, read.proof.earlier
    typer.echo(f"All of it was sealed on {last.at} in a record of {last.size:,} events.")
    if before:
        typer.echo(f"That continues the record of {before.size:,} events of {before.at}.")


async def _prove(number: int, earlier: int | None) -> int:
    async with opened_store() as db, db.snapshot() as session:
        try:
            proof = await checkpoints.prove(session, number, earlier=earlier)
        except (LookupError, ValueError) as error:
            raise SettingsError(f"MP-{number} cannot be proved: {error}.") from None
        left = await checkpoints.events_of(session, number) - len(proof.events)
    typer.echo(proof.model_dump_json())
    if left:
        typer.echo(f"{left} of its events came after the last checkpoint.", err=True)
    return 0


async def _verify(
    since: datetime | None,
    number: int | None,
    against: str | None,
    key: str | None,
    as_json: bool,
) -> int:
    """Print every finding as it comes, and the count at the end."""
    requests = events = differing = older = 0
    sealed = await _sealed(against, key) if against else []
    async with opened_store() as db:
        async for checked in _one(db, number) if number else _all(db, since):
            requests, events = requests + checked.is_there, events + checked.events
            differing += bool(checked.findings)
            older += checked.sealed_at is not None
            for finding in checked.findings:
                told = {"request": f"MP-{checked.request_id}", "finding": finding}
                typer.echo(json.dumps(told) if as_json else ": ".join(told.values()))
        lost = [finding async for finding in checkpoints.compare(db, sealed)] if sealed else []
    for finding in lost:
        typer.echo(json.dumps({"finding": finding}) if as_json else finding)
    if as_json:
        found = {"requests": requests, "events": events, "differing": differing, "older": older}
        typer.echo(json.dumps(found))
    else:
        said = f"{differing:,} differ" if differing else "the record is what its histories say"
        typer.echo(f"{requests:,} requests, {events:,} events: {said}.")
        if older:
            typer.echo(_OLDER.format(older))
        if sealed and not lost:
            typer.echo(f"All that {plural(len(sealed), 'checkpoint')} sealed is there.")
    return 1 if differing or lost else 0


async def _sealed(place: str, key: str | None) -> list[Checkpoint]:
    """The checkpoints there that this key has signed. Raises SettingsError where there is none.

    Others are left out, since anybody may post one in a channel.
    """
    settings = Settings.read()
    if key is None and settings.audit_key_file is None:
        raise SettingsError("Give --key, the public key that `audit init` printed.")
    public = key or AuditKey.read(settings.audit_key_file or Path()).public
    found = await checkpoint_places.read(settings, place)
    ours = [each for each in found if is_signed(public, each.signed_text(), each.signature)]
    if not ours:
        raise SettingsError(f"No checkpoint in {place} is signed by the key {public}.")
    if len(ours) < len(found):
        left_out = f"{len(found) - len(ours)} checkpoints in {place} are not signed by the key"
        typer.echo(f"{left_out}, and were left out.", err=True)
    return ours


_OLDER = (
    "{:,} of them began before histories were complete: they were sealed as they stood, and are "
    "proved from then on."
)


async def _one(db: Database, number: int) -> AsyncIterator[Checked]:
    async with db.snapshot() as session:
        checked = await audit.check_one(session, number)
    yield checked or Checked(number, 0, ("there is no such request",), is_there=False)


async def _all(db: Database, since: datetime | None) -> AsyncIterator[Checked]:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Checking", total=await audit.count(db, since=since))
        async for checked in audit.check_all(db, since=since):
            progress.update(task, advance=1)
            yield checked
