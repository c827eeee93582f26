"""A reviewer is away: who stands in, what they see, what is on record, and coming back.

The stories begin on Friday, 20 November 2026, at 10:14 in Manila. Ada, an admin, stands in.
"""

from datetime import UTC, datetime

from store.domain.request import Category
from tests.harness_slack import Team

FOR_BOB = "🌴 For Bob Reyes, away until 24 Nov"


async def settle(team: Team) -> None:
    """The ticks that follow who is away, and what they owe sent."""
    for _ in range(3):
        await team.bot.jobs.stand_in()
    await team.send_all()


async def test_open_and_new_requests_go_to_who_stands_in_and_come_back(team: Team) -> None:
    waiting = await team.submit()

    answer = await team.bob.command("/mp-requests away until 24 Nov to @ada")
    assert team.said(answer).startswith("🌴 You are away until 24 Nov, that day included. Ada Cruz")
    await settle(team)
    assert "Bob Reyes is away until 24 Nov, and you stand in." in team.words(
        next(m for m in team.ada.sees() if "you stand in" in m.plain())
    )
    assert FOR_BOB in team.words(team.card(team.ada, waiting))
    ours = "waiting for Carol Tan or Bob Reyes (away until 24 Nov, Ada Cruz stands in)"
    assert ours in team.words(team.card(team.alice, waiting))

    later = await team.submit(category=Category.LAUNCH)
    assert FOR_BOB in team.words(team.card(team.ada, later))
    assert not [m for m in team.bob.sees() if later.ref in m.plain()]

    team.clock.set(datetime(2026, 11, 24, 16, tzinfo=UTC))  # the 25th in Manila
    await settle(team)
    assert "waiting for Bob Reyes or Carol Tan" in team.words(team.card(team.bob, later))
    assert FOR_BOB not in team.words(team.card(team.ada, later))


async def test_both_names_are_on_record_when_who_stands_in_decides(team: Team) -> None:
    request = await team.submit()
    await team.bob.command("/mp-requests away until 24 Nov to @ada")
    await settle(team)

    await team.ada.click(team.card(team.ada, request), "request.approve")
    await team.send_all()
    for card in team.copies(request):
        assert "This request is approved. Ada Cruz for Bob Reyes" in card
    why = team.said(await team.alice.command(f"/mp-requests why {request.ref}"))
    assert "approved by Ada Cruz for Bob Reyes" in why
    assert "approved by Ada Cruz for Bob Reyes" in team.said(
        await team.bob.command(f"/mp-requests approve {request.ref}")
    )


async def test_who_is_away_may_still_decide_and_is_not_reminded(team_once: Team) -> None:
    request = await team_once.submit()
    await team_once.bob.command("/mp-requests away")
    await settle(team_once)
    assert "Bob Reyes (away)" in team_once.words(team_once.card(team_once.alice, request))

    team_once.clock.set(datetime(2026, 11, 24, 3, tzinfo=UTC))
    assert await team_once.bot.jobs.digest() == 1, "Carol alone"
    card = team_once.card(team_once.bob, request)
    why = await team_once.bob.command(f"/mp-requests why {request.ref}")
    assert "You can: the card and the details have the buttons." in team_once.said(why)
    await team_once.bob.click(card, "request.approve")
    await team_once.send_all()
    assert "approved. Bob Reyes," in team_once.words(card)


async def test_reminders_and_the_digest_go_to_who_stands_in(team_once: Team) -> None:
    request = await team_once.submit()
    await team_once.bob.command("/mp-requests away until 30 Nov to @ada")
    await settle(team_once)
    team_once.clock.set(datetime(2026, 11, 24, 3, tzinfo=UTC))
    assert await team_once.bot.jobs.digest() == 2
    await team_once.send_all()
    said = team_once.last(team_once.ada)
    assert request.title in said
    assert "for Bob Reyes" in said
    approvals = team_once.said(await team_once.ada.command("/mp-requests approvals"))
    assert request.ref in approvals
    await team_once.bob.command("/mp-requests back")
    await settle(team_once)
    assert request.ref not in team_once.said(await team_once.ada.command("/mp-requests approvals"))


async def test_an_admin_says_it_for_others_and_nobody_else_does(team_once: Team) -> None:
    bob, ada = team_once.bob, team_once.ada
    for_bob = "/mp-requests away @bob until 24 Nov to"
    no = team_once.said(await team_once.carol.command(f"{for_bob} @ada"))
    assert no == "Only an admin can say that of somebody else. Nothing was changed."
    yes = team_once.said(await ada.command(f"{for_bob} @carol"))
    assert yes.startswith("🌴 Bob Reyes is away until 24 Nov, that day included. Carol Tan stands")
    await team_once.send_all()
    assert "Ada Cruz set you as away until 24 Nov." in team_once.last(bob)
    assert "you stand in" in team_once.last(team_once.carol)
    back = team_once.said(await bob.command("/mp-requests back"))
    assert back.startswith("You are back.")
    assert team_once.said(await bob.command("/mp-requests back")).startswith("You are not away")


async def test_what_is_not_possible_is_said_and_changes_nothing(team_once: Team) -> None:
    bob = team_once.bob
    for typed, sentence in {
        "until 24 Nov to @mallory": "@Mallory Gray is no reviewer, and only reviewers and",
        "until 24 Nov to @bob": "Nobody stands in for themselves",
        "until 2026-11-19": "That day is over",
        "from 30 Nov until 24 Nov": "The last day is before the first.",
        "until whenever": "I don't know which day whenever is, so nothing was changed.",
    }.items():
        said = team_once.said(await bob.command(f"/mp-requests away {typed}"))
        assert said.startswith(sentence), said
    assert team_once.said(await bob.command("/mp-requests back")).startswith("You are not away")


async def test_home_has_a_form_for_it_and_shows_it(team_once: Team) -> None:
    bob, ada = team_once.bob, team_once.ada
    await bob.open_home()
    await team_once.send_all()
    assert bob.home is not None
    form = (await bob.click(bob.home, "list.menu", value="I'm away…")).view
    assert form is not None
    wrong = await bob.submit(form, {"last_day": "2026-11-24", "delegate": bob.id})
    assert wrong.errors
    done = await bob.submit(form, {"last_day": "2026-11-24", "delegate": ada.id})
    assert done.view is not None
    assert "You are away until 24 Nov" in team_once.words(done.view)
    await team_once.send_all()
    assert "🌴 You are away until 24 Nov. Ada Cruz stands in." in team_once.words(bob.home)
    await bob.click(bob.home, "absence.back")
    await team_once.send_all()
    assert "🌴" not in team_once.words(bob.home)


async def test_an_absence_that_lies_ahead_begins_by_itself(team_once: Team) -> None:
    request = await team_once.submit()
    ada = team_once.ada
    await team_once.bob.command("/mp-requests away from 25 Nov until 26 Nov to @ada")
    await settle(team_once)
    assert not [m for m in ada.sees() if request.ref in m.plain()]
    team_once.clock.move(days=5)
    await settle(team_once)
    assert "For Bob Reyes" in team_once.words(team_once.card(ada, request))
