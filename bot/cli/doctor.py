"""Look at everything the bot needs and say what to do about what is missing."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot import slack_client
from bot.audit_key import AuditKey, is_signed
from bot.checkpoints import last_in
from bot.cli.manifest import SCOPES
from bot.remarks import silence
from bot.settings import Settings, SettingsError
from handlers.slack_errors import PAGE, answer_of
from store import groups, people, replicas
from store.audit import checkpoints
from store.domain.clock import utc_now
from store.domain.policy import Policy
from store.domain.policy_check import problems
from store.engine import migrate, sqlite_file
from store.engine.database import Database, parse_url
from store.engine.sqlite_file import StoreFileError
from store.engine.trouble import OldServerError, cause_of
from store.groups import longest_unread

EXAMPLE_IDS = {"U0ADMIN0001", "U0REVIEWER1", "S0REVIEWERS", "C0REVIEWS01"}
"""The ids of `policy.example.toml`: nobody's."""
MOST_MEMBERS = 80
"""Members of user groups whose profiles are looked at. Slack: users.info 100 times a minute."""
_LATE = timedelta(hours=1)
"""A checkpoint is made every ten minutes; what was not taken for so long is no moment's trouble."""
_COPY_AGAIN = {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
_UNTRUSTED = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)
_FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError)


class State(StrEnum):
    """What was found, in the word that is printed."""

    OK = "ok"
    UNSET = "not set"
    WRONG = "wrong"
    AWAY = "not reachable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. With a `remedy`, somebody has to do it before the bot can work."""

    what: str
    state: State
    remedy: str = ""


def summary(findings: Iterable[Finding]) -> str:
    """The last line: how many things there are to do, and which comes first."""
    to_do = [finding for finding in findings if finding.remedy]
    if not to_do:
        return "Nothing to do: all is well."
    things = "1 thing to do:" if len(to_do) == 1 else f"{len(to_do)} things to do, first"
    return f"{things} {to_do[0].what}. {to_do[0].remedy}"


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Every finding, from the settings outwards; what depends on a missing thing is left out."""
    for finding in _settings(settings):
        yield finding
    async for finding in _database(settings):
        yield finding
    async for finding in _checkpoints(settings):
        yield finding
    try:
        policy = settings.policy()
        async for finding in _roles(settings, policy):
            yield finding
        settings.bot_token()
    except SettingsError:
        return
    async with slack_client.session() as http:
        client = slack_client.client(settings, http)
        async for finding in _slack(settings, client, policy):
            yield finding
        if settings.audit_channel:
            yield await _channel(client, settings.audit_channel)


def _settings(settings: Settings) -> list[Finding]:
    return [
        _setting("SLACK_BOT_TOKEN", settings.bot_token, settings.slack_bot_token),
        _setting("SLACK_APP_TOKEN", settings.app_token, settings.slack_app_token),
        _setting("SLACK_SIGNING_SECRET", settings.signing_secret, settings.slack_signing_secret),
        _setting("a way in for Slack", settings.check_entrance, None),
        _policy_file(settings),
    ]


def _setting(name: str, check: Callable[[], object], value: object) -> Finding:
    """As it is checked before a start; what is optional and not set is nothing to do."""
    try:
        found = check()
    except SettingsError as error:
        return Finding(name, State.WRONG if value else State.UNSET, str(error))
    is_unset = name.isupper() and not found
    return Finding(name, State.UNSET if is_unset else State.OK)


def _policy_file(settings: Settings) -> Finding:
    what = "the policy file"
    try:
        policy = settings.policy()
    except SettingsError as error:
        is_there = settings.policy_file.exists()
        return Finding(what, State.WRONG if is_there else State.UNSET, str(error))
    named = {*policy.admins, *policy.reviewers, policy.channel or ""} & EXAMPLE_IDS
    if named:
        remedy = f"Put your own ids in: {', '.join(sorted(named))} are the example's."
        return Finding(what, State.WRONG, remedy)
    return Finding(what, State.OK)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    what = "the database"
    for path in (Path(".env"), *_sqlite_files(settings)):
        if sqlite_file.is_readable_by_others(path):
            remedy = f"Others on this machine can read it: chmod 600 {path}"
            yield Finding(str(path), State.WRONG, remedy)
    try:
        db = Database(settings.database_url)
    except StoreFileError as error:
        yield Finding(what, State.WRONG, str(error))
        return
    try:
        if await migrate.is_current(db) or db.is_sqlite:
            yield Finding(what, State.OK)
        else:
            yield Finding(what, State.WRONG, "Run `mp-approvals migrate`.")
    except (SQLAlchemyError, OSError) as error:
        yield _unusable(what, error)
    finally:
        await db.dispose()


async def _checkpoints(settings: Settings) -> AsyncIterator[Finding]:
    """The key that signs checkpoints, and the places they go to; the channel is Slack's to tell."""
    what, path, file = "AUDIT_KEY_FILE", settings.audit_key_file, settings.audit_file
    places = [settings.audit_channel, file, settings.audit_webhook_url]
    if path is None:
        remedy = "Without a key nothing is signed: `mp-approvals audit init` makes one."
        yield Finding(what, State.UNSET, remedy if any(places) else "")
        return
    try:
        key = AuditKey.read(path)
    except SettingsError as error:
        yield Finding(what, State.WRONG, str(error))
        return
    if sqlite_file.is_readable_by_others(path):
        yield Finding(what, State.WRONG, f"Others can read it, and sign with it: chmod 600 {path}")
    else:
        yield Finding(what, State.OK)
    if not any(places):
        remedy = "Set AUDIT_FILE, AUDIT_CHANNEL or AUDIT_WEBHOOK_URL, out of the database's reach."
        yield Finding("a place for checkpoints", State.UNSET, remedy)
    if file:
        yield _audit_file(file, key)
    if settings.audit_webhook_url:
        yield await _audit_webhook(settings)


