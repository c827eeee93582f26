"""`/mp-requests stage MP-12 pilot`: where an approved release stands on the platform."""

from blocks import request_text
from handlers import clicks, command_text
from handlers.deps import Deps
from store.domain import release_stages
from store.domain.access import Refused
from store.domain.request import ReleaseStage, Request
from store.requests.release_stage import StageMove, move_stage

_MOVABLE = [f"`{stage.value}`" for stage in ReleaseStage if stage is not ReleaseStage.ARCHIVED]
WORDS = f"{', '.join(_MOVABLE[:-1])} or {_MOVABLE[-1]}"
"""The stages a person may move to, as one types them; finished mrkdwn."""


async def move(request_id: int, text: str, asker: str, deps: Deps) -> str:
    """Move it, or say what is possible; a sentence of finished mrkdwn."""
    stage = release_stages.read(command_text.said(text))
    if stage is None:
        return f"Which stage? Write it behind the number: {WORDS}. Nothing was changed."
    answer = await move_stage(
        deps.db, StageMove(request_id, asker, stage, deps.clock()), deps.policy
    )
    if isinstance(answer, Refused):
        return await clicks.worded(answer, asker, deps)
    return _told(answer)


def _told(request: Request) -> str:
    stage = release_stages.current(request)
    assert stage is not None, "it was just moved"
    ahead = [f"`{each.value}`" for each in release_stages.possible(request)]
    after = f" Next: {' or '.join(ahead)}." if ahead else " That is final."
    return f"{request.ref} is in {stage.label} now.{after}\n{request_text.named(request)}"
