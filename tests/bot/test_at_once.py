"""What was just clicked is sent right after the commit, by its own process and without a poll."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.outgoing import dispatcher
from bot.outgoing.dispatcher import Dispatcher
from bot.sandbox.state.conversations import Message
from store.domain.request import Request
from store.engine.batching import Batches
from store.messages import cards
from store.messages.outbox import LANDS_WITHIN, LEASE
from store.tables import CardRow
from tests.bot.sending import another_bot, calls, rows, send_all, states
from tests.bot.test_dispatcher_loop import running
from tests.harness_slack import Team

EDIT, REPLY = "chat.update", "response_url"


class Dead:
    """A process that ends between the commit and the sending."""

    owner = "a process that is no more"

    def send(self, claimed: Sequence[Any]) -> None:
        """Nothing, any more."""


def shows(team: Team, card: Message) -> bool:
    """Whether this copy says that the request was approved."""
    return "This request is approved." in team.words(card)


async def click(team: Team, request: Request) -> Message:
    """Bob approves on his card."""
    card = team.card(team.bob, request)
    await team.bob.click(card, "request.approve")
    return card


@asynccontextmanager
async def polling_never(team: Team, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The loop runs, but is stuck before its first poll."""

    async def stuck(_loop: Dispatcher) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Dispatcher, "turn", stuck)
    loop = asyncio.create_task(team.bot.dispatcher.run())
    while team.bot.db.immediate_sender is None:
        await asyncio.wait([loop], timeout=0)
    yield
    loop.cancel()
    await asyncio.wait([loop])


async def test_the_clicked_card_needs_no_poll(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    request = await team.submit()
    async with polling_never(team, monkeypatch):
        card = await click(team, request)
        await team.workspace.until(lambda: shows(team, card))
    assert calls(team, EDIT) == 0


async def test_nor_does_the_card_below_a_form(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.bob, request)
    async with polling_never(team_once, monkeypatch):
        await team_once.reject(team_once.bob, card, "No logo.")
        await team_once.workspace.until(lambda: "No logo." in team_once.words(card))


async def test_the_clicked_card_is_on_its_way_before_any_other(team: Team) -> None:
    request = await team.submit()
    async with running(team):
        card = await click(team, request)
        await team.workspace.until(lambda: calls(team, EDIT))
        assert shows(team, card)


async def test_a_process_that_ends_after_the_commit_has_lost_nothing(team: Team) -> None:
    request = await team.submit()
    team.bot.db.immediate_sender = Dead()
    card = await click(team, request)
    async with another_bot(team) as other:
        await send_all(other)
        assert not shows(team, card), "it is in other hands until their lease ends"
        assert sum(shows(team, each) for each in team.carol.sees()) == 1

        team.clock.move(seconds=LEASE.total_seconds())
        await send_all(other)
        assert shows(team, card)
        # A call of the process that ended may land until then.
        team.clock.move(seconds=LANDS_WITHIN.total_seconds())
        await send_all(other)
    assert await states(team) == {"sent"}


async def test_what_changes_while_the_clicked_card_is_sent_is_sent_after_it(team: Team) -> None:
    request = await team.submit()
    team.workspace.faults.add(REPLY, "delay", seconds=0.2)
    async with running(team):
        card = await click(team, request)
        async with team.bot.db.transaction() as session:
            await cards.owe(session, [request.id], now=team.clock())
        await team.workspace.until(lambda: shows(team, card))
    await team.send_all()
    row = (await rows(team))[f"card:{request.id}:reviewer:{team.bob.id}"]
    assert (row.state, row.wanted) == ("sent", 3)
    async with team.bot.db.snapshot() as session:
        copy = await session.get_one(CardRow, (request.id, "reviewer", team.bob.id))
    assert copy.response_uses == 2


async def test_a_stopping_process_takes_nothing_any_more(team_once: Team) -> None:
    async with running(team_once) as loop:
        while team_once.bot.db.immediate_sender is None:
            await asyncio.wait([loop], timeout=0.01)
    assert team_once.bot.db.immediate_sender is None


async def test_while_a_crowd_clicks_messages_are_claimed_together(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert team_once.bot.dispatcher.owner is not None
    monkeypatch.setattr(Batches, "crowded", True)
    assert team_once.bot.dispatcher.owner is None


async def test_what_somebody_waits_for_is_polled_for_at_once(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await team_once.submit()
    for limit in ("IDLE_SECONDS", "_LEAST_THROTTLE", "_MOST_THROTTLE"):
        monkeypatch.setattr(dispatcher, limit, 3600.0)
    async with running(team_once):
        card = await click(team_once, request)
        await team_once.workspace.until(lambda: shows(team_once, card))
        await team_once.workspace.until(lambda: all(map(approved, team_once.copies(request))))
        await team_once.workspace.until(lambda: approved(team_once.last(team_once.alice)))


def approved(words: str) -> bool:
    """Whether these say so."""
    return "This request is approved." in words
