"""What an operator should look at although the bot works: roles that rest on what is old."""

from bot.app import Bot
from bot.schedule.jobs import MAY_DIFFER
from store import groups
from store.groups import BELIEVED_FOR, Silence


async def remarks_on(bot: Bot) -> list[str]:
    """A sentence for each thing, for `/readyz`; none where all is well."""
    now = bot.jobs.clock()
    async with bot.db.snapshot() as session:
        found = [silence(each) for each in await groups.silent(session, bot.policy.groups)]
    if refused := bot.policy_file.refused:
        found.append(f"the policy file is not in force, the one before it is: {refused}")
    if bot.jobs.differ_since and now - bot.jobs.differ_since >= MAY_DIFFER:
        found.append("replicas go by different policies: put the same file on each of them")
    return found


def silence(of: Silence) -> str:
    """What it means that Slack does not tell of a group."""
    if of.since is None:
        return f"user group {of.group} was not read ({of.why}): nobody has a role by it"
    until = f"{of.since + BELIEVED_FOR:%Y-%m-%d %H:%M} UTC"
    since = f"{of.since:%Y-%m-%d %H:%M} UTC"
    return (
        f"user group {of.group} was last read {since} ({of.why}): its members keep their role "
        f"until {until} at most"
    )
