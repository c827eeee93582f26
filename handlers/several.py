"""Deciding by command: one request at once; several asked about once, then each decided.

What must stay true: each request is a decision of its own, judged and answered by itself. Only the
question is shared, and the transaction (`store.engine.batching`).
"""

import asyncio
from collections.abc import Sequence

from slack_sdk.models.views import View

from blocks import approval_form, decision_form, notices
from blocks.message import Message
from handlers import clicks
from handlers.deps import Deps
from store import people
from store.domain.access import Refused
from store.domain.lifecycle import Act
from store.domain.request import People, Request
from store.requests.decide import Decision, decide, examine

MOST = 10
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
        return approval_form.build(able, left_out=no)
    return decision_form.build(*able, reason=decisions[0].reason or "", left_out=no)


async def decided(decisions: Sequence[Decision], deps: Deps) -> Message:
    """Decide them and say what became of each, from the state it led to."""
    return notices.answers(await answers(decisions, deps))


async def answers(decisions: Sequence[Decision], deps: Deps) -> list[str]:
    """Decide them; a sentence of finished mrkdwn for each."""
    found = await asyncio.gather(*(decide(deps.db, each, deps.policy) for each in decisions))
    voted = [each for each in found if isinstance(each, Request) and each.is_open]
    known: People = {}
    if voted:
        async with deps.db.snapshot() as session:
            known = await people.known(session, set().union(*(each.deciders for each in voted)))
    return [
        await clicks.worded(answer, each.actor, deps)
        if isinstance(answer, Refused)
        else notices.decided(answer, known)
        for each, answer in zip(decisions, found, strict=True)
    ]
