"""Hand to…: who gets what, what they see of it, and what is not possible."""

from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from store.domain.request import Request
from tests.harness_slack import Team
from tests.stories.test_two_parties import by_two_parties, has_card

MENU = "request.menu"


async def hand(team: Team, person: Person, request: Request, to: Person) -> Answer:
    """Choose it in the menu of their card, name somebody and send the form."""
    value = f"hand {request.id}:{request.round}"
    opened = await person.click(team.card(person, request), MENU, value=value)
    assert opened.view is not None
    answer = await person.submit(opened.view, {"person": to.id})
    await team.send_all()
    return answer


async def test_an_admin_hands_it_to_somebody_who_then_decides(team: Team) -> None:
    request = await team.submit()
    shown = team.card(team.ada, request, team.reviews)
    value = f"hand {request.id}:{request.round}"
    form = (await team.ada.click(shown, MENU, value=value)).view
    assert form is not None
    told = (await team.ada.submit(form, {"person": team.mallory.id})).view
    assert told is not None
    assert "🤝 @Mallory Gray has MP-1 to decide, and is told now." in team.words(told)
    await team.send_all()

    card, bobs = team.card(team.mallory, request), team.card(team.bob, request)
    for copy in (card, bobs, team.card(team.alice, request)):
        assert "🤝 Ada Cruz handed it to Mallory Gray" in team.words(copy)
    listed = team.said(await team.mallory.command("/mp-requests approvals"))
    assert "MP-1" in listed
    assert "handed to you by Ada Cruz" in listed
    why = team.said(await team.bob.command("/mp-requests why MP-1"))
    assert "Mallory Gray" in why
    assert "🤝 Ada Cruz handed it to Mallory Gray" in why

    await team.mallory.click(card, "request.approve")
    await team.send_all()
    assert "This request is approved. Mallory Gray" in team.words(bobs)
    details = (await team.bob.click(bobs, "request.details")).view
    assert details is not None
    assert "🤝 Ada Cruz handed it to Mallory Gray" in team.words(details), "for ever"


async def test_a_reviewer_hands_it_by_a_command_to_another_of_the_stage(team: Team) -> None:
    request = await team.submit()
    said = team.said(await team.bob.command("/mp-requests hand MP-1 to @carol"))
    assert said == "🤝 Carol Tan has MP-1 to decide, and is told now."
    await team.send_all()
    assert "🤝 Bob Reyes handed you Release Bills Pay 3.2.4 · MP-1" in team.last(team.carol)
    team.clock.move(days=3)
    await team.bot.jobs.digest()
    await team.send_all()
    assert "handed to you by Bob Reyes" in team.last(team.carol)
    assert request.is_open


async def test_what_is_not_possible_is_said_and_changes_nothing(team_once: Team) -> None:
    team = team_once
    by_two_parties(team)
    request = await team.submit()
    bob = team.bob
    wrong = await hand(team, bob, request, team.mallory)
    assert wrong.errors
    assert "none of the reviewers" in wrong.errors["person"]
    for typed, sentence in {
        "MP-1 to @alice": "Alice Santos submitted MP-1, so somebody else decides it.",
        "MP-1 @carol": "Carol Tan is none of the reviewers of MP-1 at this stage. Name one of "
        "them, or ask Ada Cruz to hand it over.",
        "MP-1": "To whom? Type @ after the number and pick the person:",
        "MP-1 to carol": "To whom?",
        "MP-7 to @carol": "There is no request MP-7 that you can open.",
    }.items():
        said = team.said(await bob.command(f"/mp-requests hand {typed}"))
        assert said.startswith(sentence), said
    assert not has_card(team, team.mallory, request)
    refused = team.said(await team.mallory.command("/mp-requests hand MP-1 to @mallory"))
    assert refused.startswith("There is no request MP-1")


async def test_who_was_handed_a_stage_decides_no_other(team_once: Team) -> None:
    team = team_once
    by_two_parties(team)
    request = await team.submit()
    await team.ada.command("/mp-requests hand MP-1 to @mallory")
    await team.send_all()
    card = team.card(team.mallory, request)
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()
    assert "[ Approve ]" not in team.words(card)
    said = team.said(await team.mallory.command("/mp-requests approve MP-1"))
    assert said.startswith("MP-1 has passed your stage already.")