def _audit_file(file: Path, key: AuditKey) -> Finding:
    """Whether it can be appended to, and goes on from what this key has signed."""
    what = f"AUDIT_FILE {file}"
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        return Finding(what, State.WRONG, "The bot cannot write to it: give its user the right to.")
    try:
        last = last_in(file)
    except OSError as error:
        return Finding(what, State.WRONG, f"It cannot be read ({error.strerror}).")
    if last and not is_signed(key.public, last.signed_text(), last.signature):
        remedy = "Its last checkpoint is signed by another key: begin a new file, and keep both."
        return Finding(what, State.WRONG, remedy)
    return Finding(what, State.OK)


async def _audit_webhook(settings: Settings) -> Finding:
    """Nothing is posted to try it: what the bot could not post is known."""
    what = "AUDIT_WEBHOOK_URL"
    try:
        db = Database(settings.database_url)
    except StoreFileError:
        return Finding(what, State.OK)  # said already
    try:
        left = await checkpoints.not_delivered(db, limit=1) if await migrate.is_current(db) else []
    except (SQLAlchemyError, OSError):
        left = []  # said already
    finally:
        await db.dispose()
    if left and left[0].at < utc_now() - _LATE:
        remedy = f"It has taken no checkpoint since {left[0].at:%Y-%m-%d %H:%M} UTC: is it up?"
        return Finding(what, State.AWAY, remedy)
    return Finding(what, State.OK)


def _unusable(what: str, error: Exception) -> Finding:
    """A database that refuses us, or none at all. The driver's own words may hold a password."""
    if isinstance(error, DBAPIError) and "FATAL" in str(error.orig):
        remedy = "The server refuses DATABASE_URL: check its user, password and database name."
        return Finding(what, State.WRONG, remedy)
    if isinstance(error, DBAPIError) and isinstance(error.orig, OldServerError):
        return Finding(what, State.WRONG, f"{error.orig}.")
    why = cause_of(error) or type(error).__name__
    remedy = f"DATABASE_URL does not answer ({why}): check its host, and that it is up."
    return Finding(what, State.AWAY, remedy)


def _sqlite_files(settings: Settings) -> list[Path]:
    url = parse_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    return [Path(url.database), Path(f"{url.database}-wal")]


async def _roles(settings: Settings, policy: Policy) -> AsyncIterator[Finding]:
    """Which policy it is, and on what the roles rest that it gives by user groups."""
    yield Finding(f"the policy of {policy.changed_at:%Y-%m-%d %H:%M} UTC", State.OK)
    if longest_unread(len(policy.groups)) > timedelta(minutes=1):
        oldest = int(longest_unread(len(policy.groups)).total_seconds())
        said = f"{len(policy.groups)} user groups: without Slack's events, read every {oldest} s"
        yield Finding(said, State.OK)
    try:
        db = Database(settings.database_url)
    except StoreFileError:
        return  # said already
    try:
        if await migrate.is_current(db):
            async with db.snapshot() as session:
                for problem in problems(policy, await people.roster(session, policy)):
                    yield Finding("a rule of the policy", State.WRONG, problem)
                silent = await groups.silent(session, policy.groups)
                judged_by = await replicas.policies(session, now=utc_now())
            for each in silent:
                yield Finding(
                    f"user group {each.group}, as stored", State.AWAY, f"{silence(each)}."
                )
            if set(judged_by) - {policy.sha256}:
                yield Finding("the policy of the running bots", State.WRONG, _OTHER_POLICY)
    except (SQLAlchemyError, OSError):
        return  # said already
    finally:
        await db.dispose()


_OTHER_POLICY = (
    "A running bot goes by another policy than this file: put the same file everywhere; it is read "
    "again within seconds."
)


