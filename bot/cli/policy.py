"""`mp-approvals policy`: look through the policy file, try another on the history, apply it to open
requests. All may run beside a running bot.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from blocks.text import plural
from bot import slack_client
from bot.cli import doctor
from bot.cli.operate import finish, opened_store
from bot.settings import Settings, SettingsError
from store import people
from store.domain.clock import utc_now
from store.domain.policy import Policy, PolicyError
from store.domain.policy_check import problems
from store.domain.request import People
from store.requests.apply_policy import Difference, apply_policy, differences
from store.requests.try_policy import Tried, try_policy

commands = typer.Typer(
    help="The policy: check it, try another, apply it to what is open.", no_args_is_help=True
)
SHOWN = 20
"""Rows of a table, and requests that are listed; the rest is counted."""


@commands.command()
def check() -> None:
    """Name rules that never match, stages without enough people, and ids that Slack does not know.

    Exits 1 if there is any. User groups count with the members that the bot last read.
    """
    finish(_check(Settings.read()))


@commands.command("try")
def try_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Another policy file")],
    days: Annotated[int, typer.Option(min=1, help="How far back to look")] = 90,
) -> None:
    """Show what another policy would have asked of whom, beside today's, on one's own history."""
    try:
        other = Policy.parse(file.read_text(encoding="utf-8-sig"))
    except PolicyError as error:
        raise SettingsError(f"{file}: {error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not UTF-8 text.") from error
    finish(_try(Settings.read().policy(), other, days))


@commands.command()
def apply(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Bring what open requests need to today's policy; lists what would change, and asks."""
    policy = Settings.read().policy()
    able = asyncio.run(_changeable(policy))
    if not able:
        typer.echo("Nothing to change: every open request stays as it was submitted.")
        return
    if not yes:
        typer.confirm(f"Change {plural(able, 'request')}?", abort=True)
    finish(_apply(policy))


async def _check(settings: Settings) -> int:
    policy = settings.policy()
    async with opened_store() as db, db.snapshot() as session:
        found = problems(policy, await people.roster(session, policy))
    try:
        settings.bot_token()
    except SettingsError:
        typer.echo("Nobody was looked up at Slack: set SLACK_BOT_TOKEN for that.")
    else:
        async with slack_client.session() as http:
            client = slack_client.client(settings, http)
            async for finding in doctor.members(client, policy):
                found += [f"{finding.what}: {finding.remedy}"] if finding.remedy else []
    for problem in found:
        typer.echo(problem)
    rules = plural(len(policy.rules), "rule")
    typer.echo(f"{rules}: {plural(len(found), 'problem')}." if found else f"{rules}: all is well.")
    return 1 if found else 0


async def _try(today: Policy, other: Policy, days: int) -> int:
    since = utc_now() - timedelta(days=days)
    async with opened_store() as db:
        before = await try_policy(db, today, since=since)
        after = await try_policy(db, other, since=since)
        async with db.snapshot() as session:
            known = await people.known(session, {*before.asked, *after.asked})
    console = Console(width=100, highlight=False)
    console.print(f"{plural(after.requests, 'request')} of the last {plural(days, 'day')}.")
    console.print(_table("Rule", before.by_rule, after.by_rule, {}))
    console.print(_table("Asked", before.asked, after.asked, known))
    for name, tried in (("today's policy", before), ("the other policy", after)):
        for line in _stuck(name, tried):
            console.print(line)
    return 0


def _table(title: str, before: Counter[str], after: Counter[str], known: People) -> Table:
    table = Table(title, "Today's policy", "The other", "Difference")
    names = sorted(before | after, key=lambda name: (-after[name], -before[name], name))
    for name in names[:SHOWN]:
        shown = known[name].name if name in known else name
        change = after[name] - before[name]
        table.add_row(shown, f"{before[name]:,}", f"{after[name]:,}", f"{change:+,}")
    if len(names) > SHOWN:
        table.add_row(f"and {len(names) - SHOWN:,} more", "", "", "")
    return table


def _stuck(name: str, tried: Tried) -> Iterator[str]:
    if not tried.stuck:
        yield f"By {name} every request could have been decided."
    for place, count in tried.stuck.most_common(SHOWN):
        refs = ", ".join(f"MP-{number}" for number in tried.examples[place])
        yield f"By {name} nobody could have decided {plural(count, 'request')} ({place}): {refs}"


async def _changeable(policy: Policy) -> int:
    """Say what would change, and why what differs stays as it is; how many would change."""
    async with opened_store() as db:
        found = await differences(db, policy, now=utc_now())
    for each in found[:SHOWN]:
        typer.echo(_line(each))
    if len(found) > SHOWN:
        typer.echo(f"and {len(found) - SHOWN:,} more")
    return sum(not each.why_not for each in found)


def _line(each: Difference) -> str:
    request, changed = each.request, each.changed
    if each.why_not:
        return f"{request.ref} stays as it is: {each.why_not}."
    before, after = (
        " > ".join(f"{stage.name} ({stage.needed} of {len(given.get(number, ()))})"
                   for number, stage in enumerate(stages, 1))
        for stages, given in ((r.terms.stages, r.assigned) for r in (request, changed))
    )  # fmt: skip
    rule = changed.terms.rule or "[workspace]"
    return f"{request.ref} goes by {rule}: {after}; until now {before}."


async def _apply(policy: Policy) -> int:
    async with opened_store() as db:
        count = await apply_policy(db, policy, actor="operator", now=utc_now())
    typer.echo(f"{plural(count, 'request')} changed; their people see it on their cards.")
    return 0
