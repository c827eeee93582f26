"""A cache of Slack's profiles and group members as last read, and the roles that follow from it."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import col, delete, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.access import Roster, Rules
from store.domain.policy import Policy
from store.domain.request import People, Person
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, dialect_insert, execute
from store.tables import ForgottenRow, MemberRow, PersonRow

PROFILE: tuple[Any, ...] = (
    PersonRow.user_id,
    PersonRow.name,
    PersonRow.email,
    PersonRow.timezone,
    PersonRow.locale,
    PersonRow.active,
)
"""What `snapshot` reads."""
# Hot: with every click, list page and drawn message.
_KNOWN: AnySelect = select(*PROFILE).where(in_list(col(PersonRow.user_id), "users"))
_MET = _KNOWN.add_columns(col(PersonRow.seen_at))
_MEMBERS = select(MemberRow.group_id, MemberRow.user_id).where(
    in_list(col(MemberRow.group_id), "groups")
)
_THESE_MEMBERS = _MEMBERS.where(in_list(col(MemberRow.user_id), "users"))


class Met(NamedTuple):
    """A profile, and when it was read from Slack."""

    person: Person
    at: datetime


async def remember(session: AsyncSession, people: Sequence[Person], *, now: datetime) -> None:
    """Keep these profiles, replacing what was known; not of people who are to be forgotten."""
    left_out = await forgotten(session, [person.user_id for person in people])
    # In one order, against deadlocks with replicas that keep the same people.
    for person in sorted(people, key=lambda person: person.user_id):
        if person.user_id in left_out:
            continue
        values = {
            "name": person.name,
            "email": person.email.casefold() if person.email else None,
            "timezone": person.timezone,
            "locale": person.locale,
            "active": person.active,
            "seen_at": now,
        }
        statement = dialect_insert(session)(PersonRow).values(user_id=person.user_id, **values)
        await session.exec(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))


async def forget(session: AsyncSession, user_id: str, *, now: datetime) -> None:
    """Delete this profile, and never keep it again."""
    await session.exec(delete(PersonRow).where(col(PersonRow.user_id) == user_id))
    row = dialect_insert(session)(ForgottenRow).values(user_id=user_id, at=now)
    await session.exec(row.on_conflict_do_nothing())


async def forgotten(session: AsyncSession, user_ids: Iterable[str]) -> set[str]:
    """Those of these people who are to be forgotten."""
    asked = col(ForgottenRow.user_id).in_(sorted(set(user_ids)))
    return set(await session.exec(select(ForgottenRow.user_id).where(asked)))


async def known(session: AsyncSession, user_ids: Iterable[str]) -> People:
    """Those of these people we have a profile of."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    rows = await execute(session, _KNOWN, {"users": wanted})
    return {row.user_id: snapshot(row) for row in rows}


async def met_each(
    session: AsyncSession, wanted: Sequence[AbstractSet[str]]
) -> list[dict[str, Met]]:
    """Of each of these groups of people, whom we have met and when, in one question."""
    users = set().union(*wanted)
    if not users:
        return [{} for _ in wanted]
    rows = await execute(session, _MET, {"users": sorted(users)})
    met = {row.user_id: Met(snapshot(row), row.seen_at) for row in rows}
    return [{user: met[user] for user in some if user in met} for some in wanted]


async def with_email(session: AsyncSession, email: str) -> Met | None:
    """The active person with this e-mail address, if we have met them: the latest, of several."""
    found = select(PersonRow).where(
        PersonRow.email == email.casefold(), col(PersonRow.active).is_(True)
    )
    row = (await session.exec(found.order_by(col(PersonRow.seen_at).desc()).limit(1))).first()
    return Met(snapshot(row), row.seen_at) if row else None


async def called(session: AsyncSession, text: str) -> list[str]:
    """The ids of everybody with this e-mail address or, in any case, this name."""
    named = func.lower(PersonRow.name) == text.lower()
    asked = or_(named, col(PersonRow.email) == text.casefold())
    return list(await session.exec(select(PersonRow.user_id).where(asked)))


async def set_members(session: AsyncSession, group_id: str, user_ids: Iterable[str]) -> None:
    """Replace what is known of a user group by its members now."""
    now = sorted(set(user_ids))
    left = col(MemberRow.user_id).not_in(now)
    await session.exec(delete(MemberRow).where(col(MemberRow.group_id) == group_id, left))
    if now:  # another replica may be doing the same
        rows = [{"group_id": group_id, "user_id": user} for user in now]
        new = dialect_insert(session)(MemberRow).values(rows)
        await session.exec(new.on_conflict_do_nothing())


async def unread_groups(session: AsyncSession, groups: Iterable[str]) -> set[str]:
    """Those of these user groups of which no member is known."""
    wanted = set(groups)
    read = select(MemberRow.group_id).where(col(MemberRow.group_id).in_(sorted(wanted))).distinct()
    return wanted - set((await session.exec(read)).all())


async def roster(
    session: AsyncSession, policy: Policy, *, only: AbstractSet[str] | None = None
) -> Roster:
    """Who holds which role at this moment; with `only`, what is asked about these people alone."""
    members: dict[str, set[str]] = {}
    if policy.groups:
        asked = {"groups": sorted(policy.groups), "users": sorted(only or ())}
        statement = _MEMBERS if only is None else _THESE_MEMBERS
        for group, user in await execute(session, statement, asked):
            members.setdefault(group, set()).add(user)
    return policy.roster({group: frozenset(users) for group, users in members.items()})


async def rules(
    session: AsyncSession, policy: Policy, *, only: AbstractSet[str] | None = None
) -> Rules:
    """What `access.may` goes by, read in the transaction of the act: roles are those of now.

    `only` as in `roster`. The one place where Rules are made of a policy.
    """
    return Rules(await roster(session, policy, only=only), own_requests=policy.own_requests)


def snapshot(row: PersonRow | AnyRow) -> Person:
    """The row as the domain sees it."""
    return Person(row.user_id, row.name, row.email, row.timezone, row.locale, row.active)
