"""Who has Home open, and at which list, so that it is drawn again when what it shows changes.

What must stay true: a change owes Home only to those it concerns who looked at it lately, in the
transaction of the change. Many changes make one drawing, of the state at the moment it is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import bindparam, case, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.absences import Absence, stand_in
from store.domain.access import Roster
from store.domain.lists.query import ListQuery, Scope
from store.domain.policy import Policy
from store.domain.request import Request, Status
from store.engine.columns import in_list
from store.engine.database import AnyRow, Database, Reading, ask, dialect_insert
from store.lists import listing
from store.lists.listing import Waiting
from store.messages import outbox
from store.messages.outbox import Owed, Rank
from store.tables import CardRow, HomeRow, RequestRow

OPEN_FOR = timedelta(days=1)
"""How long after a person last used Home it is kept up to date, and where they were is kept."""
ONLOOKERS = 20
"""How many Homes on All requests one change redraws, the last seen first; the others see it when
they turn a page. Slack: publishing is tier 4, about 100 a minute."""
STUCK_SHOWN = 5
"""Requests that Home names as stuck, or as approved in an emergency and not yet reviewed."""

_EVERYTHING = f"{Scope.ALL.value} "
"""How the place of a Home on All requests begins."""
_OPEN = col(HomeRow.seen_at) >= bindparam("since")
_READERS = select(CardRow.recipient).where(in_list(col(CardRow.request_id), "ids"))
_DECIDERS = select(RequestRow.decided_by).where(in_list(col(RequestRow.id), "ids"))
_ONLOOKERS = (
    select(HomeRow.user_id)
    .where(_OPEN, col(HomeRow.place).startswith(_EVERYTHING))
    .order_by(col(HomeRow.seen_at).desc())
    .limit(ONLOOKERS)
)
_USER = col(HomeRow.user_id)
_SEES_IT = or_(_USER.in_(_READERS), _USER.in_(_DECIDERS), _USER.in_(_ONLOOKERS))
# Hot: with every change of a request.
_CONCERNED = (
    select(HomeRow.user_id, _SEES_IT.label("in_any_case"))
    .where(_OPEN, or_(_SEES_IT, in_list(_USER, "also")))
    .order_by(_USER)
)


@dataclass(frozen=True, slots=True)
class Concerned:
    """Somebody who has Home open, and whether they see the change although they do not decide."""

    user: str
    in_any_case: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """One list as Home shows it. `counts` are of all its requests, each capped like a total.

    `stuck` are the first of those at a stage at which nobody can decide; only admins hear of it.
    `unreviewed` are the first of what was approved in an emergency and is the asker's to review,
    `called` the first of what is open and they were called to, with how much there is.
    `absence` is the asker's, if they are away or will be; `stand_in` who stands in then.
    """

    query: ListQuery
    listing: listing.Listing
    tabs: tuple[Scope, ...]
    counts: Mapping[Status, int]
    stuck: tuple[Request, ...] = ()
    unreviewed: tuple[Request, ...] = ()
    called: Waiting = ((), 0)
    absence: Absence | None = None
    stand_in: str | None = None


async def open_home(db: Database, user: str, *, start: str, now: datetime) -> None:
    """They opened Home: it is drawn where they last were, or at `start` after a day away."""
    long_ago = col(HomeRow.seen_at) < now - OPEN_FOR
    values = {"place": case((long_ago, start), else_=HomeRow.place), "seen_at": now}
    await _note(db, user, start, values, now)


async def turn_to(db: Database, user: str, *, place: str, now: datetime) -> None:
    """They went to another list or page of it; `place` is what `place_of` gives back."""
    await _note(db, user, place, {"place": place, "seen_at": now}, now)


async def redraw(db: Database, user: str, *, now: datetime) -> None:
    """Draw their Home again, if they looked at it lately: what needs them is different."""
    async with db.transaction() as session:
        row = await session.get(HomeRow, user)
        if row and row.seen_at >= now - OPEN_FOR:
            await outbox.owe(session, [Owed.home(user, Rank.ANSWER)], now=now)


async def place_of(session: AsyncSession, user: str) -> str | None:
    """Where they are; None for who never opened Home."""
    row = await session.get(HomeRow, user)
    return row.place if row else None


def concerned(
    session: AsyncSession, request_ids: Iterable[int], *, now: datetime, also: Iterable[str] = ()
) -> Reading[Sequence[Concerned]]:
    """Whose Homes a change of these requests is to be seen in, asked for now: of everybody with a
    card, of who decided, and of the last ONLOOKERS who look at all requests.

    `also` are who may be about to decide: theirs are found too.
    """
    asked = {"ids": list(request_ids), "since": now - OPEN_FOR, "also": sorted(also)}

    def read(rows: Sequence[AnyRow]) -> Sequence[Concerned]:
        return [Concerned(*row) for row in rows]

    return Reading(read, ask(session, _CONCERNED, asked))


async def follow(
    session: AsyncSession, roster: Roster, before: Roster | None, *, now: datetime
) -> None:
    """Owe the open Homes of who has lost or won a role since `before`.

    Where it is not known what was before, of who looks at all requests and holds no role.
    """
    looked_at = select(HomeRow.user_id, HomeRow.place).where(HomeRow.seen_at >= now - OPEN_FOR)

    def is_behind(user: str, place: str) -> bool:
        if before:
            return roster.reviews(user) != before.reviews(user)
        return place.startswith(_EVERYTHING) and not roster.reviews(user)

    behind = sorted(user for user, place in await session.exec(looked_at) if is_behind(user, place))
    await outbox.owe(session, [Owed.home(user, Rank.HOME) for user in behind], now=now)


async def overview(
    db: Database, query: ListQuery, *, asker: str, policy: Policy, now: datetime
) -> Overview:
    """What Home shows of this list, and what they may do with each request in it; My Requests where
    the asker has no such tab any more.
    """
    async with db.snapshot() as session:
        roster = await people.roster(session, policy, only={asker})
        shown = tabs(asker, roster)
        query = query if query.scope in shown else ListQuery(Scope.MINE)
        found = await listing.page(session, query, asker=asker, policy=policy, now=now)
        counts = await listing.counts_by_status(session, query.scope, asker=asker, roster=roster)
        is_admin = asker in roster.admins
        stuck = await listing.stuck(session, limit=STUCK_SHOWN) if is_admin else ()
        unreviewed: tuple[Request, ...] = ()
        if roster.oversees(asker):
            (unreviewed,) = await listing.unreviewed_by(session, [asker], policy, STUCK_SHOWN)
        called: Waiting = ((), 0)
        if asker in roster.called:
            called = await listing.called_to(session, asker, limit=STUCK_SHOWN)
    absences = roster.absences
    mine = absences.get(asker)
    if mine is None or mine.is_over(now):
        return Overview(query, found, shown, counts, stuck, unreviewed, called)
    by = stand_in(asker, absences, max(now, mine.since))
    return Overview(query, found, shown, counts, stuck, unreviewed, called, mine, by)


def tabs(user: str, roster: Roster) -> tuple[Scope, ...]:
    """The platform's two tabs; all requests only for who sees more than their own."""
    return (Scope.APPROVALS, Scope.MINE, *([Scope.ALL] if roster.reviews(user) else []))


async def _note(
    db: Database, user: str, place: str, again: Mapping[str, object], now: datetime
) -> None:
    async with db.transaction() as session:
        new = dialect_insert(session)(HomeRow).values(user_id=user, place=place, seen_at=now)
        await session.exec(new.on_conflict_do_update(index_elements=["user_id"], set_=again))
        await outbox.owe(session, [Owed.home(user, Rank.ANSWER)], now=now)
