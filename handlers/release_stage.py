"""Where an approved release stands: `/mp-requests stage MP-12 pilot`, and the menu that says so."""

from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, request_text
from handlers import clicks, command_text
from handlers.clicks import Click
from handlers.deps import Deps
from handlers.places import BesideMessage
from store.domain import release_stages
from store.domain.access import Refused
from store.domain.request import ReleaseStage, Request
from store.messages import outbox
from store.messages.outbox import Kind
from store.requests.release_stage import StageMove, move_stage

_MOVABLE = [f"`{stage.value}`" for stage in ReleaseStage if stage is not ReleaseStage.ARCHIVED]
WORDS = f"{', '.join(_MOVABLE[:-1])} or {_MOVABLE[-1]}"
"""The stages a person may move to, as one types them; finished mrkdwn."""


def register(app: AsyncApp) -> None:
    """Listen to the menu in the outcome, the nudge and the details."""
    app.action(buttons.STAGE)(choose)


async def choose(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Move it to the stage that was chosen, and draw what it was chosen in anew."""
    click, chosen = Click.read(body), clicks.chosen(body)
    found = buttons.parse_stage(chosen)
    if found:
        seen, stage = found
        click = replace(click, request=seen)
        move = StageMove(seen.id, click.user, stage, deps.clock())
        answer = await move_stage(deps.db, move, deps.policy)
        if not isinstance(answer, Refused) and isinstance(click.place, BesideMessage):
            data = {"url": click.place.response_url}
            await outbox.owe_reply(
                deps.db,
                Kind.RELEASE_STAGE,
                click.user,
                request_id=answer.id,
                data=data,
                now=deps.clock(),
            )
        else:
            await clicks.answer(click, answer, deps, client)
    await ack()


async def move(request_id: int, text: str, asker: str, deps: Deps) -> str:
    """Move it, or say what is possible; a sentence of finished mrkdwn."""
    stage = release_stages.read(command_text.said(text))
    if stage is None:
        return f"Which stage? Add one after the number: {WORDS}. Nothing was changed."
    answer = await move_stage(
        deps.db, StageMove(request_id, asker, stage, deps.clock()), deps.policy
    )
    if isinstance(answer, Refused):
        return await clicks.worded(answer, asker, deps)
    return _told(answer)


def _told(request: Request) -> str:
    stage = release_stages.current(request)
    assert stage is not None, "it was just moved"
    *others, last = [f"`{each.value}`" for each in release_stages.possible(request)] or [""]
    ahead = " or ".join(filter(None, (", ".join(others), last)))
    after = f" Next: {ahead}." if ahead else " That is final."
    return f"{request.ref} is in {stage.label} now.{after}\n{request_text.named(request)}"
