"""Profiles and groups from Slack into the store, where every replica and rule reads them."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack_errors import answer_of, code_of
from store import people
from store.domain.clock import Clock, is_zone, zone_of
from store.domain.policy import Policy
from store.domain.request import People, Person
from store.engine.database import Database

log = logging.getLogger(__name__)
FRESH_FOR = timedelta(days=1)
"""How long a profile is believed: a new time zone or name shows the day after at the latest."""


class Profiles:
    """Who the people are. Slack is asked for a profile once a day and person."""

    def __init__(self, db: Database, client: AsyncWebClient, policy: Policy, clock: Clock) -> None:
        self._db, self._client, self._policy, self._clock = db, client, policy, clock

    async def people(self, user_ids: Iterable[str]) -> People:
        """These people, without those Slack tells us nothing of."""
        wanted = frozenset(user_ids)
        met = await self._db.read_batches.run(people.met_each, wanted)
        fresh = self._clock() - FRESH_FOR
        unseen = [user for user in sorted(wanted) if user not in met or met[user].at < fresh]
        if not unseen:
            return {user: seen.person for user, seen in met.items()}
        await self._refresh(unseen)
        async with self._db.snapshot() as session:
            return await people.known(session, wanted)

    async def zone(self, user_id: str) -> ZoneInfo:
        """This person's time zone; the policy's where Slack names none that is known here."""
        person = (await self.people([user_id])).get(user_id)
        fallback = self._policy.timezone
        return zone_of(person.timezone if person else fallback, fallback)

    async def _refresh(self, user_ids: Iterable[str]) -> None:
        """Ask Slack for these profiles and store them. Stops at the first that gets no answer.

        A message waits for this, and would wait for each of the others anew.
        """
        found: list[Person] = []
        async with self._db.snapshot() as session:
            left_out = await people.forgotten(session, user_ids)
        for user in user_ids:
            if user in left_out:
                continue
            try:
                answer = await self._client.users_info(user=user, include_locale=True)
            except SlackApiError as error:  # Slack does not tell us of this one
                log.warning("profile %s was not read: %s", user, code_of(error))
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("profile %s was not read: %s", user, code_of(error))
                break
            else:
                found.append(_person(answer["user"]))
        if found:
            async with self._db.transaction() as session:
                await people.remember(session, found, now=self._clock())

    async def by_email(self, email: str) -> Person | None:
        """Who has this address; None where nobody has. A profile we have is believed for a day.

        Raises what the client raises where Slack gives no answer, and nobody is known of old.
        """
        async with self._db.snapshot() as session:
            met = await people.with_email(session, email)
        if met and met.at >= self._clock() - FRESH_FOR:
            return met.person
        try:
            answer = await self._client.users_lookupByEmail(email=email)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            said = answer_of(error)
            if said.error == "users_not_found":
                return None
            if met and (said.status is None or said.status >= 500):
                return met.person
            raise
        person = _person(answer["user"])
        async with self._db.transaction() as session:
            await people.remember(session, [person], now=self._clock())
        return person

    async def prepare(self) -> None:
        """Read the policy's user groups where one was never read, before the first payload.

        Who may decide has to be known by then. Groups the store knows are left to the next tick, so
        that a restart while Slack is slow does not wait for them.
        """
        async with self._db.snapshot() as session:
            unread = await people.unread_groups(session, self._policy.groups)
        if unread:
            await self.refresh_groups()

    async def refresh_groups(self) -> None:
        """Read the members of the policy's user groups, and the profiles of all who may decide."""
        for group in sorted(self._policy.groups):
            try:
                answer = await self._client.usergroups_users_list(usergroup=group)
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
                # An unreadable group keeps the members we last saw: nobody gains a role by this.
                log.warning("group %s was not read: %s", group, code_of(error))
                continue
            async with self._db.transaction() as session:
                await people.set_members(session, group, list(answer["users"]))
        async with self._db.snapshot() as session:
            roster = await people.roster(session, self._policy)
        await self.people({*roster.admins, *roster.reviewers})


def _person(user: dict[str, Any]) -> Person:
    profile, zone = user.get("profile", {}), user.get("tz") or ""
    # The full name: a decision is put on record under it.
    name = profile.get("real_name") or user.get("real_name") or profile.get("display_name")
    return Person(
        user_id=user["id"],
        name=name or user.get("name") or user["id"],
        email=profile.get("email"),
        timezone=zone if is_zone(zone) else "",
        locale=user.get("locale") or "en-US",
        active=not user.get("deleted", False),
    )