async def _slack(
    settings: Settings, client: AsyncWebClient, policy: Policy
) -> AsyncIterator[Finding]:
    try:
        hello = await client.auth_test()
    except _FAILURES as error:
        copy = answer_of(error).error in _COPY_AGAIN
        remedy = (
            "Copy the Bot User OAuth Token again." if copy else "Ask whoever runs the workspace."
        )
        yield _failed("the bot token", error, remedy)
        return
    if hello.get("is_enterprise_install"):
        yield Finding("the bot token", State.WRONG, slack_client.ORGANISATION)
        return
    yield Finding(f"the bot token ({hello['user']} in {hello['team']})", State.OK)
    yield _scopes(hello.headers.get("x-oauth-scopes"))
    if token := settings.app_token():
        yield await _asked(
            "the app-level token",
            client.apps_connections_open(app_token=token),
            "Create one with the scope connections:write.",
        )
    if not policy.reviewers and not policy.admins:
        yield Finding("reviewers", State.UNSET, "Name reviewers under [workspace].")
    async for finding in members(client, policy):
        yield finding
    for channel in policy.channels:
        yield await _channel(client, channel)


async def members(client: AsyncWebClient, policy: Policy) -> AsyncIterator[Finding]:
    """Everybody and every group that the policy names, as Slack knows them."""
    seen: set[str] = set()
    rest = sorted(policy.users | policy.groups)
    for member in dict.fromkeys((*policy.reviewers, *policy.admins, *rest)):
        named = _group(client, member, seen) if member.startswith("S") else _person(client, member)
        yield await named


def _scopes(granted: str | None) -> Finding:
    if granted is None:
        return Finding("the scopes: Slack does not say which the token has", State.AWAY)
    missing = sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    if missing:
        remedy = f"Add {', '.join(missing)} under OAuth & Permissions, then reinstall the app."
        return Finding("scopes", State.WRONG, remedy)
    return Finding("scopes", State.OK)


async def _person(client: AsyncWebClient, member: str) -> Finding:
    what = f"member {member}"
    try:
        user = (await client.users_info(user=member))["user"]
    except _FAILURES as error:
        return _failed(what, error, "Check the id in the policy file.")
    if user.get("deleted"):
        remedy = "This person has left Slack: take them out of the policy file."
        return Finding(what, State.WRONG, remedy)
    if _is_bot(user):
        remedy = "This is a bot, and bots cannot decide: take it out of the policy file."
        return Finding(what, State.WRONG, remedy)
    return Finding(what, State.OK)


async def _group(client: AsyncWebClient, group: str, seen: set[str]) -> Finding:
    """Whether it has members, and no bots among those not seen yet."""
    what = f"user group {group}"
    try:
        members = list((await client.usergroups_users_list(usergroup=group))["users"])
        unseen = [member for member in members if member not in seen]
        bots = await _bots(client, unseen[: MOST_MEMBERS - len(seen)])
        seen.update(members)
    except _FAILURES as error:
        return _failed(what, error, "Check its id in the policy file.")
    if not members:
        return Finding(what, State.WRONG, "It is empty, so nobody can decide: add people to it.")
    if bots:
        remedy = f"Bots cannot decide: take {', '.join(bots)} out of the group."
        return Finding(what, State.WRONG, remedy)
    return Finding(what, State.OK)


async def _bots(client: AsyncWebClient, members: Sequence[str]) -> list[str]:
    return [one for one in members if _is_bot((await client.users_info(user=one))["user"])]


def _is_bot(user: dict[str, Any]) -> bool:
    return bool(user.get("is_bot")) or user["id"] == "USLACKBOT"  # which says it is none


async def _channel(client: AsyncWebClient, channel: str) -> Finding:
    try:
        found = (await client.conversations_info(channel=channel))["channel"]
    except _FAILURES as error:
        remedy = "Check the id; in a private channel, type /invite @Mini Program Approvals first."
        return _failed(f"channel {channel}", error, remedy)
    what = f"channel #{found['name']}"
    if found.get("is_archived"):
        remedy = "It is archived: unarchive it, or name another in the policy file."
        return Finding(what, State.WRONG, remedy)
    if not found.get("is_member"):
        remedy = "The bot is not in it: type /invite @Mini Program Approvals there."
        return Finding(what, State.WRONG, remedy)
    return Finding(what, State.OK)


async def _asked(what: str, call: Awaitable[object], remedy: str) -> Finding:
    try:
        await call
    except _FAILURES as error:
        return _failed(what, error, remedy)
    return Finding(what, State.OK)


def _failed(what: str, error: Exception, remedy: str) -> Finding:
    """What Slack refused is wrong; without an answer of Slack nothing is known of it."""
    answer = answer_of(error)
    if answer.status is not None and answer.error == "ratelimited":
        return Finding(what, State.AWAY, "Slack has been asked too often: try again in a minute.")
    if answer.status is not None and answer.error not in (None, PAGE):
        return Finding(what, State.WRONG, f"Slack answered {answer.error}. {remedy}")
    if answer.status is not None:
        said = answer.error or f"HTTP {answer.status}"
        why = f"{said} came instead of Slack's answer: look for a proxy or a login page."
    elif isinstance(error, _UNTRUSTED):
        why = "The certificate is not trusted, or there is none: look for a proxy that reads along."
    elif isinstance(error, aiohttp.ClientConnectorDNSError):
        why = "The host is not found: check the network, its DNS and SLACK_API_URL."
    else:
        why = f"No answer ({type(error).__name__}): check the network and SLACK_API_URL."
    return Finding(what, State.AWAY, why)
