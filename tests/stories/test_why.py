"""`/mp-requests why`: nobody has to guess whom a request waits for."""

from bot.sandbox.actions.people import Person
from tests.harness_slack import Team


async def why(team: Team, person: Person) -> str:
    """What they are told about MP-1."""
    return team.said(await person.command("/mp-requests why MP-1"))


async def test_the_submitter_learns_who_decides_and_who_was_told_when(team: Team) -> None:
    await team.submit()

    said = await why(team, team.alice)

    assert "Who may decide\nBob Reyes, Carol Tan, " in said
    assert "You submitted MP-1, so somebody else decides it." in said
    assert f"#{team.reviews.id} · Nov 20, 2026 at 2:14 AM" in said
    assert "Bob Reyes (reviewer) · Nov 20, 2026 at 2:14 AM" in said
    assert "Alice Santos (submitter) · Nov 20, 2026 at 2:14 AM" in said
    assert "Reviewers are reminded from" in said


async def test_a_reviewer_learns_that_they_can(team_once: Team) -> None:
    await team_once.submit()

    assert "You can: the card and the details have the buttons." in await why(
        team_once, team_once.bob
    )


async def test_what_is_on_its_way_is_said_to_be(team_once: Team) -> None:
    await team_once.store()

    assert "Bob Reyes (reviewer) · on its way" in await why(team_once, team_once.alice)


async def test_after_the_decision_it_says_what_to_do(team_once: Team) -> None:
    request = await team_once.submit()
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")

    said = await why(team_once, team_once.alice)

    assert "Nobody any more: it was approved by Bob Reyes." in said
    assert "Approved, but not live yet" in said


async def test_who_may_not_see_it_learns_nothing(team_once: Team) -> None:
    await team_once.submit()

    said = await why(team_once, team_once.mallory)
    assert "There is no request MP-1 that you can open." in said
    assert "Bob" not in said


async def test_a_number_is_needed(team_once: Team) -> None:
    answer = await team_once.alice.command("/mp-requests why")
    assert "Which request? Write its number: /mp-requests why MP-12" in team_once.said(answer)
