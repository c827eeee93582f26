"""What somebody with the database's password may do to the record past the code.

Each is done to MP-2 of `lived_in`: a release of Alice's that Carol rejected; its neighbours are
MP-1, that Bob approved and that has moved, and MP-3, that waits.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.audit.events import Event, append, seal
from store.domain.checkpoint import GENESIS
from store.domain.request import RejectionClass, ReleaseStage, Request, Verdict
from store.engine.database import Database
from store.requests.release_stage import StageMove, move_stage
from store.tables import AssignmentRow, CardRow, EventRow, RequestRow, SaltRow, VoteRow
from tests.cast import ALICE, BOB, CAROL, MALLORY, NOW
from tests.harness_store import POLICY, accepted, submit, vote

Manipulation = Callable[[AsyncSession], Awaitable[Any]]
LATER = NOW + timedelta(hours=2)


async def lived_in(db: Database) -> list[Request]:
    """A store with MP-1 to MP-3."""
    approved, rejected, waiting = [await submit(db) for _ in range(3)]
    accepted(await vote(db, approved, BOB))
    pilot = StageMove(approved.id, ALICE, ReleaseStage.PILOT, LATER)
    accepted(await move_stage(db, pilot, POLICY))
    why = {"rejection_class": RejectionClass.PRIVACY, "reason": "It keeps phone numbers."}
    accepted(await vote(db, rejected, CAROL, Verdict.REJECT, **why))
    return [approved, rejected, waiting]


def row(**changes: Any) -> Manipulation:
    """One UPDATE of the request."""
    return _change(RequestRow, {"id": 2}, changes)


def assignment(**changes: Any) -> Manipulation:
    """One UPDATE of Bob's assignment."""
    return _change(AssignmentRow, {"request_id": 2, "reviewer": BOB}, changes)


def cast(**changes: Any) -> Manipulation:
    """One UPDATE of Carol's vote."""
    return _change(VoteRow, {"request_id": 2}, changes)


def event(revision: int, **changes: Any) -> Manipulation:
    """One UPDATE of an event."""
    return _change(EventRow, {"request_id": 2, "revision": revision}, changes)


def _change(table: Any, where: dict[str, Any], changes: dict[str, Any]) -> Manipulation:
    async def work(session: AsyncSession) -> None:
        which = [col(getattr(table, name)) == value for name, value in where.items()]
        done = await session.exec(update(table).where(*which).values(**changes))
        assert done.rowcount == 1

    return work


def gone(table: Any, **where: Any) -> Manipulation:
    """Some rows of the request deleted."""

    async def work(session: AsyncSession) -> None:
        which = [col(getattr(table, name)) == value for name, value in where.items()]
        done = await session.exec(delete(table).where(col(table.request_id) == 2, *which))
        assert done.rowcount

    return work


def added(make: Callable[[], Any]) -> Manipulation:
    """A row that nobody's act has made."""

    async def work(session: AsyncSession) -> None:
        session.add(make())

    return work


def all_of(*steps: Manipulation) -> Manipulation:
    """One after the other."""

    async def work(session: AsyncSession) -> None:
        for step in steps:
            await step(session)
            await session.flush()

    return work


async def delete_request(session: AsyncSession) -> None:
    """Everything of it, as if it had never been."""
    for table in (EventRow, SaltRow, VoteRow, AssignmentRow, CardRow):
        await session.exec(delete(table).where(col(table.request_id) == 2))
    await _forget_messages(session)
    await session.exec(delete(RequestRow).where(col(RequestRow.id) == 2))


async def _forget_messages(session: AsyncSession) -> None:
    from store.tables import OutboxRow

    await session.exec(delete(OutboxRow).where(col(OutboxRow.request_id) == 2))


async def reseal(session: AsyncSession) -> None:
    """Every hash of its history computed anew, by somebody who knows how."""
    previous = GENESIS
    of_request = select(EventRow).where(EventRow.request_id == 2).order_by(col(EventRow.revision))
    for each in (await session.exec(of_request)).all():
        each.previous = previous
        previous = each.hash = seal(each)
        session.add(each)
    await session.flush()


