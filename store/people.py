"""A cache of Slack's profiles and group members as last read, and the roles that follow from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import col, delete, func, literal, or_, select, union_all, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.absences import Absence
from store.domain.access import CALLED, HANDED, Roster, Rules
from store.domain.clock import zone_of
from store.domain.policy import Policy, Rule
from store.domain.request import People, Person, Request
from store.engine.columns import in_list
from store.engine.database import AnyRow, AnySelect, Reading, ask, dialect_insert
from store.tables import (
    BY_HAND,
    CALLS,
    UNENDED,
    AbsenceRow,
    AssignmentRow,
    CardRow,
    ForgottenRow,
    MemberRow,
    PersonRow,
)

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
_OF_GROUPS = in_list(col(MemberRow.group_id), "groups")
_USERS = in_list(col(MemberRow.user_id), "users")
_GONE = select(literal(""), PersonRow.user_id).where(col(PersonRow.active).is_(False))
_GUESTS = (
    select(literal(HANDED), AssignmentRow.reviewer)
    .join(PersonRow, col(PersonRow.user_id) == AssignmentRow.reviewer)
    .where(BY_HAND, AssignmentRow.seat == HANDED, col(PersonRow.active))
    .distinct()
)
_ALL_MEMBERS = union_all(
    select(MemberRow.group_id, MemberRow.user_id).where(_OF_GROUPS),
    _GONE.where(
        in_list(col(PersonRow.user_id), "users")
        | col(PersonRow.user_id).in_(select(MemberRow.user_id).where(_OF_GROUPS))
    ),
    _GUESTS,
)
"""Who is in these groups; in a group without a name, who of them and these has left Slack; and in
HANDED who was handed a request as a guest.
"""
_MEMBERS_BY_RULES = union_all(
    select(MemberRow.group_id, MemberRow.user_id).where(_OF_GROUPS),
    select(MemberRow.group_id, MemberRow.user_id).where(
        in_list(col(MemberRow.group_id), "other_groups"), _USERS
    ),
    _GONE.where(
        in_list(col(PersonRow.user_id), "users")
        | col(PersonRow.user_id).in_(select(MemberRow.user_id).where(_OF_GROUPS))
    ),
)
"""Who is in these groups, and which of these people are in others; in a group without a name, who
of all of them has left Slack.
"""
_THESE_MEMBERS = union_all(
    select(MemberRow.group_id, MemberRow.user_id).where(_OF_GROUPS, _USERS),
    _GONE.where(in_list(col(PersonRow.user_id), "users")),
    _GUESTS.where(in_list(col(AssignmentRow.reviewer), "users")),
    select(literal(CALLED), CardRow.recipient)
    .where(CALLS, in_list(col(CardRow.recipient), "users"))
    .distinct(),
)
"""The same of these people, and in CALLED which of them were called to some request."""

_OF_ABSENCE: tuple[Any, ...] = (
    AbsenceRow.user_id,
    *(getattr(AbsenceRow, field.name) for field in fields(Absence)[1:]),
)
_ABSENCES: AnySelect = select(*_OF_ABSENCE).where(UNENDED)
Absent = Reading[Mapping[str, Absence]]
"""By who is away."""


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


async def note_active(session: AsyncSession, user: str, *, active: bool) -> None:
    """Whether somebody we have met is still in Slack."""
    met = col(PersonRow.user_id) == user
    await session.exec(update(PersonRow).where(met).values(active=active))


async def known(session: AsyncSession, user_ids: Iterable[str]) -> People:
    """Those of these people we have a profile of."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    rows = await ask(session, _KNOWN, {"users": wanted})
    return {row.user_id: snapshot(row) for row in rows}


def zone(session: AsyncSession, user: str, policy: Policy) -> Reading[ZoneInfo]:
    """The time zone of somebody we have met; the policy's where Slack names none. Asked for now."""

    def read(known: Mapping[str, Met]) -> ZoneInfo:
        there = known[user].person.timezone if user in known else ""
        return zone_of(there, policy.timezone)

    return Reading(read, met(session, [user]))


async def by_name(session: AsyncSession, names: Iterable[str]) -> dict[str, str]:
    """Whom we have met by these names, by the folded name; a name of several people is left out."""
    asked = sorted({spelled for name in names for spelled in (name, name.lower())})
    name = col(PersonRow.name)
    fitting = select(PersonRow.user_id, PersonRow.name).where(
        or_(name.in_(asked), func.lower(name).in_(asked)), col(PersonRow.active).is_(True)
    )
    found: dict[str, list[str]] = {}
    for user, spelled in await session.exec(fitting):
        found.setdefault(" ".join(spelled.split()).casefold(), []).append(user)
    return {folded: users[0] for folded, users in found.items() if len(users) == 1}


async def met_each(
    session: AsyncSession, wanted: Sequence[AbstractSet[str]]
) -> list[dict[str, Met]]:
    """Of each of these groups of people, whom we have met and when, in one question."""
    users = set().union(*wanted)
    if not users:
        return [{} for _ in wanted]
    known = await met(session, users)
    return [{user: known[user] for user in some if user in known} for some in wanted]


