"""`mp-approvals keys`: who may use the HTTP API. Works while the bot runs, at once."""

from typing import Annotated

import typer

from blocks.text import plural
from bot.cli.operate import age, finish, opened_store
from store import api_keys
from store.api_keys import NameTakenError
from store.domain.api_key import NAME_LIMIT, ApiKey, Right
from store.domain.clock import utc_now

commands = typer.Typer(help="Keys of the HTTP API: create, list, revoke.", no_args_is_help=True)
_RIGHTS = ", ".join(Right)


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for; the history names it")],
    may: Annotated[str, typer.Option(help=f"What it may do, separated by commas: {_RIGHTS}")],
) -> None:
    """Make a key and show it, once."""
    named = " ".join(name.split())
    if not 0 < len(named) <= NAME_LIMIT or not named.isprintable():
        raise typer.BadParameter(f"A name has 1 to {NAME_LIMIT} printable characters.")
    finish(_create(named, _rights(may)))


@commands.command("list")
def list_() -> None:
    """Show every key: name, prefix, rights, when it was made and last used."""
    finish(_list())


@commands.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The key's name or prefix, as list shows them")],
) -> None:
    """Refuse a key from now on."""
    finish(_revoke(name))


def _rights(may: str) -> list[Right]:
    words = [word.strip().casefold() for word in may.split(",") if word.strip()]
    unknown = [word for word in words if word not in set(Right)]
    if unknown or not words:
        wrong = f"{', '.join(unknown)} is not known. " if unknown else ""
        raise typer.BadParameter(f"{wrong}Use some of {_RIGHTS}.")
    return [Right(word) for word in words]


async def _create(name: str, rights: list[Right]) -> int:
    async with opened_store() as db:
        try:
            async with db.transaction() as session:
                key, text = await api_keys.create(session, name, rights, now=utc_now())
        except NameTakenError:
            typer.echo(f"There is, or was, a key {name}: choose another name.")
            return 1
    typer.echo(text)
    typer.echo(
        f"This is {name} ({key.prefix}). It is shown only now: keep it where secrets are.", err=True
    )
    return 0


async def _list() -> int:
    async with opened_store() as db, db.snapshot() as session:
        found = await api_keys.listed(session)
    for key in found:
        typer.echo(_line(key))
    typer.echo(f"{plural(len(found), 'key')}.")
    return 0


async def _revoke(name: str) -> int:
    async with opened_store() as db, db.transaction() as session:
        revoked = await api_keys.revoke(session, name, now=utc_now())
    typer.echo(
        f"{revoked.name} ({revoked.prefix}) is refused from now on."
        if revoked
        else f"There is no key {name} in use. `mp-approvals keys list` shows all."
    )
    return 0 if revoked else 1


def _line(key: ApiKey) -> str:
    now = utc_now()
    used = f"last used {age(now - key.last_used_at)} ago" if key.last_used_at else "never used"
    revoked = f"revoked {age(now - key.revoked_at)} ago" if key.revoked_at else ""
    made = f"made {age(now - key.created_at)} ago"
    cells = (key.name, key.prefix, key.actor, ",".join(sorted(key.rights)), made, used, revoked)
    return "  ".join(filter(None, cells))
