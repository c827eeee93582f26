"""Withdraw: the button in the submitter's own message and details."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons
from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store import requests
from store.domain.access import Denial, Refused


def register(app: AsyncApp) -> None:
    """Listen to the button."""
    app.action(buttons.WITHDRAW)(withdraw)


async def withdraw(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the withdrawal, then acknowledge; reviewers hear of it by the outbox."""
    click = Click.read(body)
    answer: Any = Refused(Denial.UNKNOWN)
    if click.target:
        answer = await requests.withdraw(
            deps.db,
            click.target.id,
            submitter=click.user,
            policy=deps.policy,
            now=deps.clock(),
            revision=click.target.revision,
        )
    await ack()
    await clicks.answer(click, answer, deps, client)
