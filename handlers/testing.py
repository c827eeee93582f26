"""I'm on it: an entry in the menu of cards and details, and the one that takes it back."""

from typing import Any, Literal

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store.domain.lifecycle import Act
from store.requests.testing import OnIt, say_who_tests


async def begin(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """They are testing it; the others see it on their cards."""
    await _say(Act.TEST, ack, body, client, deps)


async def let_go(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """They are not any more."""
    await _say(Act.LET_GO, ack, body, client, deps)


async def _say(
    act: Literal[Act.TEST, Act.LET_GO],
    ack: AsyncAck,
    body: dict[str, Any],
    client: AsyncWebClient,
    deps: Deps,
) -> None:
    click = Click.read(body)
    seen = click.request
    said = OnIt(seen.id, act, click.user, deps.clock(), seen.round, click.message)
    answer = await say_who_tests(deps.db, said, deps.policy)
    await ack()
    await clicks.answer(click, answer, deps, client)
