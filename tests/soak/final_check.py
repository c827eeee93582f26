"""The end of a soak: what is in the store, on the screens, and in the outbox, beside what must be.

Every finding is a sentence. None means: nothing lost, nothing twice.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from blocks import digest
from blocks.questions import SHOWN
from bot.sandbox.screen import text
from bot.sandbox.state.conversations import Message
from store import people, questions
from store.audit import verify
from store.domain.access import Roster
from store.domain.bursts import Burst
from store.domain.policy import Policy
from store.domain.questions import ANSWERED, ASKED, Question
from store.domain.request import People, Request, Status
from store.engine.database import Database
from store.messages import bursts
from store.messages.cards import MOST_DELETIONS
from store.messages.outbox import Kind
from store.snapshots import snapshots
from store.tables import BurstRow, CardRow, EventRow, OutboxRow, PersonRow, RequestRow, SlotRow
from tests.cast import NOW
from tests.soak import platform_check
from tests.soak.expected_cards import ExpectedCards
from tests.soak.people import AckedAct, apologises
from tests.soak.platform_check import Heard
from tests.soak.workspace_and_bots import Setup

_SOON = timedelta(minutes=1)
"""How soon who clicked is told; the clock of a soak jumps."""
DECISIONS = {"approved", "rejected", "withdrawn"}


@dataclass
class Record:
    """The store as it stands, read once."""

    requests: dict[int, Request]
    events: dict[int, list[EventRow]]
    cards: list[CardRow]
    bursts: list[Burst]
    outbox: list[OutboxRow]
    slots: set[str]
    broken: list[int]
    roster: Roster
    people: People
    drained_at: datetime | None = None
    """When nothing was owed any more; what was owed after that could not be sent."""


@dataclass
class Findings:
    """The first three must be empty; `late` too, on a machine that is not too busy to judge it."""

    losses: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing twice, nothing wrong."""
        return not (self.losses or self.duplicates or self.faults)


async def read(db: Database, policy: Policy, *, drained_at: datetime | None = None) -> Record:
    """Everything, in one snapshot."""
    async with db.snapshot() as session:
        rows = (await session.exec(select(RequestRow).order_by(col(RequestRow.id)))).all()
        burst_ids = select(BurstRow.id).order_by(col(BurstRow.id))
        events: dict[int, list[EventRow]] = {}
        for event in await session.exec(select(EventRow).order_by(col(EventRow.revision))):
            events.setdefault(event.request_id, []).append(event)
        requests = await questions.with_theirs(session, await snapshots(session, rows))
        return Record(
            requests={request.id: request for request in requests},
            events=events,
            cards=list((await session.exec(select(CardRow))).all()),
            bursts=[await bursts.find(session, id_) for id_ in await session.exec(burst_ids)],
            outbox=list((await session.exec(select(OutboxRow))).all()),
            slots=set((await session.exec(select(SlotRow.key))).all()),
            broken=await _broken(session, [row.id for row in rows]),
            roster=await people.roster(session, policy),
            people=await people.known(session, await session.exec(select(PersonRow.user_id))),
            drained_at=drained_at,
        )


async def check_all(
    setup: Setup,
    acknowledged: Iterable[AckedAct],
    record: Record,
    drawn: ExpectedCards,
    heard: Heard,
) -> Findings:
    """All of it: the store, then the screens."""
    posted, deleted = setup.workspace.by_key(), setup.workspace.deleted()
    apologies = setup.workspace.told_privately(apologises)
    found = check_store(acknowledged, record, deleted, apologies)
    found.counts["clicks answered with an apology"] = sum(map(len, apologies.values()))
    for key, copies in posted.items():
        if len(copies) > 1:
            found.duplicates.append(f"{key} stands {len(copies)} times")
    check_platform(found, heard, record, posted.keys() | deleted)
    found.losses += _unheard(record, posted.keys() | deleted)
    found.duplicates += _told_twice(record, posted.keys())
    found.faults += _bursts_behind(record, posted)
    found.counts["requests gathered"] = sum(burst.total for burst in record.bursts)
    found.faults += [finding async for finding in drawn.differences(record.cards, posted)]
    asked = [request for request in record.requests.values() if request.questions]
    found.faults += [finding async for finding in drawn.questions_behind(asked, posted)]
    found.faults += _unshown(record, posted)
    found.late += setup.workspace.waits.late()
    longest = max(
        (wait.seconds for wait in setup.workspace.waits.waits if wait.answered), default=0
    )
    found.counts["milliseconds until the slowest answer"] = round(longest * 1000)
    found.counts["messages"] = len(posted)
    limited = setup.workspace.counted
    for method, refused in limited.refused.items():
        found.counts[f"told to wait, {method}, of {limited.calls[method]} calls"] = refused
    found.counts["answers to clicks sent again"] = setup.workspace.answers.again
    return found


