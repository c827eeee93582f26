"""User groups as Slack last told of them, and which of them to ask about next.

What must stay true: silence keeps a group's members for `BELIEVED_FOR` and no longer; Slack's word
that somebody left, or that there is no such group, takes the right away at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.database import advisory_lock, dialect_insert
from store.tables import GroupRow, MemberRow

BELIEVED_FOR = timedelta(days=1)
"""How long a group that Slack says nothing of keeps its members."""
ASK_EVERY = timedelta(seconds=12)
"""How often some of the groups are read again, by whichever replica comes first."""
ASKED_AT_ONCE = 3
"""Groups read at a time: 15 a minute. Slack: usergroups.users.list is tier 2, 20 a minute."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A group that Slack does not tell of: since when, and what it answers instead.

    `since` is None for a group that was never read: it has no members.
    """

    group: str
    since: datetime | None
    why: str


def longest_unread(groups: int) -> timedelta:
    """How old what is known of one of so many groups may be where Slack's events do not come."""
    return ASK_EVERY * -(-groups // ASKED_AT_ONCE)


async def pick(session: AsyncSession, groups: Iterable[str], *, now: datetime) -> list[str]:
    """Those of these groups to read now: what is said to have changed, then the longest unread.

    They are the caller's to ask about. At most ASKED_AT_ONCE in ASK_EVERY, for all replicas.
    """
    wanted = sorted(set(groups))
    if not wanted:
        return []
    advisory_lock(session, "groups")
    rows = [{"group_id": group, "changed": False} for group in wanted]
    await session.exec(dialect_insert(session)(GroupRow).values(rows).on_conflict_do_nothing())
    asked = {row.group_id: row for row in await session.exec(select(GroupRow))}
    # A time ahead of ours is of a clock that was wrong: it holds nothing up.
    last = {g: row.asked_at for g, row in asked.items() if row.asked_at and row.asked_at <= now}
    room = ASKED_AT_ONCE - sum(at > now - ASK_EVERY for at in last.values())
    never = now - timedelta(days=36500)
    order = sorted(wanted, key=lambda group: (not asked[group].changed, last.get(group, never)))
    picked = order[: max(room, 0)]
    await note_asked(session, picked, now=now)
    return picked


async def old(session: AsyncSession, groups: Iterable[str], *, now: datetime) -> list[str]:
    """Those of these groups that Slack has not told of for BELIEVED_FOR, a minute's worth of calls
    at the most: what they know is to be read again or forgotten.
    """
    known = col(GroupRow.group_id).in_(sorted(set(groups)))
    unheard = select(GroupRow.group_id).where(known, col(GroupRow.read_at) <= now - BELIEVED_FOR)
    most = int(timedelta(minutes=1) / ASK_EVERY) * ASKED_AT_ONCE
    return list(await session.exec(unheard.order_by(GroupRow.group_id).limit(most)))


async def note_asked(session: AsyncSession, groups: Sequence[str], *, now: datetime) -> None:
    """Slack is being asked about these groups."""
    these = col(GroupRow.group_id).in_(groups)
    await session.exec(update(GroupRow).where(these).values(asked_at=now, changed=False))


async def unread(session: AsyncSession, groups: Iterable[str]) -> set[str]:
    """Those of these groups that Slack has never told of, or so long ago that it is forgotten."""
    wanted = set(groups)
    read = select(GroupRow.group_id).where(
        col(GroupRow.group_id).in_(sorted(wanted)), col(GroupRow.read_at).is_not(None)
    )
    return wanted - set((await session.exec(read)).all())


async def set_members(
    session: AsyncSession, group: str, user_ids: Iterable[str], *, now: datetime
) -> None:
    """Slack says who is in a group: replace what was known. Nobody is in one that is not there."""
    members = sorted(set(user_ids))
    left = col(MemberRow.user_id).not_in(members)
    await session.exec(delete(MemberRow).where(col(MemberRow.group_id) == group, left))
    if members:  # another replica may be doing the same
        rows = [{"group_id": group, "user_id": user} for user in members]
        new = dialect_insert(session)(MemberRow).values(rows)
        await session.exec(new.on_conflict_do_nothing())
    await _note(session, group, read_at=now, trouble=None)


async def note_silence(session: AsyncSession, group: str, *, why: str) -> None:
    """Slack did not tell of a group; `why` is its code, or the kind of failure."""
    await _note(session, group, trouble=why)


async def note_change(
    session: AsyncSession,
    group: str,
    *,
    without: Iterable[str] = (),
    only: Iterable[str] | None = None,
) -> None:
    """Slack says that a known group has changed: who left loses the right at once.

    `without` have left; where all who are in it were named, they are `only`. Who joined, the next
    reading tells: events come late, twice and in any order, and must give nobody a right.
    """
    left = [col(MemberRow.user_id).in_(sorted(set(without)))]
    if only is not None:
        left.append(col(MemberRow.user_id).not_in(sorted(set(only))))
    await session.exec(delete(MemberRow).where(col(MemberRow.group_id) == group, or_(*left)))
    known = col(GroupRow.group_id) == group
    await session.exec(update(GroupRow).where(known).values(changed=True))


async def forget_old(session: AsyncSession, *, now: datetime) -> None:
    """Who is in a group that Slack has not told of for BELIEVED_FOR is not known any more."""
    old = select(GroupRow.group_id).where(col(GroupRow.read_at) <= now - BELIEVED_FOR)
    forgotten = (await session.exec(old)).all()
    if forgotten:
        await session.exec(delete(MemberRow).where(col(MemberRow.group_id).in_(forgotten)))
        these = col(GroupRow.group_id).in_(forgotten)
        await session.exec(update(GroupRow).where(these).values(read_at=None))


async def silent(session: AsyncSession, groups: Iterable[str]) -> list[Silence]:
    """Those of these groups that Slack did not tell of when it was last asked."""
    troubled = select(GroupRow).where(
        col(GroupRow.group_id).in_(sorted(set(groups))), col(GroupRow.trouble).is_not(None)
    )
    rows = await session.exec(troubled.order_by(GroupRow.group_id))
    return [Silence(row.group_id, row.read_at, row.trouble or "") for row in rows]


async def _note(session: AsyncSession, group: str, **values: object) -> None:
    new = dialect_insert(session)(GroupRow).values(group_id=group, changed=False, **values)
    await session.exec(new.on_conflict_do_update(index_elements=["group_id"], set_=values))
