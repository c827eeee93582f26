"""`/mp-requests watch MP-12` and `unwatch`: to hear how a request ends."""

from handlers import clicks
from handlers.deps import Deps
from store.domain.access import Refused
from store.requests.watch import Watching, watch


async def begin(request_id: int, asker: str, deps: Deps) -> str:
    """Watch it, or say why not; a sentence of finished mrkdwn."""
    wish = Watching(request_id, asker, deps.clock())
    answer = await watch(deps.db, wish, deps.policy)
    if isinstance(answer, Refused):
        return await clicks.worded(answer, asker, deps)
    if answer.submitted_by == asker:
        return f"You submitted {answer.ref}, so you hear how it ends anyway."
    return (
        f"👀 You are watching {answer.ref}: you get a message once it is decided or withdrawn. "
        f"`/mp-requests unwatch {answer.ref}` ends that."
    )


async def end(request_id: int, asker: str, deps: Deps) -> str:
    """Watch it no longer; the same."""
    wish = Watching(request_id, asker, deps.clock(), on=False)
    answer = await watch(deps.db, wish, deps.policy)
    if isinstance(answer, Refused):
        return await clicks.worded(answer, asker, deps)
    return f"You are not watching {answer.ref}."