def retold(revision: int, **said: Any) -> Manipulation:
    """What an event set told differently, and the history sealed anew."""

    async def work(session: AsyncSession) -> None:
        each = await session.get_one(EventRow, (2, revision))
        each.data = each.data | {"set": each.data["set"] | said}
        session.add(each)
        await reseal(session)

    return work


def appended(kind: str, **said: Any) -> Manipulation:
    """One more event, sealed as the code does it, and the row's revision with it."""

    async def work(session: AsyncSession) -> None:
        await append(session, [Event(2, 3, kind, MALLORY, LATER, {"set": said})])
        await row(revision=3)(session)

    return work


@dataclass(frozen=True)
class Found:
    """A manipulation, and what `audit verify` must say of it."""

    what: str
    done: Manipulation
    said: str


APPROVED = {"status": "approved", "rejection_class": None, "decision_reason": None}
TABLE = [
    Found(
        "a rejected request turned into an approved one by one UPDATE",
        row(status="approved"),
        "the record says Approved by Carol, the history ends with Rejected by Carol (revision 2)",
    ),
    Found(
        "a rejected request turned into an approved one in every table",
        all_of(
            row(**APPROVED),
            cast(verdict="approve", rejection_class=None, reason=None),
            _change(AssignmentRow, {"request_id": 2, "reviewer": BOB}, {"status": "approved"}),
            _change(AssignmentRow, {"request_id": 2, "reviewer": CAROL}, {"status": "approved"}),
        ),
        "the record says Approved by Carol, the history ends with Rejected by Carol (revision 2)",
    ),
    Found(
        "a decided request opened again",
        row(status="under_review", completed_on=None, decided_by=None),
        "the record says Under Review, the history ends with Rejected by Carol (revision 2)",
    ),
    Found(
        "a decider changed",
        row(decided_by=BOB),
        "the record says Rejected by Bob, the history ends with Rejected by Carol (revision 2)",
    ),
    Found("a moment of decision changed", row(completed_on=LATER), "the record says Rejected by"),
    Found(
        "a reason changed",
        row(decision_reason="It is fine."),
        "the decision reason is not what was written (revision 2)",
    ),
    Found(
        "a reason taken away",
        row(decision_reason=None),
        "the decision reason is not what was written (revision 2)",
    ),
    Found(
        "a kind of violation changed",
        row(rejection_class="other_prohibited_activities"),
        'rejection class "other_prohibited_activities", the history "personal_data_and_privacy"',
    ),
    Found("a title changed", row(title="Harmless"), "the title is not what was written"),
    Found("a version changed", row(version="9.9.9"), 'the record has version "9.9.9"'),
    Found("details changed", row(details={"a": 1}), "the details are not what was written"),
    Found("a submitter changed", row(submitted_by=MALLORY), "the record has submitted by"),
    Found("a moment of submission changed", row(created_at=LATER), "the record has created at"),
    Found("an environment changed", row(environment="sandbox"), 'environment "sandbox"'),
    Found("a mini program changed", row(mini_program_id="1"), 'mini program id "1"'),
    Found("a reminder put off", row(remind_at=LATER), "the record has remind at"),
    Found("a release stage invented", row(release_stage="full"), "that its history never set"),
    Found("a try miscounted", row(attempt=7), "the record has attempt 7, the history 1"),
    Found("a try linked to another", row(resubmission_of=1), "the record has resubmission of 1"),
    Found("a search text changed", row(search_text="hidden"), "search text does not follow"),
    Found("a target changed", row(target_app="hidden"), "target app does not follow"),
    Found("a vote deleted", gone(VoteRow), "the record lacks the vote of Carol (revision 2)"),
    Found(
        "a vote of somebody else invented",
        added(lambda: VoteRow(request_id=2, stage=1, reviewer=MALLORY, verdict="approve", at=NOW)),
        f"a vote of {MALLORY} that its history does not know",
    ),
    Found("a vote turned", cast(verdict="approve"), 'verdict of Carol\'s vote "approve"'),
    Found("the reason of a vote changed", cast(reason="Fine."), "reason of Carol's vote is not"),
    Found("a vote given to another", cast(reviewer=BOB), "the record lacks the vote of Carol"),
    Found("an assignment deleted", gone(AssignmentRow, reviewer=BOB), "the assignment of Bob"),
    Found(
        "an assignment invented",
        added(
            lambda: AssignmentRow(
                request_id=2, stage=1, reviewer=MALLORY, created_at=NOW, remind_at=NOW
            )
        ),
        f"an assignment of {MALLORY} that its history does not know",
    ),
    Found("an assignment reopened", assignment(waits=True), "another waits than the request"),
    Found("an event changed", event(2, actor=BOB), "revision 2 was changed after it was sealed"),
    Found("an event emptied", event(1, data={}), "revision 1 was changed after it was sealed"),
    Found("an event without meaning", event(2, data=[1]), "revision 2 was changed after"),
    Found("an event removed", gone(EventRow, revision=1), "revision 1 is missing"),
    Found("the tail of a history cut", gone(EventRow, revision=2), "revision 2 is missing"),
    Found("a whole history deleted", gone(EventRow), "revision 1 is missing from its history"),
    Found(
        "the tail cut, and the number of revisions set back",
        all_of(gone(EventRow, revision=2), row(revision=1)),
        "the history ends with Under Review",
    ),
    Found(
        "an event sealed anew, and not those after it",
        all_of(event(1, actor=MALLORY), event(1, hash="0" * 64)),
        "revision 1 was changed after it was sealed",
    ),
    Found(
        "a history told differently, with every hash computed anew",
        retold(2, status="approved"),
        'revision 2 says "rejected" and sets "approved"',
    ),
    Found(
        "a history told differently, kind and all",
        all_of(event(2, kind="approved"), retold(2, status="approved")),
        "the record says Rejected by Carol, the history ends with Approved by Carol",
    ),
    Found(
        "a submission told differently, with every hash computed anew",
        retold(1, version="9.9.9"),
        'the history "9.9.9" (revision 1)',
    ),
    Found(
        "an approval invented after the rejection, with the hash computed",
        all_of(
            appended("approved", status="approved", decided_by=MALLORY),
            row(status="approved", decided_by=MALLORY),
        ),
        'revision 3 sets "approved", and it was "rejected"',
    ),
    Found(
        "an event added, and no revision",
        all_of(appended("moved", release_stage="full"), row(revision=2)),
        "its history has a revision 3, the record ends with 2",
    ),
    Found("a second beginning", appended("submitted"), 'revision 3 says "submitted"'),
    Found("an event nobody can read", all_of(event(2, data={"set": 5}), reseal), "cannot be read"),
    Found(
        "an event with a status that is none",
        retold(2, status={"a": 1}),
        "revision 2 sets a status that is none",
    ),
    Found("a salt deleted", gone(SaltRow, name="details"), "nobody can check the details"),
    Found(
        "a text and its salt deleted without an erasure",
        all_of(row(details={}), gone(SaltRow, name="details")),
        "nobody can check the details: its salt is gone, and no erasure says so (revision 1)",
    ),
    Found(
        "a salt changed",
        _change(SaltRow, {"request_id": 2, "name": "title"}, {"salt": "0"}),
        "the title is not what was written",
    ),
    Found(
        "a salt too many",
        added(lambda: SaltRow(request_id=2, revision=2, name="title", salt="0")),
        "the salt of the title of revision 2 should have been deleted",
    ),
    Found("a whole request deleted", delete_request, "it is gone; it was there when MP-3 came"),
    Found(
        "cards of a later revision than there is",
        _change(CardRow, {"request_id": 2, "audience": "channel"}, {"shown_revision": 9}),
        "a copy in Slack shows revision 9, the record ends with 2",
    ),
]
