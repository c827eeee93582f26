"""`/mp-requests why MP-12`: who may decide, who was told when, what happens next."""

from blocks import refusals, why
from blocks.message import Message
from handlers import clicks
from handlers.deps import Deps
from store.domain.access import Refused
from store.requests import explain as explanations


async def explain(request_id: int, asker: str, deps: Deps) -> Message | str:
    """The explanation, or the sentence that says why there is none."""
    found = await explanations.why(
        deps.db, request_id, asker=asker, policy=deps.policy, now=deps.clock()
    )
    if isinstance(found, Refused):
        return await clicks.worded(found, asker, deps)
    denied = Refused(found.denial, found.request.id, found.request) if found.denial else None
    no = refusals.word(denied, found.people, asker=asker) if denied else ""
    return why.build(found, refusal=no)