def check_store(
    acknowledged: Iterable[AckedAct],
    record: Record,
    deleted: AbstractSet[str],
    apologies: Mapping[str, Sequence[datetime]] | None = None,
) -> Findings:
    """What the rows say; `deleted` are the keys of messages that somebody deleted by hand, and
    `apologies` when each person was told that what they did may not count.
    """
    found = Findings()
    found.losses += _lost(acknowledged, record, apologies or {})
    found.duplicates += _said_twice(record)
    found.faults += _decided_wrongly(record)
    found.faults += [f"the history of MP-{broken} is broken" for broken in record.broken]
    found.faults += _unsettled(record, deleted)
    found.counts["requests"] = len(record.requests)
    found.counts += Counter(r.status.value for r in record.requests.values() if not r.is_open)
    said = [question for request in record.requests.values() for question in request.questions]
    found.counts["questions"] = len(said)
    found.counts["questions answered"] = sum(question.answer is not None for question in said)
    found.counts["answers too late"] = sum(map(_too_late, record.outbox))
    found.counts["slots"] = len(record.slots)
    return found


def check_platform(found: Findings, heard: Heard, record: Record, posted: AbstractSet[str]) -> None:
    """What the platform was answered and told; `posted` are the keys of what people were told."""
    requests, events, admins = record.requests, record.events, record.roster.admins
    found.losses += platform_check.lost(heard, requests, events, record.drained_at)
    found.duplicates += platform_check.twice(heard, requests)
    found.faults += platform_check.wrong(heard, requests, events)
    owed = platform_check.owed_messages(heard, requests, events, admins)
    found.losses += [_unseen(key, record) for key in owed if key not in posted]
    found.counts += platform_check.counts(heard, events)


async def _broken(session: AsyncSession, request_ids: Iterable[int]) -> list[int]:
    checked = [await verify.check_one(session, id_) for id_ in request_ids]
    return [each.request_id for each in checked if each and each.findings]


def _lost(
    acknowledged: Iterable[AckedAct], record: Record, apologies: Mapping[str, Sequence[datetime]]
) -> Iterator[str]:
    """Acts that were acknowledged and left nothing, and nobody was told so."""
    programs = {request.mini_program_id: request for request in record.requests.values()}
    for act in acknowledged:
        if act.kind == "submitted":
            request = programs.get(act.program)
            if request is None or request.submitted_by != act.actor:
                yield f"the request for {act.program} was acknowledged and is not there"
        elif not _left(act, record) and not _was_told(act, apologies):
            yield f"{act} was acknowledged and left nothing"


def _was_told(act: AckedAct, apologies: Mapping[str, Sequence[datetime]]) -> bool:
    told = apologies.get(act.actor, ())
    return act.at is not None and any(abs(at - act.at) <= _SOON for at in told)


def _left(act: AckedAct, record: Record) -> bool:
    events = record.events.get(act.request_id, [])
    request = record.requests.get(act.request_id)
    asked = request.questions if request else ()
    if act.kind == ASKED:
        return any((q.question, q.asked_by) == (act.text, act.actor) for q in asked)
    if act.kind == ANSWERED:
        return any(q.answer == act.text for q in asked)
    if act.kind == "over":
        return any(q.number == act.number and not q.is_open for q in asked)
    if act.kind == "closed":
        return any(event.kind in DECISIONS for event in events)
    return any((event.kind, event.actor) == (act.kind, act.actor) for event in events)


def _said_twice(record: Record) -> Iterator[str]:
    """Questions and answers that nobody said more than once, and are there more than once; and
    events beyond one for each.

    Who hears nothing sends their form again. Only a question that was over by then is a new one.
    """
    for request in record.requests.values():
        known: dict[tuple[str, str], Question] = {}
        for question in request.questions:
            earlier = known.get((question.asked_by, question.question))
            over_at = earlier and (earlier.answered_at or earlier.closed_at)
            if earlier and not (over_at and over_at <= question.asked_at):
                yield f"{request.ref} is asked twice: {question.question}"
            known[question.asked_by, question.question] = question
        answers = [q.answer for q in request.questions if q.answer is not None]
        yield from (
            f"{request.ref} has the answer {answer} {count} times"
            for answer, count in Counter(answers).items()
            if count > 1
        )
        kinds = Counter(event.kind for event in record.events[request.id])
        if (kinds[ASKED], kinds[ANSWERED]) != (len(request.questions), len(answers)):
            yield (
                f"{request.ref} has {len(request.questions)} questions and {len(answers)} answers, "
                f"its history {kinds[ASKED]} and {kinds[ANSWERED]}"
            )


def _unshown(record: Record, posted: Mapping[str, Sequence[Message]]) -> Iterator[str]:
    """Cards that lack a word of the last that was asked and answered."""
    for card in record.cards:
        key = f"card:{card.request_id}:{card.audience}:{card.recipient}"
        for copy in posted.get(key, ()) if card.deletions < MOST_DELETIONS else ():
            for question in record.requests[card.request_id].questions[-SHOWN:]:
                for said in filter(None, (question.question, question.answer)):
                    if copy.ts == card.ts and said not in text(copy):
                        yield f"{key} does not show {said!r}"


