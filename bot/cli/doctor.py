"""Look at everything the bot needs and say what to do about what is missing."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot import slack_client
from bot.cli.manifest import SCOPES
from bot.settings import Settings, SettingsError
from handlers.slack_errors import code_of
from store.domain.policy import Policy
from store.engine import migrate
from store.engine.database import Database


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `remedy` says what to do where it is not well."""

    what: str
    well: bool
    remedy: str = ""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Every finding, from the settings outwards; what depends on a missing thing is left out."""
    for name, check in _setting_checks(settings).items():
        yield _setting(name, check)
    async for finding in _database(settings):
        yield finding
    try:
        settings.bot_token()
        policy = settings.policy()
    except SettingsError:
        return
    async with slack_client.session() as http:
        client = slack_client.client(settings, http)
        async for finding in _slack(settings, client, policy):
            yield finding


def _setting_checks(settings: Settings) -> dict[str, Callable[[], object]]:
    return {
        "SLACK_BOT_TOKEN": settings.bot_token,
        "SLACK_APP_TOKEN": settings.app_token,
        "a way in for Slack": settings.check_entrance,
        "the policy file": settings.policy,
    }


def _setting(name: str, check: Callable[[], object]) -> Finding:
    try:
        check()
    except SettingsError as error:
        return Finding(name, well=False, remedy=str(error))
    return Finding(name, well=True)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    db = Database(settings.database_url)
    try:
        current = await migrate.is_current(db)
        remedy = "" if current else "Run mp-approvals migrate."
        yield Finding("the database", current or db.is_sqlite, remedy)
    except (SQLAlchemyError, OSError) as error:
        remedy = (
            f"DATABASE_URL does not answer ({type(error).__name__}): is it up, and the name right?"
        )
        yield Finding("the database", well=False, remedy=remedy)
    finally:
        await db.dispose()


async def _slack(
    settings: Settings, client: AsyncWebClient, policy: Policy
) -> AsyncIterator[Finding]:
    try:
        hello = await client.auth_test()
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        remedy = f"Slack answered {code_of(error)}: copy the Bot User OAuth Token again."
        yield Finding("the bot token", well=False, remedy=remedy)
        return
    yield Finding(f"the bot token ({hello['user']} in {hello['team']})", well=True)
    yield _scopes(str(hello.headers.get("x-oauth-scopes", "")))
    if token := settings.app_token():
        yield await _asked(
            "the app-level token",
            client.apps_connections_open(app_token=token),
            "Create one with the scope connections:write.",
        )
    if not policy.reviewers and not policy.admins:
        yield Finding("reviewers", well=False, remedy="Name reviewers under [workspace].")
    for member in dict.fromkeys((*policy.reviewers, *policy.admins)):
        yield await _member(client, member)
    if policy.channel:
        yield await _channel(client, policy.channel)


def _scopes(granted: str) -> Finding:
    missing = sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    remedy = f"Add {', '.join(missing)} under OAuth & Permissions, then reinstall the app."
    return Finding("scopes", not missing, remedy if missing else "")


async def _member(client: AsyncWebClient, member: str) -> Finding:
    if member.startswith("S"):
        call = client.usergroups_users_list(usergroup=member)
        return await _asked(f"user group {member}", call, "Check its id in the policy file.")
    try:
        user = (await client.users_info(user=member))["user"]
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        remedy = f"Slack answered {code_of(error)}: check the id in the policy file."
        return Finding(f"member {member}", well=False, remedy=remedy)
    gone = "This person has left Slack: take them out of the policy file."
    return Finding(f"member {member}", not user.get("deleted"), gone if user.get("deleted") else "")


async def _channel(client: AsyncWebClient, channel: str) -> Finding:
    try:
        found = (await client.conversations_info(channel=channel))["channel"]
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        remedy = (
            f"Slack answered {code_of(error)}: check the id; a private one has to invite the bot."
        )
        return Finding(f"channel {channel}", well=False, remedy=remedy)
    invite = "The bot is not in it: type /invite @Mini Program Approvals there."
    return Finding(f"channel #{found['name']}", bool(found.get("is_member")), invite)


async def _asked(what: str, call: object, remedy: str) -> Finding:
    try:
        await call  # type: ignore[misc]  # the client's methods are coroutines, typed as responses
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        return Finding(what, well=False, remedy=f"Slack answered {code_of(error)}. {remedy}")
    return Finding(what, well=True)
