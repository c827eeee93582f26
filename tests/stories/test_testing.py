"""I'm on it: who says so, what the others see, and what is left to them."""

from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from store.domain.request import Category, Request
from tests.harness_slack import Team
from tests.stories.test_queue import started

MENU = "request.menu"


async def choose(team: Team, person: Person, entry: str, request: Request) -> Answer:
    """Choose an entry in the menu of their card, and let what is owed be sent."""
    card = team.card(person, request)
    answer = await person.click(card, MENU, value=f"{entry} {request.id}:{request.round}")
    await team.send_all()
    return answer


async def test_the_others_see_who_is_on_it_and_may_still_decide(team: Team) -> None:
    request = await team.submit()
    carols = team.card(team.carol, request)
    assert "is testing" not in team.words(carols)

    value = f"test {request.id}:{request.round}"
    for person in (team.bob, team.carol):  # nobody's card shows it yet
        await person.click(team.card(person, request), MENU, value=value)
    await team.send_all()
    for card in team.copies(request):
        assert "👀 Bob Reyes is testing since" in card
    said = team.last(team.carol)
    assert said.startswith("Bob Reyes is testing MP-1 since"), said
    assert said.endswith("You may decide it all the same.")
    await team.carol.click(carols, "request.approve")
    await team.send_all()
    assert "approved. Carol Tan" in team.words(carols)
    assert "is testing" not in team.words(carols)


async def test_it_is_in_details_timeline_why_and_lists(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    await choose(team, team.bob, "test", request)
    details = (
        await team.carol.click(team.card(team.carol, request), "request.menu", value="Details")
    ).view
    assert details is not None
    assert team.words(details).count("👀 Bob Reyes is testing since") == 2, "heading and timeline"
    why = team.said(await team.carol.command(f"/mp-requests why {request.ref}"))
    assert "Bob Reyes is testing since" in why
    assert "others may decide it all the same" in why
    assert "Bob Reyes is testing" in team.said(await team.carol.command("/mp-requests approvals"))
    team.clock.move(days=3)
    await team.bot.jobs.digest()
    await team.send_all()
    assert "Bob Reyes is testing" in team.last(team.carol)


async def test_who_is_on_it_lets_go_or_it_lapses(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    await choose(team, team.bob, "test", request)
    await choose(team, team.bob, "let_go", request)
    assert "is testing" not in team.words(team.card(team.carol, request))

    await choose(team, team.carol, "test", request)
    assert "Carol Tan is testing" in team.words(team.card(team.bob, request))
    team.clock.move(hours=7, minutes=59)
    assert await team.bot.jobs.end_testing() == 0
    team.clock.move(minutes=1)
    assert await team.bot.jobs.end_testing() == 1
    await team.send_all()
    assert "is testing" not in team.words(team.card(team.bob, request))


async def test_in_the_queue_it_comes_last_but_for_who_is_on_it(team_once: Team) -> None:
    team = team_once
    older = await team.submit(title="Release Older")
    team.clock.move(minutes=1)
    await team.submit(category=Category.LAUNCH, title="Launch Newer")
    await choose(team, team.bob, "test", older)
    shown = await started(team.carol)
    assert "1 of 2\nLaunch Newer" in team.words(shown)
    await team.carol.click(shown, "queue.skip")
    assert "2 of 2\nRelease Older" in team.words(shown)
    assert "1 of 2\nRelease Older" in team.words(await started(team.bob))
