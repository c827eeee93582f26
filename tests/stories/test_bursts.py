"""Many new requests at once: one message, which leads to the queue.

The stories begin on Friday, 20 November 2026, at 10:14 in Manila.
"""

import asyncio
from datetime import timedelta

import pytest

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Channel, Message
from store.domain.request import Request
from store.messages.bursts import HOLD
from tests.harness_slack import Team

FIVE = {"burst": 5}


async def arrive(team: Team, count: int) -> list[Request]:
    """So many requests, every third to Sandbox, and the message about them, if they make one."""
    team.bot.in_force.policy = team.bot.policy.model_copy(update=FIVE)
    requests = [
        await team.store(
            external_id=f"burst-{team.clock():%H%M%S}-{n}",
            version=f"9.{team.clock():%H%M%S}.{n}",
            environment="sandbox" if n % 3 == 2 else "production",
        )
        for n in range(count)
    ]
    await told(team)
    return requests


async def told(team: Team) -> None:
    """What is held for a moment is sent."""
    team.clock.move(seconds=HOLD.total_seconds())
    await team.send_all()


def seen(person: Person, where: Channel | None = None) -> list[Message]:
    """What this person sees there, receipts left out."""
    return [
        m for m in person.sees(where) if "card" in str(m.metadata) or "burst" in str(m.metadata)
    ]


async def test_twelve_at_once_are_one_message_that_leads_to_the_queue(team: Team) -> None:
    requests = await arrive(team, 12)
    for reader, where, whom in ((team.bob, None, " for you"), (team.ada, team.reviews, "")):
        (message,) = seen(reader, where)
        assert team.words(message) == (
            f"12 new requests{whom}: 8 Production, 4 Sandbox.\n"
            "▸[ Start reviewing ]\n[ Open My Approvals ]"
        )
        assert message.text == f"12 new requests{whom}: 8 Production, 4 Sandbox"
    (message,) = seen(team.bob)
    opened = await team.bob.click(message, "queue.start")
    assert opened.view is not None
    assert f"1 of 12\n{requests[0].title}" in team.words(opened.view)


async def test_the_first_five_are_cards_and_the_rest_is_one_message(team_once: Team) -> None:
    five = await arrive(team_once, 5)
    assert len(seen(team_once.bob)) == 5
    await arrive(team_once, 2)
    *cards, message = seen(team_once.bob)
    assert all(request.ref in team_once.words(c) for request, c in zip(five, cards, strict=True))
    assert team_once.words(message).startswith("2 new requests for you: 2 Production.")

    await arrive(team_once, 1)
    *_, message = seen(team_once.bob)
    assert team_once.words(message).startswith("3 new requests for you: 3 Production."), "it grows"
    assert len(seen(team_once.bob)) == 6

    team_once.clock.move(minutes=2)
    await arrive(team_once, 1)
    assert len(seen(team_once.bob)) == 7, "a new count"


async def test_what_is_decided_meanwhile_is_counted_no_more(team_once: Team) -> None:
    requests = await arrive(team_once, 6)
    for request, left in zip(requests[:2], (5, 4), strict=True):
        await team_once.approve(team_once.carol, request.ref)
        await team_once.send_all()
        (message,) = seen(team_once.bob)
        assert f"6 new requests for you, {left} still waiting: " in team_once.words(message)
    for request in requests[2:]:
        await team_once.approve(team_once.carol, request.ref)
    await team_once.send_all()
    for reader, where in ((team_once.bob, None), (team_once.ada, team_once.reviews)):
        (message,) = seen(reader, where)
        assert team_once.words(message).endswith(": none is waiting any more.")
    assert "This request is approved." in team_once.last(team_once.alice)


async def test_what_is_decided_before_it_is_sent_is_told_to_nobody(team_once: Team) -> None:
    team_once.bot.in_force.policy = team_once.bot.policy.model_copy(update=FIVE)
    requests = [await team_once.store(external_id=f"gone-{n}") for n in range(6)]
    for request in requests:
        await team_once.alice.command(f"/mp-requests withdraw {request.ref}")
    await told(team_once)
    assert seen(team_once.bob) == seen(team_once.ada, team_once.reviews) == []


async def test_who_withdraws_is_not_heard_where_there_is_no_card(team_once: Team) -> None:
    first, *_ = await arrive(team_once, 6)
    await team_once.alice.command(f"/mp-requests withdraw {first.ref}")
    await team_once.send_all()
    (message,) = team_once.bob.sees()
    assert "5 still waiting" in team_once.words(message)


async def test_the_oldest_is_named_where_it_has_waited_long(team_once: Team) -> None:
    team_once.bot.in_force.policy = team_once.bot.policy.model_copy(update=FIVE)
    before = (team_once.clock() - timedelta(days=2)).isoformat()
    for n in range(6):
        await team_once.store(external_id=f"old-{n}", created_at=before)
    await told(team_once)
    (message,) = seen(team_once.bob)
    assert "6 Production. The oldest has waited 2 days." in team_once.words(message)


async def test_who_is_no_reviewer_any_more_is_told_of_nothing(team_once: Team) -> None:
    await arrive(team_once, 6)
    reviewers = (team_once.carol.id,)
    left = team_once.bot.policy.model_copy(update={"reviewers": reviewers})
    team_once.bot.in_force.policy = left
    await team_once.bot.jobs.follow_roles()
    await team_once.send_all()
    (message,) = seen(team_once.bob)
    assert team_once.words(message) == "6 new requests for you: none is waiting any more."


async def test_why_says_in_which_message_somebody_was_told(team_once: Team) -> None:
    first, *_ = await arrive(team_once, 6)
    said = team_once.said(await team_once.bob.command(f"/mp-requests why {first.ref}"))
    assert "Bob Reyes (reviewer) · in one message with others, " in said


@pytest.mark.parametrize("decided", [1, 6])
async def test_one_whose_answer_was_lost_is_found_and_brought_up_to_date(
    team_once: Team, decided: int
) -> None:
    team_once.workspace.faults.add("chat.postMessage", "drop_after", times=3)
    team_once.bot.in_force.policy = team_once.bot.policy.model_copy(update=FIVE)
    requests = [await team_once.store(external_id=f"lost-{n}") for n in range(6)]
    team_once.clock.move(seconds=HOLD.total_seconds())
    await team_once.bot.dispatcher.run_once()
    for request in requests[:decided]:
        await team_once.approve(team_once.carol, request.ref)
    for _ in range(3):
        team_once.clock.move(minutes=1)
        await team_once.send_all()
    for reader, where in ((team_once.bob, None), (team_once.ada, team_once.reviews)):
        (message,) = seen(reader, where)
        left = "5 still waiting" if decided == 1 else "none is waiting any more"
        assert left in team_once.words(message)


async def test_what_comes_while_it_is_sent_is_in_it_afterwards(team_once: Team) -> None:
    team_once.workspace.faults.add("chat.postMessage", "delay", seconds=0.3, times=4)
    sending = asyncio.create_task(arrive(team_once, 6))
    await team_once.workspace.until(lambda: not team_once.workspace.faults.planned())
    await team_once.store(external_id="one more")
    await sending
    await team_once.send_all()
    (message,) = seen(team_once.bob)
    assert team_once.words(message).startswith("7 new requests for you: ")