def met(session: AsyncSession, users: Iterable[str]) -> Reading[dict[str, Met]]:
    """Whom of these people we have met and when, asked for now."""

    def read(rows: Sequence[AnyRow]) -> dict[str, Met]:
        return {row.user_id: Met(snapshot(row), row.seen_at) for row in rows}

    return Reading(read, ask(session, _MET, {"users": sorted(set(users))}))


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


async def roster(
    session: AsyncSession,
    policy: Policy,
    *,
    only: AbstractSet[str] | None = None,
    about: Collection[Request] | None = None,
    absent: Absent | None = None,
) -> Roster:
    """Who holds which role at this moment, and who is away. Who has left Slack holds none, whatever
    the policy says.

    Without more it tells of everybody whom the policy names. It can be told what is asked, since a
    policy may name hundreds of groups:

    - `only`: about these people, whoever is away, and their delegates.
    - `about`: about the stages that these requests go through.

    Who sees everything is always read. While anybody is away, all groups are: who may stand in for
    them is a reviewer anywhere. `absent` is `absences`, where that was asked for already.
    """
    away = await (absent or absences(session))
    stand_ins = {each.delegate for each in away.values() if each.delegate}
    if away or about is None:
        groups, named = policy.groups, policy.users | stand_ins
    else:
        entries = policy.named_at(seat for each in about for seat in each.terms.seats)
        groups, named = entries & policy.groups, entries & policy.users
    users = named if only is None else {*only, *away, *stand_ins}
    asked = {"groups": sorted(groups), "users": sorted(users)}
    rows = await ask(session, _ALL_MEMBERS if only is None else _THESE_MEMBERS, asked)
    return _roster(policy, rows, away, whole=only is None)


async def rosters(session: AsyncSession, users: Sequence[str], policy: Policy) -> list[Roster]:
    """The roster about each of these people: one for all of them, read once."""
    found = await roster(session, policy, only=frozenset(users))
    return [found for _ in users]


async def rules(
    session: AsyncSession,
    policy: Policy,
    *,
    only: AbstractSet[str] | None = None,
    about: Collection[Request] | None = None,
    absent: Absent | None = None,
) -> Rules:
    """What `access.may` goes by, read in the transaction of the act: roles are those of now.

    `only`, `about` and `absent` as in `roster`.
    """
    return _rules(policy, await roster(session, policy, only=only, about=about, absent=absent))


async def rules_of_submitting(
    session: AsyncSession,
    policy: Policy,
    submitters: AbstractSet[str],
    by: Collection[Rule | None],
    absent: Absent,
) -> Rules:
    """The same for these people, who submit something that goes by these rules; an entry None is
    the workspace.

    They tell of everybody who decides it or may submit it, and of the admins; of whoever else sees
    everything only whether these people do, for those may be thousands. While anybody is away they
    tell of all.
    """
    entries = policy.named_by(by)
    asked = {
        "groups": sorted(entries & policy.groups),
        "other_groups": sorted(policy.groups.intersection(policy.overseeing) - entries),
        "users": sorted(submitters | (entries & policy.users)),
    }
    found = ask(session, _MEMBERS_BY_RULES, asked)  # with the absences, in one round trip
    if away := await absent:
        return await rules(session, policy, absent=absent)
    return _rules(policy, _roster(policy, await found, away, whole=False))


def _roster(
    policy: Policy, rows: Iterable[AnyRow], away: Mapping[str, Absence], *, whole: bool
) -> Roster:
    """Of each group with who is in it, as the three statements above give them."""
    members: dict[str, set[str]] = {}
    for group, user in rows:
        members.setdefault(group, set()).add(user)
    gone, guests = members.pop("", set()), frozenset(members.pop(HANDED, set()))
    called = frozenset(members.pop(CALLED, set()) - gone)
    by_group = {group: frozenset(users) for group, users in members.items()}
    found = policy.roster(by_group, frozenset(gone))
    return replace(found, absences=away, guests=guests, called=called, whole=whole)


def _rules(policy: Policy, found: Roster) -> Rules:
    """The one place where Rules are made of a policy."""
    return Rules(
        found,
        own_requests=policy.own_requests,
        admins_decide=policy.admins_decide,
        distinct_stages=policy.distinct_stages,
        anyone_stands_in=policy.delegates == "anyone",
    )


def absences(session: AsyncSession) -> Absent:
    """The absences that are in force, by who is away: some lie ahead, and some may be over.

    Asked for now.
    """

    def read(rows: Sequence[AnyRow]) -> Mapping[str, Absence]:
        return {row.user_id: Absence(*row) for row in rows}

    return Reading(read, ask(session, _ABSENCES))


def snapshot(row: PersonRow | AnyRow) -> Person:
    """The row as the domain sees it."""
    return Person(row.user_id, row.name, row.email, row.timezone, row.locale, row.active)
