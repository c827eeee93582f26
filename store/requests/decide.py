"""How reviews end: approvals, rejections and withdrawals, those of one moment in one transaction.

What must stay true: the rule is asked about the request as it is, with its row locked, and the
UPDATE names the revision it was asked about. Of two who end the same review the second is judged
by what the first has left, be it in this transaction or in another's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from sqlmodel import bindparam, col, insert, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store import people
from store.domain.access import Denial, Denied, Refused, Rules, may, may_record
from store.domain.lifecycle import Act, after
from store.domain.policy import Policy
from store.domain.request import RejectionClass, Request, Status, Vote
from store.engine import causes
from store.engine.batching import HELD, Held
from store.engine.columns import in_list
from store.engine.database import AnySelect, Database, execute
from store.messages import cards
from store.messages.cards import Clicked
from store.messages.outbox import Kind, Owed
from store.requests import read, revisions
from store.requests.revisions import Change
from store.snapshots import FACTS, snapshots
from store.tables import AssignmentRow, RequestRow, VoteRow

# Hot: with every decision.
_FOUND: AnySelect = (
    select(*FACTS)
    .where(in_list(col(RequestRow.id), "ids"))
    .order_by(col(RequestRow.id))  # in one order, against deadlocks
)
_LOCK = _FOUND.with_for_update()
_LOCK_FREE = _FOUND.with_for_update(skip_locked=True)
_END_ASSIGNMENTS = (
    update(AssignmentRow)
    .where(col(AssignmentRow.request_id) == bindparam("its_id"))
    .values(waits=False, status=bindparam("status"), completed_on=bindparam("completed_on"))
)
_INSERT_VOTE = insert(VoteRow)
_CHANGED_FIELDS = (
    *("status", "completed_on", "decided_by", "platform_decider"),
    *("rejection_class", "decision_reason"),
)


@dataclass(frozen=True, slots=True)
class OnPlatform:
    """A decision made on the platform's own page: whose, by the platform's name, and when."""

    decider: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """How somebody wants to end a review, when (aware UTC), and in what words.

    `revision` is what they saw of the request; None (a typed command) is any. `clicked` is the
    message they clicked in, if it was one. `by_key` is the API key (`key:3`) that acts for the
    actor; the rule is asked about the actor, the history names the key. With `on_platform` the
    decision has been made there, and the actor is the key itself.
    """

    request_id: int
    act: Literal[Act.APPROVE, Act.REJECT, Act.WITHDRAW]
    actor: str
    at: datetime
    revision: int | None = None
    rejection_class: RejectionClass | None = None
    reason: str | None = None
    clicked: Clicked | None = None
    by_key: str | None = None
    on_platform: OnPlatform | None = None
    cause: str | None = field(default_factory=causes.current_id, compare=False)
    """The id of the click that it comes from; see `store.engine.causes`."""


async def decide(db: Database, decision: Decision, policy: Policy) -> Request | Refused:
    """End a review with all that is owed for it; the request as it is then, or why not.

    The policy is handed over and its rules are made inside: who holds which role is read in the
    transaction of the act.
    """
    return _noted(await db.write_batches.run(decide_batch, decision, policy), decision)


async def decide_batch(
    session: AsyncSession, decisions: Sequence[Decision], policy: Policy
) -> list[Request | Refused | Held]:
    """Make these decisions as far as they are allowed; one answer for each.

    1. Lock the requests and read them as they are now, in the order of their ids. Of several, none
       waits for what somebody else holds: it is HELD, to be tried alone.
    2. Judge the decisions in the order they came, by today's policy and roles. Each is judged by
       what those before it have left of the request.
    3. Write what is allowed: requests, guarded by their revisions; assignments; votes; events, each
       with the hash of the policy it was judged by.
    4. Owe all messages at once: they are sorted, so that no two transactions lock the rows of the
       outbox in different orders and deadlock.
    5. Answer, without what a refused person may not see.
    """
    ids = sorted({each.request_id for each in decisions if 0 < each.request_id < 2**63})
    alone = len(decisions) == 1
    rows = (await execute(session, _LOCK if alone else _LOCK_FREE, {"ids": ids})).all()
    requests = {request.id: request for request in await snapshots(session, rows)}

    rules = await people.rules(session, policy, only={each.actor for each in decisions})
    answers: list[Request | Refused | Held] = []
    made: list[tuple[Decision, Request]] = []
    refused: list[tuple[Decision, Refused]] = []
    for decision in decisions:
        request = requests.get(decision.request_id)
        if request is None and not alone:  # held, or not there: alone it will show
            answers.append(HELD)
            continue
        answer = _judge(decision, request, rules)
        if isinstance(answer, Refused):
            refused.append((decision, answer))
        else:
            answer = requests[answer.id] = _apply(decision, answer)
            made.append((decision, answer))
        answers.append(answer)

    decided = [request for _, request in made]
    judged = [each for each, _ in refused] + [each for each, _ in made]  # the last one counts
    causes.name(session, ((each.request_id, each.cause) for each in judged))
    if made:
        await revisions.advance(session, decided, *_CHANGED_FIELDS)
        ended = [
            {"its_id": each.id, "status": each.status.value, "completed_on": each.completed_on}
            for each in decided
        ]
        await execute(session, _END_ASSIGNMENTS, ended)
        changes = [
            Change(
                request,
                request.status.value,
                decision.by_key or decision.actor,
                decision.at,
                revisions.written(request, *_CHANGED_FIELDS),
                request.votes[-1] if decision.act.verdict and not decision.on_platform else None,
                {"policy": policy.sha256} | _origin(decision),
            )
            for decision, request in made
        ]
        votes = [revisions.vote_row(each.request, each.vote) for each in changes if each.vote]
        if votes:
            await execute(session, _INSERT_VOTE, votes)
        await revisions.record(session, changes)

    now = max(decision.at for decision in decisions)
    messages = [message for each in made for message in _notices(*each)]
    for decision, refusal in refused:
        messages += await _redraws(session, decision, refusal, now)
        messages += await _contradiction(session, decision, refusal, policy)
    if made or messages:
        changed = [request.id for request in decided]
        clicked = [(each.request_id, each.clicked) for each in decisions if each.clicked]
        await cards.owe(session, changed, now=now, also=messages, clicked=clicked)

    return [
        await _visible(session, decision, answer) if isinstance(answer, Refused) else answer
        for decision, answer in zip(decisions, answers, strict=True)
    ]


async def examine(db: Database, decision: Decision, policy: Policy) -> Request | Refused:
    """Whether this decision would be allowed now: a courtesy before a form opens, not the rule.

    Whoever asks from an outdated card gets it redrawn, as if they had acted.
    """
    async with db.snapshot() as session:
        request = await read.find(session, decision.request_id)
        rules = await people.rules(session, policy, only={decision.actor})
    answer = _noted(_judge(decision, request, rules), decision)
    if not isinstance(answer, Refused):
        return answer
    async with db.transaction() as session:
        now, clicked = decision.at, decision.clicked
        if redraws := await _redraws(session, decision, answer, now):
            about = [(decision.request_id, clicked)] if clicked else []
            await cards.owe(session, (), now=now, also=redraws, clicked=about)
        return await _visible(session, decision, answer)


def _judge(decision: Decision, request: Request | None, rules: Rules) -> Request | Refused:
    """The request, when this decision is allowed on what the person saw of it; else why not."""
    if request is None:
        return Refused(Denial.UNKNOWN, decision.request_id)
    if decision.on_platform:
        answer = may_record(decision.act, request)
    else:
        answer = may(decision.actor, decision.act, request, rules, decision.at)
    if isinstance(answer, Denied):
        return Refused(answer.reason, request.id, request)
    if decision.revision not in {None, request.revision}:
        return Refused(Denial.STALE, request.id, request)
    return request


def _noted(answer: Request | Refused, decision: Decision) -> Request | Refused:
    """The answer, noted for the log of what was clicked."""
    refused = answer.denial.value if isinstance(answer, Refused) else None
    causes.note(decision.request_id, refused=refused)
    return answer


def _apply(decision: Decision, request: Request) -> Request:
    """The request as this decision leaves it, one revision on."""
    status, verdict = after(request.status, decision.act), decision.act.verdict
    assert status is not None, "it was judged, so the table has the transition"
    there = decision.on_platform
    words = (decision.rejection_class, decision.reason)
    vote = (
        [Vote(decision.actor, request.stage, verdict, decision.at, *words)]
        if verdict and not there
        else []
    )
    return replace(
        request,
        revision=request.revision + 1,
        status=status,
        completed_on=there.at if there else decision.at,
        decided_by=None if there else decision.actor,
        platform_decider=there.decider if there else None,
        rejection_class=decision.rejection_class,
        decision_reason=decision.reason,
        votes=(*request.votes, *vote),
    )


def _notices(decision: Decision, request: Request) -> list[Owed]:
    """The outcome for its submitter; of what was withdrawn, a word to each of its reviewers."""
    id_ = request.id
    if decision.act is Act.WITHDRAW:
        return [
            Owed.post(Kind.WITHDRAWN, user, id_, user, request_id=id_) for user in request.reviewers
        ]
    return [Owed.post(Kind.OUTCOME, request.submitted_by, id_, request_id=id_)]


def _origin(decision: Decision) -> dict[str, str]:
    """What an event adds where a key acted: for whom, or that it was decided on the platform."""
    if decision.on_platform:
        return {"origin": "platform"}
    return {"on_behalf_of": decision.actor} if decision.by_key else {}


async def _contradiction(
    session: AsyncSession, decision: Decision, refused: Refused, policy: Policy
) -> list[Owed]:
    """Word to the admins where the platform has decided otherwise than the record has it."""
    request, there = refused.request, decision.on_platform
    if not there or not request or request.status is after(Status.UNDER_REVIEW, decision.act):
        return []
    data = {"act": decision.act.value, "decider": there.decider}
    admins = (await people.roster(session, policy)).admins
    return [
        Owed.post(
            Kind.CONTRADICTION,
            admin,
            *(request.id, decision.act, admin),
            request_id=request.id,
            data=data,
        )
        for admin in sorted(admins)
    ]


async def _redraws(
    session: AsyncSession, decision: Decision, refused: Refused, now: datetime
) -> list[Owed]:
    """The cards to bring up to date, where somebody acted on what is no longer so."""
    request, denial = refused.request, refused.denial
    if request is None:
        return []
    was_asked = denial is Denial.NOT_A_REVIEWER and decision.actor in request.reviewers
    if denial not in {Denial.CLOSED, Denial.STALE} and not was_asked:
        return []
    return await cards.outdated(
        session, request, reader=decision.actor, clicked=decision.clicked, now=now
    )


async def _visible(session: AsyncSession, decision: Decision, refused: Refused) -> Refused:
    """The refusal without a request that this person may not see.

    Whoever clicked on its card in the review channel has seen it, and hears who decides instead.
    """
    if refused.request is None or refused.denial is not Denial.UNKNOWN:
        return refused
    if decision.revision is not None and await cards.in_channel(session, refused.request.id):
        return replace(refused, denial=Denial.NOT_A_REVIEWER)
    return replace(refused, request=None)
