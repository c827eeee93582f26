"""`mp-approvals hooks`: who is told what happens. Works while the bot runs, at once."""

import ipaddress
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit
from uuid import uuid4

import typer

from blocks.text import plural
from bot import interchange
from bot.cli.operate import age, finish, opened_store
from bot.webhooks.sending import posting
from store import webhooks
from store.domain.clock import utc_now
from store.domain.hook import TEST, Hook, HookEvent, is_public, new_secret, problem_with
from store.domain.request_number import exactly
from store.webhooks import HookTakenError, PlatformTakenError

commands = typer.Typer(help="Webhooks: who is told what happens.", no_args_is_help=True)
_Url = Annotated[str, typer.Argument(help="The address, as list shows it")]
_EVENTS = ", ".join(HookEvent)


@commands.command()
def add(
    url: Annotated[str, typer.Argument(help="Where webhooks are posted to, https://…")],
    events: Annotated[str, typer.Option(help=f"all, or some, separated by commas: {_EVENTS}")],
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also private addresses, and http:// there")
    ] = False,
    platform: Annotated[
        bool, typer.Option("--platform", help="It is the platform: its answers go on record")
    ] = False,
) -> None:
    """Send webhooks to an address from now on. Shows the secret, once."""
    if problem := problem_with(url, allow_private=allow_private):
        raise typer.BadParameter(problem)
    if not allow_private and _is_private_literal(url):
        raise typer.BadParameter("This address is private; --allow-private allows that.")
    chosen = _chosen(events)
    if platform and HookEvent.APPROVED not in chosen:
        raise typer.BadParameter(
            f"The platform answers {HookEvent.APPROVED}: add that to --events."
        )
    finish(_add(url, chosen, allow_private=allow_private, is_platform=platform))


@commands.command("list")
def list_() -> None:
    """Show every hook: its events, the last answer, what it is owed and since when."""
    finish(_list())


@commands.command()
def test(url: _Url) -> None:
    """Send it one webhook now, and say what it answered. Exits 1 if it was not taken."""
    finish(_test(url))


@commands.command()
def replay(
    request: Annotated[str, typer.Argument(help="The request: MP-12")],
) -> None:
    """Send every hook all events of a request again, with the ids they had."""
    found = exactly(request)
    if found is None:
        raise typer.BadParameter(f"{request!r} is not a request number; write it like MP-12.")
    finish(_replay(found.number))


@commands.command()
def pause(url: _Url) -> None:
    """Send it nothing for now; what it is owed is kept for 30 days."""
    finish(_pause(url))


@commands.command()
def resume(url: _Url) -> None:
    """Go on sending to it, and send what it is owed."""
    finish(_resume(url))


@commands.command()
def remove(
    url: _Url,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Remove a hook, with all it is owed; asks first."""
    if not yes:
        typer.confirm(f"Remove {url}? What it is owed is never sent.", abort=True)
    finish(_remove(url))


def _chosen(events: str) -> list[HookEvent]:
    words = [word.strip().casefold() for word in events.split(",") if word.strip()]
    if words == ["all"]:
        return list(HookEvent)
    unknown = [word for word in words if word not in set(HookEvent)]
    if unknown or not words:
        wrong = f"{', '.join(unknown)} is not known. " if unknown else ""
        raise typer.BadParameter(f"{wrong}Use all, or some of {_EVENTS}.")
    return [HookEvent(word) for word in words]


def _is_private_literal(url: str) -> bool:
    """Whether the host is an address, and a private one. Of a name it is seen at each try."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return not is_public(host)


async def _add(url: str, events: list[HookEvent], *, allow_private: bool, is_platform: bool) -> int:
    secret, now = new_secret(), utc_now()
    async with opened_store() as db:
        try:
            async with db.transaction() as session:
                await webhooks.add(
                    session,
                    *(url, events, secret),
                    allow_private=allow_private,
                    is_platform=is_platform,
                    now=now,
                )
        except PlatformTakenError as error:
            typer.echo(f"{error} is the platform's hook already; remove that first.")
            return 1
        except HookTakenError:
            typer.echo(
                "There is a hook with this address already. `mp-approvals hooks list` shows all."
            )
            return 1
    typer.echo(secret)
    typer.echo("The receiver checks signatures with this. It is shown only now.", err=True)
    return 0


async def _list() -> int:
    async with opened_store() as db, db.snapshot() as session:
        found, owed = await webhooks.hooks(session), await webhooks.oldest_owed(session)
    for hook in found:
        typer.echo(_line(hook, owed.get(hook.id)))
    typer.echo(f"{plural(len(found), 'hook')}.")
    return 0


async def _test(url: str) -> int:
    async with opened_store() as db, db.snapshot() as session:
        hook = next((each for each in await webhooks.hooks(session) if each.url == url), None)
    if hook is None:
        return _none(url)
    now = utc_now()
    body: dict[str, object] = {"type": TEST, "timestamp": interchange.moment(now), "data": {}}
    async with posting() as poster:
        heard = await poster.post(hook, f"msg_test_{uuid4().hex}", body, at=now)
    typer.echo(f"{'Taken' if heard.is_taken else 'Not taken'}: {heard.said}.")
    return 0 if heard.is_taken else 1


async def _replay(number: int) -> int:
    async with opened_store() as db, db.transaction() as session:
        count = await webhooks.replay(session, number, now=utc_now())
    typer.echo(f"{plural(count, 'webhook')} will be sent again.")
    return 0 if count else 1


async def _pause(url: str) -> int:
    async with opened_store() as db, db.transaction() as session:
        found = await webhooks.pause(session, url, why="by an operator", now=utc_now())
    return _done("It is paused.") if found else _none(url)


async def _resume(url: str) -> int:
    async with opened_store() as db, db.transaction() as session:
        found = await webhooks.resume(session, url, now=utc_now())
    return _done("It goes on: what it is owed is sent now.") if found else _none(url)


async def _remove(url: str) -> int:
    async with opened_store() as db, db.transaction() as session:
        found = await webhooks.remove(session, url)
    return _done("It is removed.") if found else _none(url)


def _done(sentence: str) -> int:
    typer.echo(sentence)
    return 0


def _none(url: str) -> int:
    typer.echo(f"There is no hook {url}. `mp-approvals hooks list` shows all.")
    return 1


def _line(hook: Hook, owed: tuple[int, datetime] | None) -> str:
    now = utc_now()
    events = "all" if hook.events == set(HookEvent) else ",".join(sorted(hook.events))
    state = f"paused: {hook.paused_why}" if hook.paused_at else "active"
    last = f"{hook.last_answer} {age(now - hook.last_at)} ago" if hook.last_at else "never asked"
    waits = f"{owed[0]:,} owed, the oldest {age(now - owed[1])}" if owed else "nothing owed"
    whose = ("the platform",) if hook.is_platform else ()
    return "  ".join((hook.url, *whose, events, state, last, waits))
