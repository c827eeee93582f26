"""Withdraw: the button in the submitter's own message and details."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons
from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store.domain.lifecycle import Act
from store.requests.decide import decide


def register(app: AsyncApp) -> None:
    """Listen to the button."""
    app.action(buttons.WITHDRAW)(clicked)


async def clicked(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the withdrawal, then acknowledge; reviewers hear of it by the outbox."""
    click = Click.read(body)
    decision = click.decision(Act.WITHDRAW, deps.clock())
    answer = await decide(deps.db, decision, deps.policy)
    await ack()
    await clicks.answer(click, answer, deps, client)
