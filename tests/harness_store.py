"""The store on SQLite and on PostgreSQL: what people do to it, and the rows that leaves.

Take it for what is recorded, refused, owed and raced for. The fixture `db` runs a test once on each
database; nobody sends what is owed, and nothing of Slack is there.
"""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from store.audit import verify
from store.domain import submission
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import Category, Request, Verdict
from store.domain.submission import Submission
from store.engine import asking
from store.engine.asking import Given, Values
from store.engine.database import Database
from store.messages import claim, outbox
from store.messages.outbox import Claimed
from store.requests.decide import Decision, decide
from store.requests.submit import NewRequest
from store.requests.submit import submit as store_request
from store.tables import EventRow, OutboxRow
from tests.cast import ADA, ALICE, BOB, CAROL, NOW, sample_of

POLICY = Policy(
    admins=(ADA,), reviewers=(BOB, CAROL), channel="CREVIEWS", timezone="Asia/Manila", burst=0
)
"""Tests hand in many requests in one moment; in those of bursts the policy is another."""
_numbers = itertools.count(1)


def new_submission(**changes: Any) -> Submission:
    """A release as Alice hands it in, with whatever the story changes; a new version each time."""
    number = next(_numbers)
    filled = sample_of(Category.RELEASE) | {
        "external_id": f"story-{number}",
        "version": f"3.2.{number}",
        "created_at": NOW.isoformat(),
        "submitted_by": ALICE,
    }
    return submission.read(filled | changes, now=NOW)


async def submit(db: Database, *, policy: Policy = POLICY, **changes: Any) -> Request:
    """A stored request of Alice's, or of `submitted_by`."""
    handed = new_submission(**changes)
    answer = await store_request(db, NewRequest(handed, handed.submitted_by, NOW), policy)
    assert not isinstance(answer, Refused)
    return answer.request


async def vote(
    db: Database,
    request: Request,
    by: str,
    verdict: Verdict = Verdict.APPROVE,
    *,
    policy: Policy = POLICY,
    **more: Any,
) -> Request | Refused:
    """A vote on whatever round is current, unless the story says which was seen."""
    return await decide(db, Decision(request.id, Act(verdict), by, NOW, **more), policy)


async def withdraw(
    db: Database, request: Request, by: str = ALICE, *, policy: Policy = POLICY, **more: Any
) -> Request | Refused:
    """The submitter takes it back; or somebody else tries."""
    return await decide(db, Decision(request.id, Act.WITHDRAW, by, NOW, **more), policy)


async def alone(
    db: Database,
    request: Request,
    by: str,
    policy: Policy,
    round: int | None = None,
    incident: str | None = "https://incidents.example/7",
) -> Request | Refused:
    """Somebody approves it alone in an emergency, and says why."""
    reason = "Payments are down for everybody."
    said = Decision(request.id, Act.EMERGENCY, by, NOW, round, reason=reason, incident=incident)
    return await decide(db, said, policy)


def denial(answer: Request | Refused) -> Denial | None:
    """Why not; None for a yes."""
    return answer.denial if isinstance(answer, Refused) else None


def accepted(answer: Request | Refused) -> Request:
    """The request after a yes."""
    assert not isinstance(answer, Refused), answer
    return answer


async def outbox_rows(db: Database) -> dict[str, OutboxRow]:
    """Every message of the outbox by its key."""
    async with db.snapshot() as session:
        rows = await session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))
        return {row.key: row for row in rows}


async def pending_keys(db: Database) -> set[str]:
    """The messages that nobody has sent yet."""
    return {key for key, row in (await outbox_rows(db)).items() if row.state == "pending"}


async def history(db: Database, request: Request) -> list[tuple[int, str, str]]:
    """Revision, kind and actor of every event."""
    async with db.snapshot() as session:
        of_request = select(EventRow).where(EventRow.request_id == request.id)
        rows = await session.exec(of_request.order_by(col(EventRow.revision)))
        return [(row.revision, row.kind, row.actor) for row in rows]


async def findings(db: Database, request: Request) -> tuple[str, ...]:
    """What `audit verify` finds wrong with it."""
    async with db.snapshot() as session:
        checked = await verify.check_one(session, request.id)
    assert checked
    return checked.findings


async def send_all(db: Database, now: datetime = NOW) -> list[Claimed]:
    """Claim and settle until nothing is due, as a dispatcher with a quick Slack would."""
    sent: list[Claimed] = []
    while claimed := await claim.claim_due(db, owner="story", now=now, limit=100):
        async with db.transaction() as session:
            await outbox.settle(session, claimed, now=now)
        sent += claimed
    return sent


def own_requests(policy: Policy = POLICY) -> Policy:
    """The policy that lets people decide their own requests."""
    return policy.model_copy(update={"own_requests": True})


@contextmanager
def statements(db: Database) -> Iterator[list[Given]]:
    """What is sent meanwhile: by SQLAlchemy to who writes to this database, past it to any."""
    sent: list[Given] = []
    given = asking.Statement.given

    def note(_c: object, _cursor: object, text: str, values: object, *_: object) -> None:
        sent.append(Given(text, values, is_many=False))

    def given_and_noted(statement: asking.Statement, values: Values) -> Given:
        sent.append(given(statement, values))
        return sent[-1]

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking.Statement, "given", given_and_noted)
        try:
            yield sent
        finally:
            event.remove(db.engine.sync_engine, "before_cursor_execute", note)


@asynccontextmanager
async def replicas(url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' worth of connections to one database."""
    first, second = Database(url), Database(url)
    try:
        yield first, second
    finally:
        await first.dispose()
        await second.dispose()
