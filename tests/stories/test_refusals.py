"""Every "no" has its own calm sentence, only for who asked, and leaves a card that is right."""

import asyncio

from sqlalchemy import text

from bot.sandbox.actions.people import Person
from bot.sandbox.state.views import View
from store.domain.policy import Policy
from store.domain.request import Request
from tests.harness_slack import Team


async def details(person: Person, request: Request) -> View:
    """The details, opened by command."""
    answer = await person.command(f"/mp-requests show {request.ref}")
    assert answer.view is not None
    return answer.view


async def approved_by_bob(team: Team) -> Request:
    """A request bob has approved, every copy up to date."""
    request = await team.submit()
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()
    return request


async def test_of_two_who_decide_at_once_one_is_told_kindly_that_it_is_done(team: Team) -> None:
    request = await team.submit()
    cards = {person: team.card(person, request) for person in (team.bob, team.carol)}

    await asyncio.gather(*(person.click(cards[person], "request.approve") for person in cards))
    await team.send_all()

    winner = "Bob Reyes" if "approved. Bob" in team.words(cards[team.bob]) else "Carol Tan"
    loser = team.carol if winner == "Bob Reyes" else team.bob
    assert all(f"approved. {winner}" in shown for shown in team.copies(request))
    told = loser.sees()[-1]
    assert told.ephemeral_to == loser.id
    assert team.words(told).startswith(f"MP-1 was approved by {winner}, ")
    assert team.words(told).endswith("Nothing is left to do.")
    assert len(team.alice.sees()) == 2


async def test_pressing_twice_decides_once(team_once: Team) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.bob, request)

    await asyncio.gather(*(team_once.bob.click(card, "request.approve") for _ in range(2)))
    await team_once.send_all()

    assert team_once.last(team_once.bob).startswith("MP-1 was approved by you, ")
    assert len(team_once.alice.sees()) == 2


async def test_who_may_not_decide_hears_it_alone_in_the_channel(team_once: Team) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.mallory, request, team_once.reviews)

    for button in ("request.approve", "request.reject"):
        answer = await team_once.mallory.click(card, button)
        await team_once.send_all()
        assert answer.acked
        assert answer.view is None
        assert team_once.last(team_once.mallory, team_once.reviews) == (
            "Only Bob Reyes, Carol Tan or Ada Cruz can decide MP-1."
        )
    assert len(team_once.carol.sees(team_once.reviews)) == 1
    assert all("Under Review" in shown for shown in team_once.copies(request))


async def test_so_it_is_in_the_channel_of_a_rule(team_once: Team) -> None:
    team = team_once
    team.bot.in_force.policy = Policy.parse(f"""
        [workspace]
        admins = ["{team.ada.id}"]
        reviewers = ["{team.bob.id}"]
        [[rules]]
        name = "All"
        channel = "{team.reviews.id}"
    """)
    card = team.card(team.mallory, await team.submit(), team.reviews)
    why = "Only its submitter, its reviewers and admins can open MP-1."
    await team.mallory.click(card, "request.menu", value="Details")
    await team.send_all()
    assert why in team.last(team.mallory, team.reviews)
    found = await team.mallory.message_shortcut("request.find", card)
    assert why in team.words(found.view)


async def test_who_may_not_see_the_details_is_told_so(team_once: Team) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.mallory, request, team_once.reviews)

    answer = await team_once.mallory.click(card, "request.menu", value="Details")
    await team_once.send_all()

    assert answer.view is None
    assert team_once.last(team_once.mallory, team_once.reviews) == (
        "Only its submitter, its reviewers and admins can open MP-1. Ask Bob Reyes or Carol Tan."
    )
    shown = await team_once.mallory.command("/mp-requests show MP-1")
    assert "no request MP-1 that you can open" in team_once.said(shown)


async def test_nobody_decides_their_own_request(team_once: Team) -> None:
    request = await team_once.submit(by=team_once.bob)
    card = team_once.card(team_once.bob, request, team_once.reviews)

    await team_once.bob.click(card, "request.approve")
    await team_once.send_all()

    sentence = "You submitted MP-1, so somebody else decides it."
    assert team_once.last(team_once.bob, team_once.reviews) == sentence
    command = await team_once.bob.command("/mp-requests reject MP-1 not for me")
    assert team_once.said(command) == sentence
    assert "Under Review" in team_once.words(card)


