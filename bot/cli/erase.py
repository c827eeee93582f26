"""`mp-approvals forget` and `erase`: what people wrote, deleted for good; the proof stays whole."""

from typing import Annotated

import typer

from blocks.text import plural
from bot.cli.operate import finish, opened_store
from bot.settings import Settings, SettingsError
from store import people
from store.domain.clock import utc_now
from store.engine.database import Database
from store.requests import erase as erasing

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased")]


def forget(
    person: Annotated[str, typer.Argument(help="Slack user id (U…), e-mail address or @full name")],
    cards: Annotated[bool, typer.Option("--cards", help="Draw their cards in Slack again")] = False,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Erase what somebody wrote and what is kept about them. What was decided stays proved."""
    if not (yes or dry_run):
        typer.confirm(f"Erase what {person} wrote? This cannot be undone.", abort=True)
    finish(_forget(person, cards, dry_run))


def erase(dry_run: DryRun = False) -> None:
    """Erase what the policy no longer keeps; the bot does the same four times a day."""
    finish(_erase(dry_run))


async def _forget(person: str, cards: bool, dry_run: bool) -> int:
    async with opened_store() as db:
        user = await _known(db, person)
        found = await erasing.forget(db, user, now=utc_now(), redraw=cards, dry_run=dry_run)
    verb = "would be erased" if dry_run else "were erased"
    typer.echo(f"{user}: texts in {plural(found.requests, 'request')} {verb}.")
    if found.later:
        typer.echo(f"{found.later:,} more are still needed, and are erased once they are not.")
    return 0


async def _known(db: Database, person: str) -> str:
    """Their id. Raises SettingsError where nobody, or more than one, is called that."""
    if person[:1] in {"U", "W"} and person.isalnum() and person.isupper():
        return person
    async with db.snapshot() as session:
        found = await people.called(session, person.removeprefix("@"))
    if len(found) != 1:
        how_many = "More than one person is" if found else "Nobody here is"
        raise SettingsError(f"{how_many} called {person}: use the Slack id (U…).")
    return found[0]


async def _erase(dry_run: bool) -> int:
    policy = Settings.read().policy()
    async with opened_store() as db:
        count = await erasing.erase_old(db, policy, now=utc_now(), dry_run=dry_run)
    verb = "would be erased" if dry_run else "were erased"
    typer.echo(f"Texts in {plural(count, 'request')} {verb}.")
    return 0
