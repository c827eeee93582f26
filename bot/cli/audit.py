"""`mp-approvals audit`: whether the record is what its histories say, for who must be able to prove
it.

Nothing that people wrote is printed, since it may have been erased for good reason.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from bot.cli.operate import finish, opened_store
from store.audit import verify as audit
from store.audit.verify import Checked
from store.domain import request_number
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
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """Compare every request with its sealed history. Exits 1 if one differs."""
    named = request_number.exactly(request) if request is not None else None
    if request is not None and not named:
        raise typer.BadParameter(f"{request!r} is no request; use MP-12.")
    if named and since:
        raise typer.BadParameter("Give either --request or --since.")
    moment = since.replace(tzinfo=since.tzinfo or UTC) if since else None
    finish(_verify(moment, named.number if named else None, json_))


async def _verify(since: datetime | None, number: int | None, as_json: bool) -> int:
    """Print every finding as it comes, and the count at the end."""
    requests = events = differing = older = 0
    async with opened_store() as db:
        async for checked in _one(db, number) if number else _all(db, since):
            requests, events = requests + checked.is_there, events + checked.events
            differing += bool(checked.findings)
            older += checked.sealed_at is not None
            for finding in checked.findings:
                told = {"request": f"MP-{checked.request_id}", "finding": finding}
                typer.echo(json.dumps(told) if as_json else ": ".join(told.values()))
    if as_json:
        found = {"requests": requests, "events": events, "differing": differing, "older": older}
        typer.echo(json.dumps(found))
    else:
        said = f"{differing:,} differ" if differing else "the record is what its histories say"
        typer.echo(f"{requests:,} requests, {events:,} events: {said}.")
        if older:
            typer.echo(_OLDER.format(older))
    return 1 if differing else 0


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