async def test_an_old_screen_gets_the_answer_and_the_card_of_today(team_once: Team) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.carol, request)
    old = card.as_shown()
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    await team_once.send_all()

    for button in ("request.approve", "request.reject"):
        await team_once.carol.click(old, button)
        await team_once.send_all()
        assert team_once.last(team_once.carol).startswith("MP-1 was approved by Bob Reyes, ")
    assert "approved. Bob Reyes" in team_once.words(card)


async def test_a_card_that_slack_would_not_change_is_redrawn_on_the_next_click(
    team_once: Team,
) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.carol, request)
    team_once.workspace.faults.add(
        "chat.update", "status", status=200, error="cant_update_message", times=4
    )
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    await team_once.send_all()
    assert "[ Approve ]" in team_once.words(card)

    await team_once.carol.click(card, "request.approve")
    await team_once.send_all()

    assert "approved. Bob Reyes" in team_once.words(card)
    assert "Nothing is left to do." in team_once.last(team_once.carol)


async def test_a_request_that_changed_is_looked_at_once_more(team_once: Team) -> None:
    request = await team_once.submit()
    async with team_once.bot.db.transaction() as session:
        await (await session.connection()).execute(text("UPDATE request SET round = round + 1"))
    card = team_once.card(team_once.bob, request)

    await team_once.bob.click(card, "request.approve")
    await team_once.send_all()
    assert "has changed since" in team_once.last(team_once.bob)

    await team_once.bob.click(card, "request.approve")
    await team_once.send_all()
    assert "approved. Bob Reyes" in team_once.words(card)


async def test_in_the_details_the_answer_takes_their_place(team_once: Team) -> None:
    request = await team_once.submit()
    shown = await details(team_once.carol, request)
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    await team_once.send_all()

    await team_once.carol.click(shown, "request.approve")

    assert "MP-1 was approved by Bob Reyes, " in team_once.words(shown)
    assert "[ Approve ]" not in team_once.words(shown)


async def test_a_reject_form_that_comes_too_late_says_so(team: Team) -> None:
    request = await team.submit()
    opened = await team.carol.click(team.card(team.carol, request), "request.reject")
    assert opened.view is not None
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()

    answer = await team.carol.submit(opened.view, {"reason": "No contact is named."})

    assert answer.view is not None
    assert "MP-1 was approved by Bob Reyes, " in team.words(answer.view)
    assert answer.view.payload.get("submit") is None
    assert all("approved. Bob Reyes" in shown for shown in team.copies(request))


async def test_what_one_did_oneself_is_said_so(team_once: Team) -> None:
    await approved_by_bob(team_once)

    said = team_once.said(await team_once.bob.command("/mp-requests reject MP-1 too late"))

    assert said.startswith("MP-1 was approved by you, ")


async def test_only_the_submitter_withdraws_and_not_after_the_end(team_once: Team) -> None:
    request = await team_once.submit()
    sentence = "Only Alice Santos, who submitted MP-1, can withdraw it."
    assert team_once.said(await team_once.ada.command("/mp-requests withdraw MP-1")) == sentence

    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    late = team_once.said(await team_once.alice.command("/mp-requests withdraw MP-1"))

    assert late.startswith("MP-1 was approved by Bob Reyes, ")


async def test_an_unknown_request_and_somebody_elses_sound_alike(team_once: Team) -> None:
    await team_once.submit()

    for act in ("show", "approve", "reject", "withdraw"):
        there = team_once.said(await team_once.mallory.command(f"/mp-requests {act} MP-1"))
        nowhere = team_once.said(await team_once.mallory.command(f"/mp-requests {act} MP-999"))
        assert there.replace("MP-1 ", "MP-999 ") == nowhere
        assert "/mp-requests mine lists yours." in there


async def test_a_form_without_a_right_to_it_decides_nothing(team_once: Team) -> None:
    """bob leaves the reviewers while his reject form is open."""
    request = await team_once.submit()
    card = team_once.card(team_once.bob, request)
    form = (await team_once.bob.click(card, "request.reject")).view
    assert form is not None
    (group,) = team_once.workspace.usergroups.values()
    team_once.workspace.change_usergroup(group, members=[team_once.carol])
    await team_once.bot.jobs.refresh()

    answer = await team_once.bob.submit(form, {"reason": "No contact is named."})
    await team_once.send_all()

    assert answer.view is not None
    assert "can decide MP-1" in team_once.words(answer.view)
    assert "Under Review" in team_once.words(card)
