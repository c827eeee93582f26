"""Deciding by command: what is decided is asked about once with each request in view, then each is
decided.

What must stay true: each request is a decision of its own, judged and answered by itself. Only the
question is shared, and the transaction (`store.engine.batching`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from slack_sdk.models.views import View

from blocks import approval_form, buttons, decision_form, notices
from blocks.message import Message
from handlers import clicks
from handlers.deps import Deps
from store import people
from store.domain.access import Denial, Refused
from store.domain.approval_notes import Asking
from store.domain.lifecycle import Act
from store.domain.request import People, Request, Status
from store.requests import read
from store.requests.decide import Decision, decide, examine
from store.requests.read import Seen

MOST = 5
"""Requests in one command: each is shown before all are decided, and nobody reads more."""


async def form(decisions: Sequence[Decision], deps: Deps) -> View | Message:
    """The form that asks whether to decide these, with why not for those that may not be.

    A message where none of them may be. All are of one act and one person, with one reason.
    """
    found = await asyncio.gather(*(examine(deps.db, each, deps.policy) for each in decisions))
    able = [answer for answer in found if isinstance(answer, Request)]
    no = [
        await clicks.worded(answer, each.actor, deps)
        for each, answer in zip(decisions, found, strict=True)
        if isinstance(answer, Refused)
    ]
    if not able:
        return notices.answers(no)
    if decisions[0].act is Act.APPROVE:
        return await approval_form_of(able, decisions[0].actor, deps, left_out=no)
    return decision_form.build(*able, reason=decisions[0].reason or "", left_out=no)


async def approval_form_of(
    requests: Sequence[Request],
    asker: str,
    deps: Deps,
    *,
    left_out: Sequence[str] = (),
    from_card: bool = False,
    queue: str = "",
) -> View:
    """The form that asks whether to approve these, with what speaks for and against each."""
    seen = [
        await read.look(deps.db, each.id, viewer=asker, policy=deps.policy, now=deps.clock())
        for each in requests
    ]
    found = [each for each in seen if isinstance(each, Seen)]
    people = {user: person for each in found for user, person in each.people.items()}
    return approval_form.build(
        [each.request for each in found],
        people,
        left_out=left_out,
        from_card=from_card,
        queue=queue,
    )


async def quick(decisions: Sequence[Decision], deps: Deps) -> list[Decision] | Refused | None:
    """These approvals as they are made at once by a typed `yes`, each of what is there now.

    Refused where one of them needs a note, which a `yes` is not; None where the policy wants one of
    them to be asked about. What may not be approved now gets the round 0, which no request has:
    should it become possible meanwhile, nobody was asked about that.
    """
    found = [await examine(deps.db, each, deps.policy) for each in decisions]
    asked = [each for each in found if isinstance(each, Request)]
    for each in asked:
        if deps.policy.approve_note_for(each) is Asking.REQUIRED:
            return Refused(Denial.NOTE_WANTED, each.id, each)
    if not all(each.environment.value in deps.policy.quick_approve for each in asked):
        return None
    seen = {each.id: each.round for each in asked}
    return [replace(each, round=seen.get(each.request_id, 0)) for each in decisions]


async def decided(decisions: Sequence[Decision], deps: Deps) -> Message:
    """Decide them and say what became of each, from the state it led to.

    Beside what was withdrawn stands the way back.
    """
    answered = await _decide(decisions, deps)
    return notices.answers(
        [sentence for sentence, _ in answered],
        [
            buttons.again(request) if request and request.status is Status.WITHDRAWN else None
            for _, request in answered
        ],
    )


async def answers(decisions: Sequence[Decision], deps: Deps) -> list[str]:
    """Decide them; a sentence of finished mrkdwn for each."""
    return [sentence for sentence, _ in await _decide(decisions, deps)]


async def _decide(decisions: Sequence[Decision], deps: Deps) -> list[tuple[str, Request | None]]:
    """What became of each as a sentence, with the request it led to, if it did."""
    found = await asyncio.gather(*(decide(deps.db, each, deps.policy) for each in decisions))
    voted = [each for each in found if isinstance(each, Request) and each.is_open]
    known: People = {}
    if voted:
        async with deps.db.snapshot() as session:
            known = await people.known(session, set().union(*(each.deciders for each in voted)))
    return [
        (await clicks.worded(answer, each.actor, deps), None)
        if isinstance(answer, Refused)
        else (notices.decided(answer, known), answer)
        for each, answer in zip(decisions, found, strict=True)
    ]
