"""Profiles and groups from Slack into the store, where every replica and rule reads them."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack_errors import code_of
from store import people
from store.domain.clock import Clock
from store.domain.policy import Policy
from store.domain.request import People, Person
from store.engine.database import Database

log = logging.getLogger(__name__)
FRESH_FOR = timedelta(days=1)
"""How long a profile is believed: a new time zone or name shows the day after at the latest."""


class Directory:
    """Who the people are. Names and time zones are asked of Slack once a day and person."""

    def __init__(self, db: Database, client: AsyncWebClient, policy: Policy, clock: Clock) -> None:
        self._db, self._client, self._policy, self._clock = db, client, policy, clock

    async def people(self, user_ids: Iterable[str]) -> People:
        """These people; whom Slack does not tell us of is left out."""
        wanted = frozenset(user_ids)
        met = await self._db.read_batches.run(people.met_each, wanted)
        fresh = self._clock() - FRESH_FOR
        unseen = [user for user in sorted(wanted) if user not in met or met[user].at < fresh]
        if not unseen:
            return {user: seen.person for user, seen in met.items()}
        await self.meet(unseen)
        async with self._db.snapshot() as session:
            return await people.known(session, wanted)

    async def zone(self, user_id: str) -> ZoneInfo:
        """This person's time zone; the policy's where Slack names none that is known here."""
        person = (await self.people([user_id])).get(user_id)
        try:
            return ZoneInfo(person.timezone if person else self._policy.timezone)
        except (LookupError, ValueError, OSError):
            return ZoneInfo(self._policy.timezone)

    async def meet(self, user_ids: Iterable[str]) -> None:
        """Ask Slack for these profiles and keep them; while it is silent, not for the rest.

        A message waits for this, and would wait for each of them anew.
        """
        found: list[Person] = []
        for user in user_ids:
            try:
                found += await self._profile(user)
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("profile %s was not read: %s", user, code_of(error))
                break
        if found:
            async with self._db.transaction() as session:
                await people.remember(session, found, now=self._clock())

    async def by_email(self, email: str) -> Person | None:
        """Who has this address: from the store, else from Slack; None where nobody has."""
        async with self._db.snapshot() as session:
            if known := await people.with_email(session, email):
                return known
        try:
            answer = await self._client.users_lookupByEmail(email=email)
        except SlackApiError as error:
            if code_of(error) == "users_not_found":
                return None
            raise
        person = _person(answer["user"])
        async with self._db.transaction() as session:
            await people.remember(session, [person], now=self._clock())
        return person

    async def prepare(self) -> None:
        """Before the first payload: who decides has to be known. Later a tick keeps it fresh.

        So a restart while Slack is slow does not wait for what the store knows already.
        """
        async with self._db.snapshot() as session:
            unread = await people.unread_groups(session, self._policy.groups)
        if unread:
            await self.refresh_groups()

    async def refresh_groups(self) -> None:
        """Read the members of every user group that the policy names, and meet all who decide."""
        for group in sorted(self._policy.groups):
            members = await self._members(group)
            if members is not None:
                async with self._db.transaction() as session:
                    await people.set_members(session, group, members)
        async with self._db.snapshot() as session:
            roster = await people.roster(session, self._policy)
        await self.people({*roster.admins, *roster.reviewers})

    async def _members(self, group: str) -> list[str] | None:
        try:
            answer = await self._client.usergroups_users_list(usergroup=group)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            # An unreadable group keeps the members we last saw: nobody gains a role by this.
            log.warning("group %s was not read: %s", group, code_of(error))
            return None
        return list(answer["users"])

    async def _profile(self, user: str) -> list[Person]:
        """One, or none where Slack does not tell."""
        try:
            answer = await self._client.users_info(user=user, include_locale=True)
        except SlackApiError as error:
            log.warning("profile %s was not read: %s", user, code_of(error))
            return []
        return [_person(answer["user"])]


def _person(user: dict[str, Any]) -> Person:
    profile = user.get("profile", {})
    # The full name: a decision is put on record under it.
    name = profile.get("real_name") or user.get("real_name") or profile.get("display_name")
    return Person(
        user_id=user["id"],
        name=name or user.get("name") or user["id"],
        email=profile.get("email"),
        timezone=user.get("tz") or "UTC",
        locale=user.get("locale") or "en-US",
        active=not user.get("deleted", False),
    )
