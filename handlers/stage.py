"""`/mp-requests stage MP-12 pilot`: where an approved release stands on the platform."""

from blocks import facts
from handlers import clicks, typed
from handlers.deps import Deps
from store import requests
from store.domain import stages
from store.domain.access import Refused
from store.domain.request import ReleaseStage, Request

_WORDS = [f"`{stage.value}`" for stage in ReleaseStage if stage is not ReleaseStage.ARCHIVED]


async def move(request_id: int, text: str, asker: str, deps: Deps) -> str:
    """Move it, or say what is possible; a sentence of finished mrkdwn."""
    word, _ = typed.split(text)
    stage = stages.read(word)
    if stage is None:
        words = f"{', '.join(_WORDS[:-1])} or {_WORDS[-1]}"
        return f"Which stage? Write it behind the number: {words}."
    answer = await requests.move_stage(
        deps.db, request_id, actor=asker, stage=stage, policy=deps.policy, now=deps.clock()
    )
    if isinstance(answer, Refused):
        return await clicks.worded(answer, asker, deps)
    return _told(answer)


def _told(request: Request) -> str:
    stage = stages.current(request)
    assert stage is not None, "it was just moved"
    ahead = [f"`{each.value}`" for each in stages.possible(request)]
    after = f" Next: {' or '.join(ahead)}." if ahead else " That is final."
    return f"{request.ref} is in {stage.label} now.{after}\n{facts.named(request)}"
