"""The card somebody clicked is replaced by the click's response URL, beside Slack's limit of edits.

A response URL serves for half an hour and five times, and is a secret.
"""

import logging

import pytest
from sqlmodel import select

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Channel, Message
from store.domain.request import Request
from store.messages import cards
from store.tables import CardRow
from tests.harness_slack import Team
from tests.harness_store import outbox_rows
from tests.log_secrecy import LISTENED_TO, Listener

EDIT, REPLY = "chat.update", "response_url"


def edited(team: Team) -> list[str]:
    """The messages that were edited so far, by their ts."""
    return [call.args["ts"] for call in team.workspace.calls if call.method == EDIT]


def copies(team: Team, request: Request) -> dict[str, Message]:
    """Everybody's copy of the request."""
    readers: dict[str, tuple[Person, Channel | None]] = {
        "bob": (team.bob, None),
        "carol": (team.carol, None),
        "channel": (team.ada, team.reviews),
        "alice": (team.alice, None),
    }
    return {
        name: next(m for m in person.sees(where) if request.ref in m.plain())
        for name, (person, where) in readers.items()
    }


def edited_names(team: Team, request: Request) -> list[str]:
    """Whose copies were edited, rather than replaced by a response URL."""
    names = {message.ts: name for name, message in copies(team, request).items()}
    return sorted(names[ts] for ts in edited(team))


async def urls(team: Team) -> set[str]:
    """The response URLs that are kept."""
    async with team.bot.db.snapshot() as session:
        kept = await session.exec(select(CardRow.response_url))
        return {url for url in kept if url}


async def draw_again(team: Team, request: Request) -> None:
    """Something else changes what every copy shows."""
    async with team.bot.db.transaction() as session:
        await cards.owe(session, [request.id], now=team.clock())
    await team.send_all()


async def test_the_clicked_card_is_replaced_and_only_the_others_are_edited(team: Team) -> None:
    request = await team.submit()
    key = team.card(team.bob, request).metadata

    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()

    assert all("This request is approved." in shown for shown in team.copies(request))
    assert edited_names(team, request) == ["alice", "carol", "channel"]
    mine = team.card(team.bob, request)
    assert (mine.ephemeral_to, mine.metadata) == (None, key), "for everybody, and ours as before"


async def test_after_a_rejection_by_form_the_card_below_is_replaced(team: Team) -> None:
    request = await team.submit()

    await team.reject(team.ada, copies(team, request)["channel"], "No logo.")
    await team.send_all()

    assert all("No logo." in shown for shown in team.copies(request))
    assert edited_names(team, request) == ["alice", "bob", "carol"]


async def test_after_an_act_in_the_details_the_card_they_came_from_is_replaced(
    team_once: Team,
) -> None:
    team = team_once
    request = await team.submit()
    opened = await team.bob.click(team.card(team.bob, request), "request.menu", value="Details")
    assert opened.view is not None

    await team.bob.click(opened.view, "request.approve")
    await team.send_all()

    assert all("This request is approved." in shown for shown in team.copies(request))
    assert edited_names(team, request) == ["alice", "carol", "channel"]


async def test_a_withdrawal_and_a_click_that_comes_too_late_replace_their_cards(
    team_once: Team,
) -> None:
    team = team_once
    request = await team.submit()
    old = team.card(team.bob, request).as_shown()
    await team.alice.click(team.card(team.alice, request), "request.withdraw")
    await team.bob.click(old, "request.approve")
    await team.send_all()

    assert all("Withdrawn" in shown for shown in team.copies(request))
    assert edited_names(team, request) == ["carol", "channel"]
    team.bob.message(containing="withdrawn")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 429, "retry_after": 60},
        {"kind": "status", "status": 500},
        {"kind": "drop_before"},
    ],
)
async def test_where_the_response_url_does_not_serve_the_card_is_edited_at_once(
    team_once: Team, fault: dict[str, object]
) -> None:
    team = team_once
    request = await team.submit()
    team.workspace.faults.add(REPLY, **fault)  # type: ignore[arg-type]

    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()

    assert all("This request is approved." in shown for shown in team.copies(request))
    assert edited_names(team, request) == ["alice", "bob", "carol", "channel"]
    assert await urls(team) == set()
    rows = (await outbox_rows(team.bot.db)).values()
    counted = {row.method for row in rows if row.kind == "card"}
    assert counted == {"edit"}, "Slack counts it, so we do"


async def test_a_response_url_serves_four_edits_and_is_then_forgotten(team: Team) -> None:
    request = await team.submit()
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()
    for _ in range(3):
        await draw_again(team, request)
    assert "bob" not in edited_names(team, request)
    assert await urls(team) == set(), "one use is left to answer who clicked"

    await draw_again(team, request)
    assert "bob" in edited_names(team, request)


async def test_a_new_click_brings_a_new_response_url(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    for _ in range(6):
        await team.bob.click(team.card(team.bob, request), "request.menu", value="Details")
        await draw_again(team, request)
    assert "bob" not in edited_names(team, request)


async def test_after_twenty_five_minutes_a_response_url_is_used_no_more(team: Team) -> None:
    request = await team.submit()
    card = team.card(team.bob, request)
    form = (await team.bob.click(card, "request.reject")).view
    assert form is not None
    team.clock.move(minutes=25)
    await team.bob.submit(form, {"reason": "No logo."})
    await team.send_all()

    assert "bob" in edited_names(team, request)
    assert len(await urls(team)) == 1
    await team.bot.jobs.reconcile()
    assert await urls(team) == set()


async def test_a_card_owed_by_a_url_that_ended_meanwhile_waits_among_the_edits(
    team: Team,
) -> None:
    request = await team.submit()
    await team.bob.click(team.card(team.bob, request), "request.approve")
    team.clock.move(minutes=25)
    await team.send_all()

    assert all("This request is approved." in shown for shown in team.copies(request))
    assert edited_names(team, request) == ["alice", "bob", "carol", "channel"]


async def test_no_response_url_is_written_to_a_log(
    team_once: Team, no_secret_is_logged: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    team = team_once
    for name in LISTENED_TO:
        caplog.set_level(logging.DEBUG, logger=name)
    request = await team.submit()
    team.workspace.faults.add(REPLY, "status", status=404)
    await team.bob.click(team.card(team.bob, request), "request.approve")
    (url,) = await urls(team)
    await team.send_all()

    said = no_secret_is_logged.lines
    assert any("edited_instead" in line for line in said)
    assert not any(url in line or "/response/" in line for line in said)


async def test_a_click_in_a_list_keeps_no_url(team_once: Team) -> None:
    team = team_once
    await team.submit()
    await team.bob.command("/mp-requests approvals")
    await team.send_all()
    shown = team.bob.message(containing="My Approvals")
    assert (await team.bob.click(shown, "request.menu", value="view 1:1")).view is not None
    assert await urls(team) == set()
