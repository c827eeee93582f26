"""A card speaks of other requests as they were when it was drawn, and catches up in quiet times."""

from store.domain.request import Request
from tests.harness_slack import Team

EDIT = "chat.update"


async def two_for_one_target(team: Team) -> Request:
    """MP-1 and MP-2, both for Bills Pay in Production, their cards sent. The second one."""
    await team.bot.jobs.redraw_neighbours()
    await team.submit(external_id="one", version="3.2.4")
    return await team.submit(external_id="two", version="3.2.5")


async def approve_first(team: Team) -> None:
    """Bob types it, and what is owed for it is sent."""
    team.clock.move(minutes=1)
    await team.approve(team.bob, "MP-1")
    await team.send_all()


def edits(team: Team) -> int:
    """How often the bot has edited a message."""
    return sum(call.method == EDIT for call in team.workspace.calls)


async def test_a_decision_edits_its_own_copies_and_no_others(team: Team) -> None:
    second = await two_for_one_target(team)
    shown = team.card(team.bob, second)
    assert "is open: MP-1" in team.words(shown)
    assert "(as of " in team.words(shown)

    await approve_first(team)
    assert edits(team) == 4
    assert "is open: MP-1" in team.words(shown)


async def test_in_quiet_times_the_cards_beside_it_catch_up(team: Team) -> None:
    second = await two_for_one_target(team)
    await approve_first(team)
    team.clock.move(minutes=2)
    assert await team.bot.jobs.redraw_neighbours() == 4
    await team.send_all()
    assert edits(team) == 8
    assert not [shown for shown in team.copies(second) if "is open" in shown]


async def test_opened_details_bring_the_card_up_to_date(team: Team) -> None:
    second = await two_for_one_target(team)
    await approve_first(team)
    shown = team.card(team.carol, second)
    await team.carol.click(shown, "request.menu", value="Details")
    await team.send_all()
    assert "is open" not in team.words(shown)
    assert "is open: MP-1" in team.words(team.card(team.bob, second))
    assert edits(team) == 4, "by the response URL of the click"
