"""Cards, votes and what people see of them."""

from tests.team import Team


async def test_each_reviewer_gets_one_card_and_the_channel_one(team: Team) -> None:
    request = await team.submit()

    for reader, where in ((team.bob, None), (team.carol, None), (team.ada, team.reviews)):
        cards = [m for m in reader.sees(where) if request.ref in m.plain()]
        assert len(cards) == 1
        assert "[ Approve ]" in team.words(cards[0])
    assert team.mallory.sees() == []


async def test_an_approval_shows_on_every_copy_and_reaches_the_submitter(team: Team) -> None:
    request = await team.submit()

    answer = await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.settle()

    assert answer.acked
    for reader, where in ((team.bob, None), (team.carol, None), (team.ada, team.reviews)):
        shown = team.words(team.card(reader, request, where))
        assert "This request is approved." in shown
        assert "Bob Reyes" in shown
        assert "[ Approve ]" not in shown
    assert "Release Preparation" in team.words(team.card(team.alice, request))