def _decided_wrongly(record: Record) -> Iterator[str]:
    """At most one decision each, by somebody who might, and the row says the same."""
    for request in record.requests.values():
        decisions = [e for e in record.events[request.id] if e.kind in DECISIONS]
        if len(decisions) != (0 if request.is_open else 1):
            yield f"{request.ref} has {len(decisions)} decisions and is {request.status}"
        for decision in decisions:
            if (decision.kind, _whose(decision)) != (request.status, request.decided_by):
                yield f"{request.ref} is {request.status}, its history says {decision.kind}"
            if not _might(decision, request, record.roster):
                yield f"{request.ref} was {decision.kind} by {decision.actor}, who may not"


def _whose(decision: EventRow) -> str | None:
    """The person whose decision it is, also where an API key acts for them; None on the platform's
    own page.
    """
    if decision.data.get("origin") == "platform":
        return None
    return str(decision.data.get("on_behalf_of") or decision.actor)


def _might(decision: EventRow, request: Request, roster: Roster) -> bool:
    by = _whose(decision)
    if by is None:
        return decision.actor.startswith("key:") and request.platform_decider is not None
    own = by == request.submitted_by
    if decision.kind == Status.WITHDRAWN:
        return own
    return not own and (by in request.reviewers or by in roster.admins)


def _unsettled(record: Record, deleted: AbstractSet[str]) -> Iterator[str]:
    """Leases that are held, messages that wait or failed, cards that are behind.

    What was deleted by hand may have failed, but is not to be waiting.
    """
    for row in record.outbox:
        if _too_late(row) or (row.state == "failed" and row.key in deleted):
            continue
        if record.drained_at and row.state != "failed" and row.owed_at >= record.drained_at:
            continue  # by a job, between the last look and the end of the bots
        if row.state != "sent" or row.lease_until:
            yield f"{row.key} is {row.state} after {row.attempts} attempts: {row.last_error}"
    for card in record.cards:
        revision = record.requests[card.request_id].revision
        if card.deletions >= MOST_DELETIONS or _never_needed(card, record):
            continue
        if card.shown_revision != revision:
            yield f"the {card.audience}'s card of MP-{card.request_id} shows {card.shown_revision}"


def _never_needed(card: CardRow, record: Record) -> bool:
    """Another message tells of it, or its request had ended before it was ever posted."""
    return card.silent or (card.ts is None and not record.requests[card.request_id].is_open)


def _told_twice(record: Record, posted: AbstractSet[str]) -> Iterator[str]:
    """Requests that one message tells of and that stand as cards too."""
    for card in record.cards:
        key = f"card:{card.request_id}:{card.audience}:{card.recipient}"
        if card.silent and (card.ts or key in posted):
            yield f"{key} was gathered, and is there as a card too"


def _bursts_behind(record: Record, posted: Mapping[str, Sequence[Message]]) -> Iterator[str]:
    """Messages about many requests that say something else than the record, but for the time."""
    for burst in record.bursts:
        drawn = digest.burst(burst, {}, now=min((w.since for w in burst.waiting), default=NOW))
        wanted = text(drawn.payload()).splitlines()[0]
        for copy in posted.get(f"burst:{burst.id}", ()):
            if wanted not in text(copy):
                yield f"burst:{burst.id} shows another state: {text(copy)}\ninstead of {wanted}"


def _too_late(row: OutboxRow) -> bool:
    """An answer to a click that is older than its address: Slack takes it for thirty minutes.

    Clocks jump by more than that here. An address that was used too often is no such case.
    """
    is_answer = row.key.startswith("reply:") and row.state == "failed"
    return is_answer and row.last_error in {"expired_url", "too late"}


def _unheard(record: Record, posted: AbstractSet[str]) -> Iterator[str]:
    """Cards, outcomes and withdrawals that should be on a screen and are not."""
    needed = {
        (card.request_id, card.audience, card.recipient)
        for card in record.cards
        if not _never_needed(card, record)
    }
    for request in record.requests.values():
        readers = [("reviewer", reviewer) for reviewer in request.reviewers]
        readers.append(("submitter", request.submitted_by))
        wanted = [
            f"card:{request.id}:{audience}:{reader}"
            for audience, reader in readers
            if (request.id, audience, reader) in needed
        ]
        if request.status in {Status.APPROVED, Status.REJECTED}:
            wanted.append(f"outcome:{request.id}")
        for question in request.questions:
            about = f"{request.id}:{question.number}"
            if question.is_open or question.ts:
                wanted.append(f"question:{about}")
            if question.answer is not None:
                wanted.append(f"{Kind.ANSWER}:{about}")
        yield from (_unseen(key, record) for key in wanted if key not in posted)
    for burst in record.bursts:
        if burst.waiting and f"burst:{burst.id}" not in posted:
            yield _unseen(f"burst:{burst.id}", record)
    for key in posted:
        if key.startswith(("digest:", "reminder:")) and key not in record.slots:
            yield f"{key} was sent without its slot"


def _unseen(key: str, record: Record) -> str:
    """A message that is on no screen, and what became of it in the outbox."""
    row = next((row for row in record.outbox if row.key == key), None)
    became = f"{row.state}, {row.attempts} attempts, {row.last_error}" if row else "not owed"
    return f"{key} is on no screen: {became}"
