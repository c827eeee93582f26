"""Profiles and groups from Slack into the store, where every replica and rule reads them."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack_errors import answer_of, code_of
from store import groups, people
from store.domain.clock import Clock, is_zone, zone_of
from store.domain.policy import Policy, PolicyInForce
from store.domain.request import People, Person
from store.engine.database import Database
from store.people import Met

log = logging.getLogger(__name__)
_NO_GROUP = {"no_such_subteam", "subteam_disabled", "plan_upgrade_required"}
"""Slack: there is no such group, or none that is in use. Every other error says nothing of it."""
MET_AT_ONCE = 15
"""Profiles read between two looks at the groups, which must not wait long for them. Slack:
users.info is tier 4, 100 a minute."""
FRESH_FOR = timedelta(days=1)
"""How long a profile is believed: a new time zone or name shows the day after at the latest."""


class Profiles:
    """Who the people are. Slack is asked for a profile once a day and person."""

    def __init__(
        self, db: Database, client: AsyncWebClient, in_force: PolicyInForce, clock: Clock
    ) -> None:
        self._db, self._client, self._in_force, self._clock = db, client, in_force, clock

    @property
    def _policy(self) -> Policy:
        return self._in_force.policy

    async def people(self, user_ids: Iterable[str], met: Mapping[str, Met] | None = None) -> People:
        """These people, without those Slack tells us nothing of. `met` are those of them we have
        met, where that was read with what names them.
        """
        wanted = frozenset(user_ids)
        if met is None:
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
                if code_of(error) == "user_not_found":
                    found.append(await self._departed(user))
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

    async def _departed(self, user: str) -> Person:
        """What is known of somebody of whom Slack knows nothing any more: they hold no role."""
        async with self._db.snapshot() as session:
            known = await people.known(session, [user])
        return replace(known.get(user, Person(user, user)), active=False)

    async def prepare(self) -> None:
        """Read the policy's user groups of which nothing is known, before the first payload.

        Who may decide has to be known by then. Groups the store knows are left to the next tick, so
        that a restart while Slack is slow does not wait for them.
        """
        await self._forget_old_groups()
        await self.read_unread(self._policy)

    async def read_unread(self, policy: Policy) -> bool:
        """Read the groups of a policy of which nothing is known; whether Slack told of each."""
        async with self._db.transaction() as session:
            unread = sorted(await groups.unread(session, policy.groups))
            await groups.note_asked(session, unread, now=self._clock())
        return all([await self._read(group) for group in unread])

    async def refresh_groups(self) -> None:
        """Read all user groups of the policy, and the profiles of all who may decide."""
        for group in sorted(self._policy.groups):
            await self._read(group)
        await self.meet_deciders()

    async def poll_groups(self) -> None:
        """Read those groups whose turn it is; forget what Slack has not told of for too long.

        Slack is asked first, where it was not asked for a day: a machine that slept would else take
        everybody's role for a moment, and drop what is owed to them.
        """
        now = self._clock()
        async with self._db.transaction() as session:
            picked = await groups.pick(session, self._policy.groups, now=now)
            old = await groups.old(session, self._policy.groups, now=now)
            await groups.note_asked(session, old, now=now)
        for group in dict.fromkeys((*picked, *old)):
            await self._read(group)
        await self._forget_old_groups()

    async def _forget_old_groups(self) -> None:
        async with self._db.transaction() as session:
            await groups.forget_old(session, now=self._clock())

    async def meet_deciders(self) -> None:
        """Read profiles of those who may decide where they are not fresh, some at a time."""
        async with self._db.snapshot() as session:
            roster = await people.roster(session, self._policy)
            (met,) = await people.met_each(session, [roster.everybody()])
        fresh = self._clock() - FRESH_FOR
        old = [u for u in sorted(roster.everybody()) if _read_at(met, u) < fresh]
        old.sort(key=lambda user: _read_at(met, user))
        await self.people(old[:MET_AT_ONCE])

    async def _read(self, group: str) -> bool:
        """Ask Slack who is in a group, and write it down; whether it told.

        Without an answer the members we last saw stay: nobody gains a role by this.
        """
        try:
            answer = await self._client.usergroups_users_list(usergroup=group)
            members, why = answer.get("users"), "no list of users"
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            members, why = None, _why_silent(error)
            if why in _NO_GROUP:
                members = []
        if isinstance(members, list):
            async with self._db.transaction() as session:
                await groups.set_members(session, group, members, now=self._clock())
            return True
        log.warning("group %s was not read: %s", group, why)
        async with self._db.transaction() as session:
            await groups.note_silence(session, group, why=why)
        return False


def _read_at(met: Mapping[str, Met], user: str) -> datetime:
    """When their profile was read; long ago for one we have not met."""
    return met[user].at if user in met else datetime.min.replace(tzinfo=UTC)


def _why_silent(error: Exception) -> str:
    """Slack's code, else how its answer failed."""
    answer = answer_of(error)
    return answer.error or (f"HTTP {answer.status}" if answer.status else code_of(error))


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
