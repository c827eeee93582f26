"""The digest of a morning, what becomes of its rows during the day, and reminders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from blocks import calls, digest, questions
from blocks.message import Message
from bot.outgoing.slack_calls import Call, Edit, Post
from bot.profiles import Profiles
from store import people
from store.domain.absences import is_away
from store.domain.access import Roster
from store.domain.clock import day_after
from store.domain.policy import Policy
from store.domain.request import People, Person, Request
from store.domain.workspace import Workspace
from store.engine.database import Database
from store.lists import listing
from store.messages import digests, reminders
from store.messages.outbox import Claimed
from store.questions import waited_for_by


async def draw(
    owed: Claimed,
    db: Database,
    profiles: Profiles,
    policy: Policy,
    now: datetime,
    workspace: Workspace,
) -> Call | None:
    """What waits on a reviewer in the morning, if they still are one.

    Of a morning's many, those that are drawn at one time share a query: all are of the same tick.
    """
    roster = await db.read_batches.run(people.rosters, owed.recipient, policy)
    if not _reviews_now(owed.recipient, roster, now):
        return None
    at, since = _span(owed)
    found = await db.read_batches.run(listing.mornings, owed.recipient, digest.SHOWN, at, since)
    beside = await _Beside.read(owed.recipient, db, policy, roster)
    if not (found.total or beside.emergencies or beside.called.count):
        return None
    shown = (*found.overdue, *found.new)
    rows = await _Rows.read(owed.recipient, shown, beside, db, profiles, policy, workspace)
    overdue = digest.Part(found.overdue, found.overdue_count)
    new = digest.Part(found.new, found.new_count)
    said = rows.digest(beside, overdue, new, found.total, since, now)
    until = day_after(now, rows.reader.timezone)
    old, young = ([each.id for each in part] for part in (found.overdue, found.new))
    morning = digests.Morning(owed.recipient, at, since, until, old, young)
    return Post(said, owed.recipient, morning=morning)


async def remind(
    owed: Claimed,
    db: Database,
    profiles: Profiles,
    policy: Policy,
    now: datetime,
    workspace: Workspace,
) -> Call | None:
    """What has waited on a reviewer for long since they were told, if they still are one."""
    roster = await db.read_batches.run(people.rosters, owed.recipient, policy)
    if not _reviews_now(owed.recipient, roster, now):
        return None
    async with db.snapshot() as session:
        tested = await reminders.reserved(session, policy, now=now)
    late, count = await db.read_batches.run(
        listing.waiting_on_each, owed.recipient, digest.SHOWN, *_span(owed), tested
    )
    if not count:
        return None
    rows = await _Rows.read(owed.recipient, late, _Beside(), db, profiles, policy, workspace)
    overdue = digest.Part(late, count)
    said = digest.reminder(rows.reader, overdue, rows.people, links=rows.links, now=now)
    return Post(said, owed.recipient)


def _reviews_now(reader: str, roster: Roster, now: datetime) -> bool:
    """Whether they still review, and are not away."""
    return roster.reviews(reader) and not is_away(reader, roster.absences, now)


def _span(owed: Claimed) -> tuple[datetime, datetime]:
    """The tick that owed it, and since when what it tells of is new."""
    return datetime.fromisoformat(owed.data["at"]), datetime.fromisoformat(owed.data["since"])


async def strike(
    owed: Claimed,
    db: Database,
    profiles: Profiles,
    policy: Policy,
    now: datetime,
    workspace: Workspace,
) -> Call | None:
    """The rows that it has, as they are now. Moot once the day is over, or for no reviewer."""
    async with db.snapshot() as session:
        morning = await digests.find(session, owed.recipient)
        if morning is None or morning.until <= now:
            return None
        requests = await digests.requests_of(session, morning)
    roster = await db.read_batches.run(people.rosters, owed.recipient, policy)
    if not roster.reviews(owed.recipient):
        return None
    at, since = morning.at, morning.since
    found = await db.read_batches.run(listing.mornings, owed.recipient, digest.SHOWN, at, since)
    beside = await _Beside.read(owed.recipient, db, policy, roster)
    shown = tuple(requests.values())
    rows = await _Rows.read(owed.recipient, shown, beside, db, profiles, policy, workspace)
    overdue, new = (
        digest.Part([requests[id_] for id_ in ids if id_ in requests], count)
        for ids, count in (
            (morning.overdue, found.overdue_count),
            (morning.new, found.new_count),
        )
    )
    said = rows.digest(beside, overdue, new, found.total, since, now)
    return Edit(said, morning.channel, morning.ts)


async def _links(
    db: Database, reader: str, requests: Sequence[Request], workspace: Workspace
) -> dict[int, str]:
    """From these requests to the reader's own cards, of those that were posted."""
    ids = tuple(request.id for request in requests)
    posted = await db.read_batches.run(listing.own_cards, (reader, ids))
    links = {id_: workspace.permalink(card) for id_, card in posted.items()}
    return {id_: link for id_, link in links.items() if link}


@dataclass(frozen=True, slots=True)
class _Beside:
    """What a digest says beside the requests that wait: what its reader is to review of what was
    approved in an emergency, what they were called to, and for whose answers they wait.
    """

    emergencies: tuple[Request, ...] = ()
    called: calls.Part = field(default_factory=calls.Part)
    answers: Sequence[tuple[str, int]] = ()

    @classmethod
    async def read(cls, reader: str, db: Database, policy: Policy, roster: Roster) -> Self:
        """All of it, as it is now; what only some are concerned with is read for those alone."""
        alone: tuple[Request, ...] = ()
        if roster.oversees(reader):
            alone = await db.read_batches.run(listing.unreviewed_by, reader, policy, digest.SHOWN)
        called = calls.Part()
        if reader in roster.called:
            async with db.snapshot() as session:
                called = calls.Part(*await listing.called_to(session, reader, limit=digest.SHOWN))
        return cls(alone, called, await db.read_batches.run(waited_for_by, reader))


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the rows of a digest are drawn with: its reader, everybody they name, and where they
    lead.
    """

    reader: Person
    people: People
    links: Mapping[int, str]

    @classmethod
    async def read(
        cls,
        reader: str,
        shown: Sequence[Request],
        beside: _Beside,
        db: Database,
        profiles: Profiles,
        policy: Policy,
        workspace: Workspace,
    ) -> Self:
        """For these requests and what stands beside them."""
        rows = (*shown, *beside.emergencies)
        concerned = {reader, *(user for user, _ in beside.answers[: questions.NAMED])}
        known = await profiles.people(concerned.union(*(each.people() for each in rows)))
        person = known.get(reader, Person(reader, "there"))
        person = replace(person, timezone=person.timezone or policy.timezone)
        return cls(person, known, await _links(db, reader, rows, workspace))

    def digest(
        self,
        beside: _Beside,
        overdue: digest.Part,
        new: digest.Part,
        total: int,
        since: datetime,
        now: datetime,
    ) -> Message:
        """The whole message."""
        return digest.build(
            *(self.reader, overdue, new, total, self.people),
            emergencies=beside.emergencies,
            called=beside.called,
            answers=beside.answers,
            links=self.links,
            since=since,
            now=now,
        )
